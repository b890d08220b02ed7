"""Two syncs of one bucket: equal bytes are one object, whichever of them brought it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assets_tests.unit.syncs.conftest import Followed
from mixpeek_orchestration.core.syncs.sync import Sync
from mixpeek_orchestration.warehouse.specs import BucketSpec


@pytest.fixture
def pair(followed: Followed) -> tuple[Sync, Sync]:
    """Two syncs, of `one/` and `two/`, in whose files `same.md` is equal; the first one has run."""
    followed.collection()
    for place in ("one", "two"):
        followed.write(f"{place}/same.md", "equal bytes")
        followed.write(f"{place}/{place}.md", place)
    first, second = (followed.follow(str(followed.folder / place)) for place in ("one", "two"))
    followed.run(first)
    followed.run(second)
    return first, second


def settle(followed: Followed, *syncs: Sync) -> None:
    """Run what has a reason to, until nothing has."""
    while due := [sync for sync in syncs if followed.warehouse.syncs.reason_to_run(followed.state(sync))]:
        for sync in due:
            followed.run(sync)


def test_the_same_file_in_two_places_is_one_object(followed: Followed, pair: tuple[Sync, Sync]) -> None:
    """The second sync counts it as a duplicate; neither has a reason to run again."""
    first, second = pair
    assert sorted(followed.objects) == ["one.md", "same.md", "two.md"]
    assert len(followed.warehouse.objects.ids(followed.bucket)) == 3
    assert [followed.files(one)["same.md"].status for one in pair] == ["synced", "duplicate"]
    settle(followed, first, second)
    assert followed.state(first).state.runs == 1


def test_the_last_file_of_a_content_takes_over(followed: Followed, pair: tuple[Sync, Sync]) -> None:
    """When the file that brought the object goes or changes, the other sync is woken, and brings it under its own
    name; also where the wake-up was lost."""
    first, second = pair
    (followed.folder / "one/same.md").unlink()
    followed.run(first)
    assert followed.state(second).state.next_run_at == 0.0
    settle(followed, first, second)
    assert followed.files(second)["same.md"].status == "synced"
    assert sorted(followed.objects) == ["one.md", "same.md", "two.md"]

    followed.write("one/same.md", "equal bytes")
    settle(followed, first)
    assert followed.files(first)["same.md"].status == "duplicate"
    followed.write("two/same.md", "other bytes")
    settle(followed, second)
    assert "last of its content" in str(followed.warehouse.syncs.reason_to_run(followed.state(first)))
    settle(followed, first)
    assert len(followed.warehouse.objects.ids(followed.bucket)) == 4


def test_syncs_that_met_in_one_content_both_keep_their_object(
    followed: Followed, pair: tuple[Sync, Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs at once may each store the same bytes: reading everything again takes neither away."""
    first, second = pair
    followed.write("three/same.md", "equal bytes")
    third = followed.follow(str(followed.folder / "three"))
    with monkeypatch.context() as unaware:
        unaware.setattr(followed.warehouse.catalog.syncs, "holders", lambda *_, **__: set())
        followed.run(third)
    for sync in (first, third):
        followed.warehouse.syncs.request(followed.state(sync), full=True)
        followed.run(sync)
    assert [followed.files(one)["same.md"].status for one in (first, third)] == ["synced", "synced"]
    assert followed.files(second)["same.md"].status == "duplicate"


@pytest.mark.usefixtures("pair")
def test_a_sync_that_wants_duplicates_gets_them(followed: Followed) -> None:
    """`skip_duplicates` off stores every file, whatever others hold."""
    followed.write("three/same.md", "equal bytes")
    third = followed.follow(str(followed.folder / "three"), skip_duplicates=False)
    followed.run(third)
    assert followed.files(third)["same.md"].status == "synced"


@pytest.mark.usefixtures("pair")
def test_another_bucket_is_another_matter(followed: Followed) -> None:
    """Contents are compared within a bucket."""
    spec = BucketSpec(bucket_name="elsewhere", bucket_schema={"properties": {"body": {"type": "text"}}})
    bucket = followed.warehouse.buckets.create(followed.bucket.namespace_id, spec)
    other = replace(followed, bucket=bucket)
    sync = other.follow(str(followed.folder / "one"))
    other.run(sync)
    assert sorted(other.objects) == ["one.md", "same.md"]


def test_what_was_erased_does_not_come_back_through_a_copy(
    followed: Followed, pair: tuple[Sync, Sync]
) -> None:
    """The duplicate of an erased object stays known and without one, until it changes."""
    first, second = pair
    house = followed.warehouse
    (erased,) = (one for path, one in followed.objects.items() if path == "same.md")
    house.erasures.erase(followed.bucket, erased)
    settle(followed, first, second)
    assert sorted(followed.objects) == ["one.md", "two.md"]
    followed.write("two/same.md", "a new text")
    settle(followed, second)
    assert sorted(followed.objects) == ["one.md", "same.md", "two.md"]
