"""What a run of a sync does follows from a listing and what is known, without any store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.core.bucket import Property
from mixpeek_orchestration.core.errors import InvalidInput, NotReady
from mixpeek_orchestration.core.syncs.filters import is_wanted, matches, mime_type_of, property_for
from mixpeek_orchestration.core.syncs.plan import (
    FAILURES_BEFORE_PAUSE,
    SyncPlan,
    after_failure,
    after_interruption,
    after_run,
    chunks,
    decide,
    holders,
    is_due,
    mass_deletion,
    resumed,
)
from mixpeek_orchestration.core.syncs.sync import (
    FileFilters,
    Listed,
    Reconcile,
    Sync,
    SyncFile,
    SyncRules,
    SyncState,
)

RULES = SyncRules("/data")
NOW = 1_000_000.0
STAMP = "2026-01-01T00:00:00+00:00"


def one(path: str, *, size: int = 3, modified: float = 5.0) -> Listed:
    return Listed(path, size, modified)


def seen(path: str, **changes: object) -> SyncFile:
    """A file that was synced as `one` lists it."""
    known = SyncFile(path, one(path).fingerprint, object_id=f"obj_{path}", content_hash=path, batched_fp="fp")
    return replace(known, **changes)


def planned(
    listing: list[Listed], known: list[SyncFile], rules: SyncRules = RULES, *, full: bool = False
) -> SyncPlan:
    by_path = {file.path: file for file in known}
    return decide(listing, by_path, rules, has_place=lambda path: True, now=NOW, full=full)


def paths(plan: SyncPlan) -> list[str]:
    return [file.path for file in plan.ingest]


def test_new_and_changed_files_are_read_and_others_are_not() -> None:
    """A file with the fingerprint that is known is kept; another size, time or tag makes it changed."""
    listing = [one("a"), one("b", size=4), one("c")]
    plan = planned(listing, [seen("a"), seen("b")])
    assert (paths(plan), plan.kept, plan.gone) == (["b", "c"], 1, ())
    assert paths(planned(listing, [seen("a"), seen("b")], full=True)) == ["a", "b", "c"]


def test_files_that_are_gone_lose_their_objects_unless_told_otherwise() -> None:
    """A file without an object is only forgotten; `on_delete` off keeps all of them."""
    known = [seen("a"), seen("b", object_id="", status="dead"), seen("c")]
    plan = planned([one("c")], known)
    assert ([f.path for f in plan.gone], plan.forget) == (["a"], ("b",))
    kept = replace(RULES, reconcile=Reconcile(on_delete=False))
    assert planned([one("c")], known, kept).gone == ()


def test_a_file_that_no_longer_passes_the_filters_goes_too() -> None:
    """Filter drift removes what a new filter leaves out, unless that is switched off."""
    rules = replace(RULES, filters=FileFilters(exclude_patterns=("a",)))
    assert [f.path for f in planned([one("a"), one("b")], [seen("a"), seen("b")], rules).gone] == ["a"]
    lax = replace(rules, reconcile=Reconcile(on_filter_drift=False))
    assert planned([one("a"), one("b")], [seen("a"), seen("b")], lax).gone == ()


def test_changes_can_be_ignored() -> None:
    """With `on_update` off a changed file is left alone, one without an object is not."""
    rules = replace(RULES, reconcile=Reconcile(on_update=False))
    known = [seen("a"), seen("b", object_id="", status="dead")]
    assert paths(planned([one("a", size=9), one("b", size=9)], known, rules)) == ["b"]


def test_failed_files_wait_and_dead_letters_stay_until_they_change() -> None:
    """A failed file is read again after its pause, a dead one only with another fingerprint."""
    failed = seen("a", status="failed", object_id="", not_before=NOW + 1)
    dead = seen("b", status="dead", object_id="")
    assert paths(planned([one("a"), one("b")], [failed, dead])) == []
    assert paths(planned([one("a"), one("b")], [replace(failed, not_before=NOW), dead])) == ["a"]
    assert paths(planned([one("b", size=4)], [dead])) == ["b"]


def test_a_copy_is_read_again_when_its_original_goes_or_changes() -> None:
    """A duplicate needs no object as long as another unchanged file holds its content."""
    copy = seen("b", status="duplicate", object_id="", content_hash="a")
    assert paths(planned([one("a"), one("b")], [seen("a"), copy])) == []
    assert paths(planned([one("b")], [seen("a"), copy])) == ["b"]
    assert paths(planned([one("a", size=9), one("b")], [seen("a"), copy])) == ["a", "b"]
    no_dedupe = replace(RULES, skip_duplicates=False)
    assert paths(planned([one("a"), one("b")], [seen("a"), copy], no_dedupe)) == ["b"]


def test_a_renamed_file_is_not_a_copy_of_the_one_that_is_gone() -> None:
    """Only files that stay as they are hold a content: the new name gets an object before the old one goes."""
    plan = planned([one("new")], [seen("old")])
    assert holders(plan, {"old": seen("old")}) == {}
    assert (paths(plan), [f.path for f in plan.gone]) == (["new"], ["old"])


def test_what_was_only_stored_is_submitted_once_somebody_reads_it() -> None:
    """Objects that went into no batch are submitted without being read again, unless the sync only stores."""
    stored = seen("a", batched_fp="")
    assert [f.path for f in planned([one("a")], [stored]).submit] == ["a"]
    assert planned([one("a")], [stored], replace(RULES, skip_batch_submission=True)).submit == ()


def test_a_run_takes_no_more_than_it_may() -> None:
    """`max_objects_per_run` leaves the rest for the next run and says so."""
    plan = planned([one(name) for name in "abc"], [], replace(RULES, max_objects_per_run=2))
    assert (paths(plan), plan.left_over) == (["a", "b"], 1)


@pytest.mark.parametrize(
    ("total", "left", "refused"),
    [(20, 9, True), (20, 10, False), (100, 80, False), (100, 60, True), (5, 0, True), (3, 1, False)],
)
def test_many_files_that_vanish_at_once_are_not_believed(total: int, left: int, refused: bool) -> None:
    """More than ten files and more than 30% at once, or an empty source, is an accident until somebody says it is not."""
    known = [seen(f"{number:03}") for number in range(total)]
    plan = planned([one(file.path) for file in known[:left]], known)
    assert (mass_deletion(plan, {f.path: f for f in known}, RULES) is not None) == refused


def test_the_guard_is_a_setting() -> None:
    """The limits are the sync's own."""
    known = [seen(str(number)) for number in range(10)]
    plan = planned([one("0")], known)
    strict = replace(RULES, reconcile=Reconcile(max_deletes=0, max_delete_share=0.0))
    assert mass_deletion(plan, {f.path: f for f in known}, RULES) is None
    assert "9 of 10" in (mass_deletion(plan, {f.path: f for f in known}, strict) or "")


