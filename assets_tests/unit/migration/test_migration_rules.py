"""The rules of migrations, decided from plain values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.collection import Generation, VectorIndex
from mixpeek_orchestration.core.comparison import Answered, compared, overlap, percentile, side_of
from mixpeek_orchestration.core.errors import Conflict, InvalidInput
from mixpeek_orchestration.core.feature_uri import FeatureUri, parse_feature_uri
from mixpeek_orchestration.core.generation_gap import gap
from mixpeek_orchestration.core.migration import (
    Migration,
    Remaining,
    check_may_switch,
    paired_back,
    paired_features,
    pointed_at,
    unpaired,
)
from mixpeek_orchestration.core.plan import Plan
from mixpeek_orchestration.core.report import TierReport, Usage
from mixpeek_orchestration.core.spending.prices import Prices

WHOLE = Remaining(0, 0, 0, 10)


def generation(version: str, *features: str, number: int = 1, **changes: Any) -> Generation:
    vectors = tuple(VectorIndex(feature, f"col_{feature}", 4) for feature in features)
    return Generation(
        generation_id=f"g{number}",
        collection_id="col",
        number=number,
        table=f"g{number}",
        extractor_name="eyes",
        extractor_version=version,
        parameters={},
        vectors=vectors,
        **changes,
    )


def migration(**changes: Any) -> Migration:
    return replace(Migration("mig", "ns", "col", "g1", "g2", "eyes@v1", "eyes@v2"), **changes)


def uri(version: str, feature: str) -> str:
    return f"mixpeek://eyes@{version}/{feature}"


@pytest.mark.parametrize(
    ("stage", "active", "state"),
    [
        ("filling", "g1", "filling"),
        ("ready", "g1", "ready"),
        ("filling", "g2", "switched"),
        ("ready", "g2", "switched"),
        ("dropped", "g2", "dropped"),
        ("abandoned", "g1", "abandoned"),
    ],
)
def test_the_state_follows_from_the_pointer(stage: Any, active: str, state: str) -> None:
    """Whether a migration is switched is known by the collection's pointer alone."""
    assert migration(stage=stage).state(active) == state


def test_features_pair_by_name_then_by_being_the_only_one() -> None:
    """A feature goes to the one of its name; of one vector each they pair whatever their names; others do not."""
    new = FeatureUri("eyes", "v2", "")
    old = generation("v1", "face", "scene")
    vectors = generation("v2", "scene", "depth").vectors
    assert paired_features(old, vectors, {}, new_uri=new) == {
        uri("1.0.0", "scene"): "scene",
        uri("1.0.0", "col_scene"): "scene",
    }
    alone = paired_features(generation("v1", "face"), generation("v2", "look").vectors, {}, new_uri=new)
    assert set(alone.values()) == {"look"}


def test_what_is_asked_for_wins_and_must_exist() -> None:
    """An index map pairs what names do not; a URI that a side does not have is refused by name."""
    old, new = generation("v1", "face", "scene"), FeatureUri("eyes", "v2", "")
    vectors = generation("v2", "look", "scene").vectors
    paired = paired_features(old, vectors, {uri("v1", "face"): uri("v2", "look")}, new_uri=new)
    assert paired[uri("1.0.0", "face")] == "look"
    for wrong in ({uri("v1", "none"): uri("v2", "look")}, {uri("v1", "face"): uri("v2", "none")}):
        with pytest.raises(InvalidInput, match="has no feature"):
            paired_features(old, vectors, wrong, new_uri=new)


def test_uris_of_earlier_generations_are_passed_on() -> None:
    """What the old generation answers for others, the new one answers too; and the old one learns the new URIs."""
    old = generation("v2", "face", number=2, index_map={uri("1.0.0", "face"): "face"})
    bare = generation("v3", "look", number=3)
    paired = paired_features(old, bare.vectors, {}, new_uri=FeatureUri("eyes", "v3", ""))
    new = replace(bare, index_map=paired)
    for one in (uri("v1", "face"), uri("2", "face"), uri("v3", "look")):
        assert new.vector_for(parse_feature_uri(one)) == new.vectors[0]
    back = replace(old, index_map=paired_back(old, new))
    for one in (uri("v1", "face"), uri("v2", "face"), uri("3.0.0", "look")):
        assert back.vector_for(parse_feature_uri(one)) == back.vectors[0]


def test_parameters_may_rename_a_feature() -> None:
    """Of one version a URI may name a feature that only other parameters make; then the map holds, and own names first."""
    renamed = generation("v1", "look", number=2, index_map={uri("1.0.0", "face"): "look"})
    assert renamed.vector_for(parse_feature_uri(uri("v1", "face"))) == renamed.vectors[0]
    assert renamed.vector_for(parse_feature_uri(uri("v1", "look"))) == renamed.vectors[0]
    assert renamed.vector_for(parse_feature_uri(uri("v1", "none"))) is None


