"""What can be said of a collection's present state: three facts that must hold, each with the numbers behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.collection import Collection, Generation, VectorIndex
from mixpeek_orchestration.core.errors import Broken
from mixpeek_orchestration.core.failure import FailureQuery
from mixpeek_orchestration.core.failure_table import MOST, counted, shown
from mixpeek_orchestration.core.plan import Plan
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.failures import FailureCatalog
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.warehouse.upkeep.drift import TableDrift

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE_ROWS: Final = 2_000
SAID: Final = 5
_ACTIONS: Final = (
    planning.EXTRACT,
    planning.PATCH,
    planning.UNCHANGED,
    planning.FAILED,
    planning.FILTERED,
    planning.MISSING,
)
_DONE: Final = (planning.UNCHANGED, planning.PATCH, planning.FAILED)


@dataclass(frozen=True)
class Verdict:
    """Whether a fact holds. `severity` says how bad it is when it does not."""

    holds: bool
    said: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    severity: Literal["WARN", "ERROR"] = "ERROR"


def accounting_balances(plan: Plan, known_items: AnyOf[str], reports: Sequence[TierReport]) -> Verdict:
    """Every item of the source has one place, what counts as done left a trace, and every report adds up.

    `known_items` are those with documents or with a recorded outcome: an item that is neither and still counts as
    done would be a success with nothing to show for it.
    """
    counts = {action: plan.count(action) for action in _ACTIONS}
    waiting = counts[planning.EXTRACT] + counts[planning.PATCH]
    done = {item for action in _DONE for item in plan.items(action)}
    problems = {
        "unaccounted": plan.fetched - sum(counts.values()),
        "done_without_trace": len(done.difference(known_items)),
        "unknown_to_the_plan": len(set(known_items).difference(plan.frame["item"].to_list())),
        "unbalanced_reports": sum(not _balances(report) for report in reports),
    }
    orphans = plan.count(planning.DELETE)
    said = f"{plan.fetched} items: {plan.fetched - waiting} settled, {waiting} waiting; {orphans} orphans."
    return Verdict(
        not any(problems.values()), said, {"fetched": plan.fetched, **counts, "orphans": orphans, **problems}
    )


def nothing_failed(failures: FailureCatalog, which: FailureQuery, *, documents: int) -> Verdict:
    """No item has an open failure, whichever batch it failed in; a collection that has nothing but failures is an
    error, else a warning."""
    count = len(failures.items(which))
    if count == 0:
        return Verdict(True, "No item has an open failure.", {"open_failures": 0, "documents": documents})
    groups = failures.groups(which, by=["step", "error_class"])
    errors = {f"{shown(g.key['step'])}: {shown(g.key['error_class'])}": g.items for g in groups[:MOST]}
    numbers = {"open_failures": count, "documents": documents, "errors": errors}
    said = f"{counted(count)} with an open failure."
    return Verdict(False, said, numbers, "WARN" if documents else "ERROR")


def nothing_drifted(collection: Collection, found: Sequence[TableDrift]) -> Verdict:
    """The tables of a collection are as we left them; an index that differs is a warning, anything else an error."""
    if not found:
        return Verdict(True, "The tables are as Mixpeek left them.", {"differences": 0})
    told = [difference for drifted in found for difference in drifted.differences]
    kinds = dict(Counter(difference.kind for difference in told))
    numbers = {
        "differences": len(told),
        "kinds": kinds,
        "tables": [drifted.table for drifted in found],
        "versions": sorted({difference.version for difference in told}),
        "heal": f"mixpeek drift heal {shown(collection.name)!r}",
    }
    said = " ".join(difference.said for difference in told[:SAID])
    return Verdict(False, said, numbers, "WARN" if set(kinds) == {"index_differs"} else "ERROR")


def vectors_are_valid(documents: DocumentStore, generation: Generation) -> Verdict:
    """Every vector has its dimension by the type of its column, and those sampled are finite and not zero.

    Documents are read in the order of their ids, which are hashes: the first ones are a fair sample.
    """
    types = documents.columns(generation.table)
    if not types:
        return Verdict(True, "There are no documents yet.", {"documents": 0})
    wrong = {v.column: types.get(v.column, "missing") for v in generation.vectors if not _typed(v, types)}
    present = [v.column for v in generation.vectors if v.column in types]
    sample = documents.read(generation.table, columns=present, limit=SAMPLE_ROWS) if present else None
    invalid = {column: _invalid(sample, column) for column in present} if sample is not None else {}
    bad = sum(invalid.values())
    numbers = {
        "documents": documents.count(generation.table),
        "sampled": sample.num_rows if sample is not None else 0,
        "wrong_columns": wrong,
        "invalid_vectors": invalid,
    }
    said = f"{numbers['sampled']} vectors sampled, {bad} invalid, {len(wrong)} columns of the wrong type."
    return Verdict(not wrong and bad == 0, said, numbers)


def _balances(report: TierReport) -> bool:
    try:
        report.check()
    except Broken:
        return False
    return True


def _typed(vector: VectorIndex, types: Mapping[str, str]) -> bool:
    kind = types.get(vector.column, "")
    return kind.startswith("fixed_size_list<") and kind.endswith(f"[{vector.dimension}]")


def _invalid(sample: pa.Table, column: str) -> int:
    """Rows without a vector, or with one that is not finite or has no direction."""
    import numpy as np

    vectors = sample[column].combine_chunks()
    valid = vectors.drop_null()
    missing: int = len(vectors) - len(valid)
    if len(valid) == 0:
        return missing
    values = valid.flatten().to_numpy(zero_copy_only=False).reshape(len(valid), -1)
    finite = np.isfinite(values).all(axis=1)
    directed = np.abs(np.nan_to_num(values)).sum(axis=1) > 0
    return missing + int((~(finite & directed)).sum())
