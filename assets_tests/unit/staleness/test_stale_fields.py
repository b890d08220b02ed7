"""Fields: what an extractor reads makes stale; what is only carried is patched; what is neither is ignored."""

from __future__ import annotations

from typing import Any

import pytest

from assets_tests.unit.staleness.conftest import StalenessLab
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.plan import INPUT_CHANGED, PASS_CHANGED


@pytest.fixture
def tiers(lab: StalenessLab) -> dict[str, Collection]:
    """A collection that renames a carried field and has a default for it; one that reads it, and one that renames it
    once more."""
    lab.put("some text", title="A", rank=1)
    carried = [{"source_path": "title", "target_path": "headline", "default": "none"}]
    top = lab.collection("top", field_passthrough=carried)
    reading = lab.collection("reading", "top", input_mappings={"text": "headline"})
    renaming = lab.collection(
        "renaming", "top", field_passthrough=[{"source_path": "headline", "target_path": "name"}]
    )
    made = {"top": top, "reading": reading, "renaming": renaming}
    assert [lab.run(one).written for one in made.values()] == [1, 1, 1]
    return made


def reasons(lab: StalenessLab, tiers: dict[str, Collection]) -> dict[str, dict[str, int]]:
    """What each tier runs, in one run through all of them."""
    return {name: dict(lab.run(one).reasons) for name, one in tiers.items()}


NOTHING: dict[str, int] = {}


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ({"text": "other text"}, (INPUT_CHANGED, "", INPUT_CHANGED)),
        ({"title": "B"}, (PASS_CHANGED, INPUT_CHANGED, PASS_CHANGED)),
        ({"rank": 2}, ("", "", "")),
        ({"own": "field"}, ("", "", "")),
        ({}, ("", "", "")),
    ],
    ids=["read", "carried", "neither", "undeclared", "nothing"],
)
def test_an_edit_runs_what_reads_the_field(
    lab: StalenessLab, tiers: dict[str, Collection], edited: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """A field that one tier only carries is an input where a later tier reads it."""
    lab.put(**{"text": "some text", "title": "A", "rank": 1, **edited})
    told = reasons(lab, tiers)
    assert list(told.values()) == [{reason: 1} if reason else NOTHING for reason in expected]
    assert reasons(lab, tiers) == dict.fromkeys(tiers, NOTHING)
    assert all(lab.plan(one).plan.looks == () for one in tiers.values())


def test_a_renamed_field_arrives_under_its_last_name(lab: StalenessLab, tiers: dict[str, Collection]) -> None:
    """`title` is `headline` in the first tier and `name` in the next, also after a patch."""
    lab.put("some text", title="B", rank=1)
    reasons(lab, tiers)
    assert [row["headline"] for row in lab.rows(tiers["top"])] == ["B"]
    assert [row["name"] for row in lab.rows(tiers["renaming"])] == ["B"]
    assert "B" in lab.rows(tiers["reading"])[0]["text"]


def test_a_default_is_a_value_like_any_other(lab: StalenessLab, tiers: dict[str, Collection]) -> None:
    """A field that is taken away becomes its default; putting in what the default says changes nothing."""
    lab.put("some text", rank=1)
    assert list(reasons(lab, tiers).values()) == [{PASS_CHANGED: 1}, {INPUT_CHANGED: 1}, {PASS_CHANGED: 1}]
    assert [row["name"] for row in lab.rows(tiers["renaming"])] == ["none"]
    lab.put("some text", title="none", rank=1)
    assert reasons(lab, tiers) == dict.fromkeys(tiers, NOTHING)


@pytest.mark.parametrize(
    ("carried", "column"),
    [
        ([{"source_path": "title", "target_path": "label", "default": "none"}], "label"),
        ([{"source_path": "title", "target_path": "headline", "default": "none"}, {"source_path": "rank"}], "rank"),
    ],
    ids=["another name", "another field"],
)  # fmt: skip
def test_carrying_something_else_is_a_patch(
    lab: StalenessLab, tiers: dict[str, Collection], carried: list[dict[str, Any]], column: str
) -> None:
    """A collection that is told to carry a field under another name, or one more field, extracts nothing."""
    spec = lab.spec("top", field_passthrough=carried)
    top = lab.warehouse.collections.update(tiers["top"], spec, managed_by="api")
    report = lab.run(top)
    assert (report.submitted, report.patched) == (0, 1)
    assert lab.rows(top)[0][column] in ("A", 1)
