"""What the upkeep of a table should do next, and why. Decides from numbers alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.document import DOCUMENT_ID, ROOT_OBJECT, SOURCE_ITEM
from mixpeek_orchestration.core.ports.upkeep import IndexFacts, IndexKind, TableFacts

LINEAGE_KEYS: Final = (DOCUMENT_ID, SOURCE_ITEM, ROOT_OBJECT)
"""The columns by which rows are looked up. Merges never use an index on them: see ADR 0231."""

Action = Literal["compact", "build", "extend", "retrain", "drop", "clean"]


@dataclass(frozen=True)
class IndexPolicy:
    """From when an index pays; the numbers were measured (facts in ADR 0231).

    A scan of 10,000 vectors takes what an index search takes. `graph_gain_s` is what a graph saves per search and row,
    `graph_cost_s` what building it costs more per row.
    """

    vector_rows: int = 10_000
    lineage_rows: int = 50_000
    tail_share: float = 0.05
    tail_rows: int = 5_000
    growth: float = 2.0
    parts: int = 4
    small_fragments: int = 10
    deleted_share: float = 0.1
    keep_versions: int = 20
    keep_s: float = 24 * 3600.0
    graph_gain_s: float = 4.2e-8
    graph_cost_s: float = 5.0e-4


@dataclass(frozen=True)
class Step:
    """One thing to do to a table; `index`, `column` and `kind` where it is about an index."""

    action: Action
    why: str
    index: str = ""
    column: str = ""
    kind: IndexKind = "other"

    @property
    def line(self) -> str:
        """The step as people read it."""
        what = f" {self.kind} on {self.column}" if self.column else ""
        return f"{self.action}{what}: {self.why}"


def plan_upkeep(
    facts: TableFacts,
    vectors: Sequence[VectorIndex],
    *,
    policy: IndexPolicy,
    searches_per_day: float = 0.0,
    texts: Sequence[str] = (),
) -> list[Step]:
    """The steps, in their order: files first, so that indexes are built on what stays; versions last."""
    return [
        *_compaction(facts, policy),
        *(step for vector in vectors for step in _vector_steps(facts, vector, policy, searches_per_day)),
        *(step for column in LINEAGE_KEYS for step in _lookup_steps(facts, column, policy)),
        *(step for column in texts for step in _text_steps(facts, column, policy)),
        *_retention(facts, policy),
    ]


def vector_kind(rows: int, policy: IndexPolicy, *, searches_per_day: float = 0.0) -> IndexKind | None:
    """The kind of index that a table of this size should have; `None` when scanning it is as good."""
    if rows < policy.vector_rows:
        return None
    saved_a_day = searches_per_day * rows * policy.graph_gain_s
    return "HNSW_SQ" if saved_a_day >= rows * policy.graph_cost_s else "IVF_SQ"


def fragment_rows(rows: int, size: int, *, most_rows: int, most_bytes: int) -> int:
    """How many rows a fragment of a table should have, so that merging several into one reads no more than `most_bytes`.

    A power of two: a number that moved with every batch would have whole fragments merged again for a few rows.
    """
    fitting = most_bytes * rows // max(1, size)
    return max(1, min(most_rows, 1 << max(0, fitting.bit_length() - 1)))


def index_name(column: str) -> str:
    """What the index of a column is called."""
    return f"{column}_idx"


def _compaction(facts: TableFacts, policy: IndexPolicy) -> Iterator[Step]:
    share = facts.deleted / max(1, facts.rows + facts.deleted)
    if facts.small >= policy.small_fragments:
        yield Step("compact", f"{facts.small} of {facts.fragments} fragments are small")
    elif facts.deleted and share >= policy.deleted_share:
        yield Step("compact", f"{share:.0%} of the rows in its files are deleted")


def _vector_steps(
    facts: TableFacts, vector: VectorIndex, policy: IndexPolicy, searches_per_day: float
) -> Iterator[Step]:
    wanted = vector_kind(facts.rows, policy, searches_per_day=searches_per_day)
    present = facts.index(vector.column)
    if present is None:
        if wanted is not None:
            why = f"{facts.rows:,} rows are more than a scan should read"
            yield Step("build", why, index_name(vector.column), vector.column, wanted)
    elif facts.rows < policy.vector_rows // 2:
        # Half, so that a table around the limit does not lose and win its index in turns.
        yield Step(
            "drop", f"{facts.rows:,} rows are scanned faster", present.name, vector.column, present.kind
        )
    elif wanted == "HNSW_SQ" and present.kind == "IVF_SQ":
        why = f"{searches_per_day:,.0f} searches a day are worth a graph"
        yield Step("build", why, present.name, vector.column, wanted)
    else:
        yield from _kept_up(facts, present, policy)


def _lookup_steps(facts: TableFacts, column: str, policy: IndexPolicy) -> Iterator[Step]:
    present = facts.index(column)
    if present is not None:
        yield from _kept_up(facts, present, policy)
    elif facts.rows >= policy.lineage_rows:
        yield Step("build", f"{facts.rows:,} rows are looked up by it", index_name(column), column, "BTREE")


def _text_steps(facts: TableFacts, column: str, policy: IndexPolicy) -> Iterator[Step]:
    """A full-text index that is made on an empty table never finds anything, so it waits for the first row."""
    present = facts.index(column)
    if present is not None:
        yield from _kept_up(facts, present, policy)
    elif facts.rows:
        yield Step("build", "its text is searched", index_name(column), column, "FTS")


def _kept_up(facts: TableFacts, index: IndexFacts, policy: IndexPolicy) -> Iterator[Step]:
    grown = index.kind in ("IVF_SQ", "HNSW_SQ") and index.tail >= (policy.growth - 1) * max(1, index.rows)
    if grown:
        why = f"its {index.rows:,} rows have become {facts.rows:,}"
        yield Step("retrain", why, index.name, index.column, index.kind)
    elif index.tail >= min(policy.tail_rows, max(1, policy.tail_share * facts.rows)):
        yield Step("extend", f"{index.tail:,} rows are not in it", index.name, index.column, index.kind)
    elif index.parts > policy.parts:
        yield Step("extend", f"it has {index.parts} parts", index.name, index.column, index.kind)


def _retention(facts: TableFacts, policy: IndexPolicy) -> Iterator[Step]:
    if facts.versions > policy.keep_versions:
        yield Step("clean", f"{facts.versions} versions, {policy.keep_versions} are kept")
