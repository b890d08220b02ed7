"""What counts as drift and what is done about it, on values alone."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from mixpeek_orchestration.core.drift import Commit, Cure, Mark, Observed, cure, differences
from mixpeek_orchestration.core.losses import contradicted, lost_roots, moved_roots
from mixpeek_orchestration.core.plan import OUTCOME_SCHEMA, PLAN_SCHEMA, STATE_SCHEMA


def _commits(*told: str, first: int = 1) -> tuple[Commit, ...]:
    """`Update!` is a commit of ours, `Update` a stranger's."""
    return tuple(
        Commit(version, f"id{version}", name.rstrip("!"), is_ours=name.endswith("!"))
        for version, name in enumerate(told, start=first)
    )


def _seen(*told: str, rows: int = 10, first: int = 1) -> Observed:
    commits = _commits(*told, first=first)
    return Observed(version=commits[-1].version, rows=rows, commits=commits)


MARK = Mark("gen", "col", "table", version=2, rows=10, commit_id="id2")
OURS = ("Overwrite!", "Update!")


def _kinds(mark: Mark | None, seen: Observed) -> list[str]:
    return [difference.kind for difference in differences(mark, seen)]


@pytest.mark.parametrize(
    ("mark", "seen", "kinds", "healed"),
    [
        (MARK, _seen(*OURS), [], Cure("none")),
        (None, Observed(), [], Cure("none")),
        (replace(MARK, version=0, rows=0), Observed(), [], Cure("none")),
        (replace(MARK, version=0, rows=0, commit_id=""), _seen(*OURS), [], Cure("none")),
        (None, _seen(*OURS), [], Cure("none")),
        (MARK, Observed(), ["table_gone"], Cure("refill")),
        (MARK, _seen("Overwrite!"), ["history_replaced"], Cure("accept")),
        (
            replace(MARK, commit_id="other"),
            _seen(*OURS),
            ["history_replaced"],
            Cure("accept"),
        ),
        (MARK, _seen(*OURS, "Update!", rows=12), [], Cure("none")),
        (MARK, _seen(*OURS, "Rewrite", "CreateIndex", "BaseOperation", "Forgotten"), [], Cure("none")),
        (MARK, _seen(*OURS, "Merge", "Update!"), [], Cure("none")),
        (MARK, _seen(*OURS, "Merge"), ["foreign_commit"], Cure("restore", 2)),
        (MARK, _seen(*OURS, "Delete", rows=9), ["foreign_commit", "rows_differ"], Cure("restore", 2)),
        (MARK, _seen(*OURS, "Delete", "Update!", rows=9), ["foreign_commit"], Cure("restore", 2)),
        (MARK, _seen(*OURS, rows=9), ["rows_differ"], Cure("drop")),
        (None, _seen("Append", "Update!"), ["foreign_commit"], Cure("drop")),
        (MARK, _seen("Delete", first=5), ["foreign_commit"], Cure("drop")),
        (MARK, replace(_seen(*OURS), broken=(0, 3)), ["file_gone"], Cure("prune")),
        (MARK, replace(_seen(*OURS), indexes={"v": "IVF_SQ"}), ["index_differs"], Cure("accept")),
        (replace(MARK, indexes={"v": "IVF_SQ"}), _seen(*OURS), ["index_differs"], Cure("accept")),
    ],
)
def test_what_differs_and_what_heals_it(
    mark: Mark | None, seen: Observed, kinds: list[str], healed: Cure
) -> None:
    """Stamps, harmless operations, counts, ids and files decide; the cure is the least after which all rows are ours."""
    assert (_kinds(mark, seen), cure(mark, seen)) == (kinds, healed)


def _state(*items: str, code_fp: str = "c") -> pl.DataFrame:
    rows = [(item, f"root_{item}", "s", "i", "p", code_fp) for item in items]
    return pl.DataFrame(rows, schema=STATE_SCHEMA, orient="row")


def test_what_moved_between_two_states_is_told_by_its_roots() -> None:
    """Items that came, went or have other fingerprints; rows of strangers without a root are nobody's."""
    before = pl.concat([_state("same", "gone"), _state("changed", code_fp="old")])
    after = pl.concat(
        [_state("same", "new", "changed"), _state("x").with_columns(root_object=pl.lit(None, pl.String))]
    )
    assert moved_roots(before, after) == {"root_gone", "root_new", "root_changed"}


def test_only_what_was_lost_is_planned_again() -> None:
    """Unknown items are, and moved ones that are due; what is stale anyway, or settled, is not."""
    rows = [
        ("a", "root_a", "extract", "new"),
        ("b", "root_b", "extract", "code_changed"),
        ("c", "root_c", "extract", "input_changed"),
        ("d", "root_d", "unchanged", "unchanged"),
    ]
    plan = pl.DataFrame(rows, schema=PLAN_SCHEMA, orient="row")
    assert lost_roots(plan, {"root_c", "root_d"}) == {"root_a", "root_c"}


def test_outcomes_that_the_table_contradicts() -> None:
    """An empty item with documents, and a partial one with none or with those of a whole run; failed ones may have both."""
    told = [
        ("empty", "empty"),
        ("empty again", "empty"),
        ("partial", "partial"),
        ("partial whole", "partial"),
        ("partial gone", "partial"),
        ("failed", "failed"),
        ("failed gone", "failed"),
    ]
    outcomes = pl.DataFrame(
        [{"item": item, "outcome": outcome} for item, outcome in told], schema=OUTCOME_SCHEMA
    )
    state = pl.concat([_state("empty again", "partial whole", "failed"), _state("partial", code_fp="")])
    assert contradicted(state, outcomes) == ["empty again", "partial gone", "partial whole"]
