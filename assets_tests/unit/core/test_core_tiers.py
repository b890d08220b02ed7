"""The graph of collections: tiers, circles and connected components."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.collection import Collection, ExtractorChoice, Source
from mixpeek_orchestration.core.errors import Cycle
from mixpeek_orchestration.core.tiers import components, downstream_of_bucket, root_buckets, tier_of


def reads(name: str, *sources: str, type: str = "collection", enabled: bool = True) -> Collection:
    choice = ExtractorChoice("text_extractor", "v1")
    return Collection(name, "ns", f"the {name}", Source(type, sources), choice, enabled=enabled)  # type: ignore[arg-type]


def bucket_reader(name: str, *buckets: str) -> Collection:
    return reads(name, *buckets, type="bucket")


DIAMOND = [
    reads("d", "b", "c"),
    reads("c", "a"),
    bucket_reader("a", "bkt1"),
    reads("b", "a"),
    bucket_reader("z", "bkt2"),
]


def test_a_tier_is_one_above_the_highest_it_reads() -> None:
    """Collections of buckets are tier 0, a collection of collections one above the deepest of them, in any order."""
    assert tier_of(DIAMOND) == {"a": 0, "b": 1, "c": 1, "d": 2, "z": 0}
    assert tier_of([reads("e", "d"), *DIAMOND])["e"] == 3


def test_a_source_that_is_not_there_counts_as_tier_zero() -> None:
    """A collection whose source was deleted is still placed, so that one broken resource stops nothing else."""
    assert tier_of([reads("a", "gone")]) == {"a": 0}


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_circle_is_refused_by_name(size: int) -> None:
    """A circle of any size is a conflict that names every collection on it, and no other."""
    circle = [reads(f"c{number}", f"c{(number + 1) % size}") for number in range(size)]
    with pytest.raises(Cycle) as caught:
        tier_of([*circle, *DIAMOND])
    named = str(caught.value.value).split(" → ")
    assert set(named) == {f"the c{number}" for number in range(size)}
    assert named[0] == named[-1]
    assert caught.value.field == "source"


def test_roots_are_found_through_all_tiers() -> None:
    """The buckets below a collection, whatever lies between."""
    by_id = {collection.collection_id: collection for collection in [*DIAMOND, reads("m", "d", "z")]}
    assert root_buckets("d", by_id) == {"bkt1"}
    assert root_buckets("m", by_id) == {"bkt1", "bkt2"}


def test_what_a_batch_runs_is_ordered_by_tier() -> None:
    """All enabled collections below a bucket, sources before readers."""
    assert downstream_of_bucket("bkt1", DIAMOND) == ["a", "b", "c", "d"]
    assert downstream_of_bucket("bkt1", [*DIAMOND, reads("off", "a", enabled=False)]) == ["a", "b", "c", "d"]
    assert downstream_of_bucket("unread", DIAMOND) == []


def test_components_share_partitions() -> None:
    """Buckets that one collection joins are one component; a bucket that nobody reads is its own."""
    found = components(["bkt1", "bkt2", "bkt3"], DIAMOND)
    assert sorted(map(sorted, found)) == [["a", "b", "bkt1", "c", "d"], ["bkt2", "z"], ["bkt3"]]
    joined = components(["bkt1", "bkt2", "bkt3"], [*DIAMOND, reads("join", "d", "z")])
    assert sorted(map(len, joined)) == [1, 8]
