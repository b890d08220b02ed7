"""What changed is published, and Dagster is asked once for a burst of changes, however many see it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets_tests.recorded_posts import recorded_posts
from assets_tests.unit.declarations import publishing_process
from mixpeek_orchestration.bootstrap import prepare_home
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
from mixpeek_orchestration.warehouse.snapshots.files import read_snapshot, write_snapshot
from mixpeek_orchestration.warehouse.snapshots.publishing import LONGEST_BURST_S, QUIET_S, Publisher
from mixpeek_orchestration.warehouse.snapshots.reload import Reload
from mixpeek_orchestration.warehouse.snapshots.reload_once import ReloadOnce
from mixpeek_orchestration.warehouse.snapshots.snapshot import Snapshot

EACH = 8


@dataclass
class Site:
    """A catalog whose revision a test moves, a clock that it turns, and what the publisher did."""

    now: float = 0.0
    revision: int = 1
    outcome: Reload = field(default_factory=lambda: Reload("reloaded"))
    published: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def publish(self) -> Snapshot:
        self.published.append(self.revision)
        return Snapshot(content_hash=f"h{self.revision}")

    def reload(self) -> Reload:
        self.asked.append(self.revision)
        return self.outcome

    def publisher(self) -> Publisher:
        return Publisher(lambda: self.revision, self.publish, self.reload, clock=lambda: self.now)

    def later(self, publisher: Publisher, *, seconds: float, changes: int = 0) -> bool:
        self.now += seconds
        self.revision += changes
        return publisher.step()


def test_the_first_look_publishes_at_once() -> None:
    """After a start nothing is known to be loaded, and there is no burst to wait for."""
    site = Site()
    assert site.publisher().step()
    assert site.asked == [1]


def test_a_burst_is_one_reload() -> None:
    """Changes that follow each other are published when they have been quiet for a while, and never again."""
    site = Site()
    publisher = site.publisher()
    publisher.step()
    for _ in range(5):
        assert site.later(publisher, seconds=QUIET_S / 2, changes=3)
    assert site.asked == [1]
    site.later(publisher, seconds=QUIET_S)
    site.later(publisher, seconds=QUIET_S)
    assert site.asked == [1, 16]


def test_changes_that_do_not_end_are_published_all_the_same() -> None:
    """A burst is cut where it takes too long for people to wait for the assets."""
    site = Site()
    publisher = site.publisher()
    publisher.step()
    looks = int(3 * LONGEST_BURST_S / 0.5)
    for _ in range(looks):
        site.later(publisher, seconds=0.5, changes=1)
    assert 2 <= len(site.asked) - 1 <= 3


def test_a_reload_that_did_not_work_is_asked_again() -> None:
    """Without waiting for another burst, until it works."""
    site = Site()
    publisher = site.publisher()
    publisher.step()
    site.later(publisher, seconds=0, changes=1)
    site.outcome = Reload("away", "down")
    assert not site.later(publisher, seconds=QUIET_S)
    site.outcome = Reload("reloaded")
    assert site.later(publisher, seconds=0)
    assert site.asked == [1, 2, 2]


def test_publishers_share_what_was_loaded(tmp_path: Path) -> None:
    """A second process asks nothing for a snapshot that Dagster was asked to load; a failure is not remembered as done."""
    asked: list[str] = []
    outcomes = [Reload("away", "down"), Reload("reloaded"), Reload("refused", "no"), Reload("reloaded")]

    def ask() -> Reload:
        asked.append(read_snapshot(tmp_path).content_hash)
        return outcomes[len(asked) - 1]

    leases = MemoryCatalog().leases
    one, other = ReloadOnce(leases, tmp_path, ask), ReloadOnce(leases, tmp_path, ask)
    write_snapshot(Snapshot(content_hash="a"), tmp_path)
    assert [one().outcome, other().outcome, one().outcome] == ["away", "reloaded", "reloaded"]
    write_snapshot(Snapshot(content_hash="b"), tmp_path)
    assert one().outcome == "refused"
    write_snapshot(Snapshot(content_hash="a"), tmp_path)
    assert [other().outcome, one().outcome] == ["reloaded", "reloaded"]
    assert asked == ["a", "a", "b", "a"]


def test_two_processes_that_publish_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each creates buckets and publishes while the other does: the last snapshot holds all, after one reload."""
    settings = Settings(home=tmp_path)
    prepare_home(settings)
    with webserver() as (address, asked):
        command = [sys.executable, str(Path(publishing_process.__file__)), str(tmp_path)]
        both = [
            subprocess.Popen([*command, name, str(EACH), address], stderr=subprocess.PIPE, text=True)
            for name in ("one", "two")
        ]
        for process in both:
            said = process.communicate(timeout=200)[1]
            assert process.returncode == 0, said
    names = {bucket.name for bucket in read_snapshot(settings.snapshots).buckets}
    assert names == {f"{name}-{number}" for name in ("one", "two") for number in range(EACH)}
    assert len(asked) == 1


@contextmanager
def webserver() -> Iterator[tuple[str, list[Any]]]:
    """A webserver that reloads whatever it is asked to, and remembers being asked."""
    loaded = {
        "__typename": "WorkspaceLocationEntry",
        "locationOrLoadError": {"__typename": "RepositoryLocation"},
    }
    with recorded_posts({"data": {"reloadRepositoryLocation": loaded}}) as served:
        yield served