def test_a_feature_in_use_that_nothing_takes_over_is_found() -> None:
    """Only URIs that the old generation answers count, in whichever spelling."""
    old = generation("v1", "face", "scene")
    paired = {uri("1.0.0", "scene"): "scene"}
    used = [uri("v1", "face"), uri("1", "scene"), "mixpeek://other@v1/face"]
    assert unpaired(used, old, paired) == [uri("v1", "face")]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ({"migration": migration(stage="dropped")}, "is dropped"),
        ({"remaining": Remaining(2, 1, 0, 10)}, "lacks 2 items and has 1 too many"),
        ({"remaining": Remaining(0, 0, 3, 10)}, "3 items failed"),
        ({"endpoint": "the endpoint is deploying."}, "the endpoint is deploying"),
    ],
)
def test_a_switch_says_what_is_in_its_way(case: dict[str, Any], words: str) -> None:
    """Each obstacle alone stops a switch, and is named."""
    whole = {"migration": migration(), "remaining": WHOLE, "endpoint": None} | case
    with pytest.raises(Conflict, match=words):
        check_may_switch(
            whole["migration"],
            active="g1",
            remaining=whole["remaining"],
            endpoint=whole["endpoint"],
            allow_failures=False,
        )


def test_a_switch_that_is_done_may_be_asked_for_again() -> None:
    """Once the pointer has moved there is nothing to check; failures can be allowed."""
    some = Remaining(2, 0, 3, 10)
    check_may_switch(migration(), active="g2", remaining=some, endpoint="away", allow_failures=False)
    failed = Remaining(0, 0, 3, 10)
    check_may_switch(migration(), active="g1", remaining=failed, endpoint=None, allow_failures=True)


def test_an_index_map_points_at_one_generation() -> None:
    """By the version in its values; no map means the old one; parameters alone cannot be told apart by a URI."""
    old, new = generation("v1", "face"), generation("v2", "face", number=2)
    assert pointed_at({uri("v1", "face"): uri("v2", "face")}, old, new) is new
    assert pointed_at({uri("v1", "face"): uri("1.0.0", "face")}, old, new) is old
    assert pointed_at({}, old, new) is old
    with pytest.raises(InvalidInput, match="holds no vectors"):
        pointed_at({uri("v1", "face"): uri("v9", "face")}, old, new)
    same = replace(new, extractor_version="v1")
    with pytest.raises(Conflict, match="does not say which"):
        pointed_at({uri("v1", "face"): uri("v1", "face")}, old, same)


def plan(**items: tuple[str, str]) -> Plan:
    rows = [
        {"item": i, "root_object": i, "action": action, "reason": reason}
        for i, (action, reason) in items.items()
    ]
    return Plan(pl.DataFrame(rows, schema=planning.PLAN_SCHEMA), "code")


def test_work_that_waits_in_both_is_no_gap() -> None:
    """An item that just arrived lacks in neither more than in the other; one that only the new generation has to do is a
    gap, also when the answering one would do it again for its changed code."""
    new, stale = (planning.EXTRACT, planning.NEW), (planning.EXTRACT, planning.CODE_CHANGED)
    fine, failed = (planning.UNCHANGED, planning.UNCHANGED), (planning.FAILED, planning.KNOWN_FAILURE)
    gone = (planning.DELETE, planning.ORPHANED)
    answering = plan(arrived=new, missing=fine, stale=stale, bad=failed, worse=fine, gone=gone, lost=fine)
    other = plan(arrived=new, missing=new, stale=new, bad=failed, worse=failed, gone=gone, lost=gone)
    assert gap(answering, other, documents=7) == Remaining(2, 1, 1, 7)


def test_overlap_and_percentiles_by_hand() -> None:
    """Jaccard of the sources; nearest rank; nothing of nothing."""
    assert overlap(["a", "b", "c"], ["b", "c", "d"]) == 0.5
    assert overlap([], []) == 1.0
    assert [percentile([1.0, 2.0, 3.0, 4.0], part) for part in (0.5, 0.95, 0.0)] == [2.0, 4.0, 1.0]
    assert percentile([], 0.5) is None


def test_a_comparison_counts_whole_pairs_only() -> None:
    """A query that one side could not answer is an error of that side and in no mean; cost is per item that was run."""
    report = TierReport("col", written=3, failed=1, usage=Usage(wall_s=2.0, cpu_s=1.0), generation_id="g2")
    other = TierReport("col", written=9, usage=Usage(wall_s=90.0), generation_id="g1")
    prices = Prices(cpu_hour=3.6)
    left = [Answered(("a", "b"), 5.0), Answered(("a",), 7.0)]
    right = [Answered(("a", "c"), 1.0), Answered(error="NotReady")]
    sides = (
        side_of("g1", "eyes@v1", left, [], prices),
        side_of("g2", "eyes@v2", right, [report, other], prices),
    )
    found = compared(10, list(zip(left, right, strict=True)), sides)
    assert (found.queries, found.overlap, found.same_first) == (2, pytest.approx(1 / 3), 1.0)
    assert (sides[0].items, sides[0].seconds_per_item) == (0, None)
    assert (sides[1].items, sides[1].seconds_per_item, sides[1].errors) == (4, 0.5, 1)
    assert sides[1].usd_per_item == pytest.approx(0.001 * 1.0 / 4)  # 1 CPU second of 4 items
    assert (sides[0].p50_ms, sides[0].p95_ms) == (5.0, 7.0)
