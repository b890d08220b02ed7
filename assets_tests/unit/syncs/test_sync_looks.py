"""A quiet source costs a look and no run; whatever a run would do something about is noticed."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from assets_tests.unit.syncs.conftest import Followed, Killed
from mixpeek_orchestration.core.bucket import Property
from mixpeek_orchestration.core.errors import NotReady
from mixpeek_orchestration.core.syncs.looks import after_quiet_look, mark_of, reason_without_look
from mixpeek_orchestration.core.syncs.sync import FileFilters, Listed, Reconcile, Sync, SyncRules, SyncState
from mixpeek_orchestration.warehouse.syncs.looks import look
from mixpeek_orchestration.warehouse.syncs.specs import SyncUpdateSpec

TEXT = {"body": Property("text")}
RULES = SyncRules("/place", filters=FileFilters(include_patterns=("*.md",)))
FILES = [Listed("a.md", 1, 10.0), Listed("b.md", 2, 20.0)]


def settled(followed: Followed, **said: object) -> Sync:
    """A sync whose first run has done all there is to do."""
    followed.write("a.md", "alpha")
    followed.collection()
    sync = followed.follow(**said)
    followed.run(sync)
    return followed.state(sync)


def test_a_mark_depends_on_what_matters_and_on_nothing_else() -> None:
    """Files that are wanted and have a place, rules, properties, readers; not the order, not other files."""
    mark = mark_of(FILES, RULES, TEXT, ["c1", "c2"])
    assert mark == mark_of([*reversed(FILES), Listed("c.tmp", 3, 3.0)], RULES, TEXT, ["c2", "c1"])
    others = [
        mark_of([FILES[0]], RULES, TEXT, ["c1", "c2"]),
        mark_of([FILES[0], replace(FILES[1], modified=21.0)], RULES, TEXT, ["c1", "c2"]),
        mark_of(FILES, replace(RULES, batch_size=7), TEXT, ["c1", "c2"]),
        mark_of(FILES, RULES, {**TEXT, "more": Property("image")}, ["c1", "c2"]),
        mark_of(FILES, RULES, TEXT, ["c1"]),
    ]
    assert len({mark, *others}) == 6


def test_files_that_are_not_wanted_matter_where_their_objects_are_kept() -> None:
    """Without filter drift an object outlives the filter, so the end of its file is news."""
    rules = replace(RULES, reconcile=Reconcile(on_filter_drift=False))
    assert mark_of([Listed("c.tmp", 1, 1.0)], rules, TEXT, []) != mark_of([], rules, TEXT, [])


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (SyncState(), "never ran"),
        (SyncState(runs=1), "left something"),
        (SyncState(runs=1, settled="m", requests=1), "asked for"),
        (SyncState(runs=1, settled="m", retry_at=99.0), "tried again"),
        (SyncState(runs=1, settled="m", listing_s=9.0), "9 s"),
    ],
)
def test_some_syncs_need_a_run_whatever_their_source_holds(state: SyncState, told: str) -> None:
    """And say why; a look would be in vain."""
    assert told in str(reason_without_look(state, 100.0))
    assert reason_without_look(SyncState(runs=1, settled="m", retry_at=101.0), 100.0) is None


def test_a_quiet_look_costs_no_run_and_is_written_down(followed: Followed) -> None:
    """The sync is due again after its interval and knows when it was looked at and how many files there were."""
    sync = settled(followed)
    assert followed.warehouse.syncs.reason_to_run(sync) is None
    after = followed.state(sync).state
    assert (after.runs, after.quiet_looks, after.files_seen) == (1, 1, 1)
    assert after.next_run_at >= sync.state.next_run_at
    assert after.last_polled_at is not None
    assert len(followed.warehouse.syncs.jobs(sync)) == 1


def test_every_kind_of_news_asks_for_a_run(followed: Followed) -> None:
    """A new, an edited and a removed file, a new place, other rules, another reader."""
    sync = settled(followed)
    asks = followed.warehouse.syncs.reason_to_run

    def news() -> bool:
        found = asks(followed.state(sync)) is not None
        followed.run(sync)
        assert asks(followed.state(sync)) is None
        return found

    followed.write("b.md", "beta")
    assert news()
    followed.write("b.md", "another text")
    assert news()
    (followed.folder / "b.md").unlink()
    assert news()
    followed.warehouse.syncs.update(followed.state(sync), SyncUpdateSpec(batch_size=7))
    assert news()
    followed.collection("more words")
    assert news()


def test_what_a_run_left_undone_asks_for_a_run(followed: Followed) -> None:
    """More files than one run may take, a run that was killed, a pause in the middle: the next poll is a run."""
    for name in "abc":
        followed.write(f"{name}.md", name)
    followed.collection()
    sync = followed.follow(max_objects_per_run=2)
    followed.run(sync)
    assert followed.warehouse.syncs.reason_to_run(followed.state(sync)) is not None
    followed.run(sync)
    assert followed.warehouse.syncs.reason_to_run(followed.state(sync)) is None
    with pytest.raises(Killed):
        followed.run(sync, killed_at=0)
    assert followed.warehouse.syncs.reason_to_run(followed.state(sync)) is not None


def test_a_file_that_was_away_when_it_was_read_is_not_forgotten(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be back just as it was listed: the run does not count as settled."""
    followed.write("a.md", "alpha")
    followed.collection()
    sync = followed.follow()
    source, real = followed.warehouse.parts.open_source(str(followed.folder)), Path.read_bytes

    def gone(path: Path) -> bytes:
        if path.name == "a.md":
            raise FileNotFoundError
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", gone)
        followed.run(sync)
    assert len(list(source.list())) == 1
    assert followed.warehouse.syncs.reason_to_run(followed.state(sync)) is not None


def test_a_source_that_hangs_or_fails_is_left_to_a_run() -> None:
    """The look comes back in time, without an answer."""
    never = threading.Event()

    class Hanging:
        def list(self) -> Iterable[Listed]:
            never.wait(60)
            return []

        def read(self, path: str) -> bytes:
            raise NotImplementedError

    class Away(Hanging):
        def list(self) -> Iterable[Listed]:
            raise NotReady("The disk is away.")

    assert look(Hanging(), 0.01) is None
    never.set()
    assert look(Away(), 60.0) is None


def test_a_look_gives_way_to_what_happened_meanwhile() -> None:
    """A trigger, an edit or a run since it was seen stays what it is."""
    seen = Sync("s", "n", "b", RULES, SyncState(settled="m", runs=1))
    asked = replace(seen, state=replace(seen.state, requests=1))
    edited = replace(seen, rules=replace(RULES, batch_size=9))
    for now in (asked, edited):
        assert after_quiet_look(now, seen, files=1, took_s=0.1, now=5.0, stamp="t") == now
    after = after_quiet_look(seen, seen, files=1, took_s=0.1, now=5.0, stamp="t")
    assert (after.state.next_run_at, after.state.settled) == (5.0 + RULES.polling_interval_seconds, "m")
