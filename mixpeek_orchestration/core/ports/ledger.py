"""The port to what is known of items that left no (or not every) row, and of runs."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.ports.failures import Failure
from mixpeek_orchestration.core.report import TierReport

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class ItemOutcome:
    """Why an item has no rows, or not all of them: `outcome` is `empty`, `failed` or `partial`. One that is `seen` has
    its rows: its source moved in a way that nobody reads (`core.looks`)."""

    item: str
    outcome: str
    reason: str
    root_object: str
    source_fp: str
    input_fp: str
    code_fp: str
    transient: bool = False
    replay: str = ""
    """The batch that is to try the item again whatever was decided before; empty for most."""


class Ledger(Protocol):
    """What happened to items that left no (or not every) row, the failures, the code parts and the history."""

    def settle(
        self,
        generation_id: str,
        *,
        collection_id: str,
        batch_id: str,
        done: Sequence[str],
        outcomes: Sequence[ItemOutcome],
        errors: Sequence[ItemError],
        versions: Mapping[str, str],
        run_id: str = "",
    ) -> None:
        """After a commit, in one transaction: forget outcomes and resolve failures of the items in `done` and of
        those in `outcomes`, then keep the new outcomes and open a failure per error, its attempt one higher than
        the last failure of the same item. What was asked to be replayed is not asked any more."""

    def outcomes(self, generation_id: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        """`item`, `root_object`, `outcome`, `reason`, `source_fp`, `input_fp`, `code_fp`, `transient`,
        `replay`."""

    def forget(self, generation_id: str, items: Sequence[str], *, run_id: str = "") -> None:
        """Drop outcomes and resolve failures of items that are gone."""

    def ask_replay(self, generation_id: str, items: Sequence[str], *, batch_id: str) -> int:
        """Mark the failed and partial ones of these items to be tried again by a batch; how many there were."""

    def failures(self, collection_id: str, *, open_only: bool = True, limit: int = 100) -> list[Failure]:
        """Newest first."""

    def open_failure_count(self, collection_id: str) -> int:
        """Source items with an open failure."""

    def keep_code(self, code_fp: str, parts: Mapping[str, str]) -> None: ...
    def code(self, code_fp: str) -> dict[str, str]:
        """The named parts under a `code_fp`; empty when it was never seen."""

    def keep_reports(self, reports: Mapping[str, TierReport], *, run_id: str, code_fp: str) -> None:
        """Add the reports of a run, by batch id, to the history of their collections."""

    def ran_whole(self, collection_id: str) -> bool:
        """Whether any report is of a run over the whole source, without a batch."""

    def history(self, collection_id: str, *, limit: int = 20) -> list[TierReport]:
        """Newest first; what estimates come from."""