def test_a_file_is_tried_three_times_with_growing_pauses() -> None:
    """A transient error makes a dead letter at the third try, a permanent one at once; another content starts afresh."""
    error = NotReady("away")
    tries = [after_failure(one("a"), None, error, now=NOW, stamp=STAMP, job_id="j")]
    for _ in range(2):
        tries.append(after_failure(one("a"), tries[-1], error, now=NOW, stamp=STAMP, job_id="j"))
    assert [file.status for file in tries] == ["failed", "failed", "dead"]
    assert [file.not_before - NOW for file in tries] == [60.0, 120.0, 240.0]
    permanent = after_failure(one("a"), None, InvalidInput("no"), now=NOW, stamp=STAMP, job_id="j")
    assert (permanent.status, permanent.error_code) == ("dead", "invalid_input")
    changed = after_failure(one("a", size=9), tries[-1], error, now=NOW, stamp=STAMP, job_id="j")
    assert (changed.status, changed.attempts) == ("failed", 1)
    kept = after_failure(one("a", size=9), seen("a"), error, now=NOW, stamp=STAMP, job_id="j")
    assert kept.object_id == "obj_a"


@given(st.lists(st.integers(0, 50)), st.integers(1, 7), st.integers(1, 60))
def test_chunks_hold_every_file_once_within_their_limits(sizes: list[int], most: int, weight: int) -> None:
    """In order, none larger than allowed but a chunk of one."""
    files = [one(str(number), size=size) for number, size in enumerate(sizes)]
    made = list(chunks(files, most, max_bytes=weight))
    assert [file for chunk in made for file in chunk] == files
    assert all(len(chunk) <= most for chunk in made)
    assert all(len(chunk) == 1 or sum(f.size for f in chunk) <= weight for chunk in made)


def test_a_sync_is_due_by_time_or_because_somebody_asked() -> None:
    """A paused sync never is; one that has imported everything is due only when asked."""
    sync = Sync("s", "n", "b", RULES, SyncState(next_run_at=NOW))
    assert is_due(sync, NOW)
    assert not is_due(sync, NOW - 1)
    assert is_due(replace(sync, state=replace(sync.state, requests=1)), NOW - 1)
    assert not is_due(replace(sync, state=replace(sync.state, is_complete=True)), NOW)
    assert not is_due(replace(sync, state=replace(sync.state, paused=True, requests=1)), NOW)


def test_what_was_asked_for_during_a_run_is_still_due_after_it() -> None:
    """A run serves the requests that were there when it began, no others."""
    sync = Sync("s", "n", "b", RULES, SyncState(requests=2, allow_deletes=True))
    after = after_run(sync, served=1, now=NOW, stamp=STAMP, error=None, more=False)
    assert (after.is_requested, after.allow_deletes) == (True, True)
    after = after_run(sync, served=2, now=NOW, stamp=STAMP, error=None, more=False)
    assert (after.is_requested, after.allow_deletes, after.next_run_at) == (False, False, NOW + 300)


def test_a_source_that_keeps_failing_is_asked_ever_more_seldom_and_then_not() -> None:
    """Pauses double up to an hour; the fifth failure in a row pauses the sync, and so do runs that keep dying."""
    sync = Sync("s", "n", "b", RULES)
    pauses = []
    for _ in range(FAILURES_BEFORE_PAUSE):
        state = after_run(sync, served=0, now=NOW, stamp=STAMP, error="away", more=False)
        pauses.append(state.next_run_at - NOW)
        sync = replace(sync, state=state)
    assert pauses[:4] == [600, 1200, 2400, 3600]
    assert (sync.state.paused, sync.status) == (True, "SUSPENDED")
    assert resumed(sync.state, allow_deletes=False).consecutive_failures == 0
    dying = SyncState()
    for _ in range(FAILURES_BEFORE_PAUSE):
        dying = after_interruption(dying, stamp=STAMP)
    assert dying.paused


def test_an_import_is_complete_when_nothing_is_left_over() -> None:
    """`initial_only` ends with the run that leaves nothing for the next."""
    sync = Sync("s", "n", "b", replace(RULES, mode="initial_only"))
    first = after_run(sync, served=0, now=NOW, stamp=STAMP, error=None, more=True)
    assert (first.is_complete, first.next_run_at) == (False, NOW)
    assert after_run(sync, served=0, now=NOW, stamp=STAMP, error=None, more=False).is_complete


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("a/b/x.md", "*.md", True),
        ("a/b/x.md", "x.*", True),
        ("a/b/x.md", "b/*", False),
        ("a/b/x.md", "*/b/*", True),
        ("x.md", "**/*.md", True),
        ("a/b/x.md", "**/*.md", True),
        ("a/b/x.md", "a/**/*.md", True),
        ("a/x.md", "a/**/*.md", True),
        ("x.MD", "*.md", False),
    ],
)
def test_globs_without_a_slash_are_about_names(path: str, pattern: str, fits: bool) -> None:
    """With one they are about the path below the source."""
    assert matches(path, pattern) == fits


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (FileFilters(), True),
        (FileFilters(include_patterns=("*.txt",)), False),
        (FileFilters(exclude_patterns=("*.md",)), False),
        (FileFilters(min_size_bytes=4), False),
        (FileFilters(max_size_bytes=2), False),
        (FileFilters(mime_types=("text/*",)), True),
        (FileFilters(mime_types=("image/png",)), False),
        (FileFilters(modified_after="1970-01-01T00:00:05Z"), False),
        (FileFilters(modified_after="1970-01-01T00:00:04"), True),
        (FileFilters(modified_before="1970-01-01T00:00:05Z"), False),
    ],
)
def test_every_filter_counts(filters: FileFilters, wanted: bool) -> None:
    """Names, sizes, MIME types and times; a moment without a zone is UTC."""
    assert is_wanted(one("notes/x.md"), filters) == wanted


def test_hidden_files_are_never_wanted() -> None:
    """Neither a hidden file nor one in a hidden folder, whatever is included."""
    filters = FileFilters(include_patterns=("*",))
    assert not is_wanted(one(".git/config"), filters)
    assert not is_wanted(one("a/.notes.md"), filters)


def test_a_file_goes_to_the_property_of_its_type() -> None:
    """By MIME type, or to the named property when that is of its type; a type without a place has none."""
    properties = {name: Property(name) for name in ("string", "text", "image", "pdf")}
    found = [property_for(properties, path) for path in ("a.md", "b.JSON", "c.png", "d.pdf", "e.mp4", "f")]
    assert found == ["text", "text", "image", "pdf", None, None]
    assert property_for(properties, "a.md", named="image") is None
    assert mime_type_of("x/readme.RST") == "text/x-rst"
