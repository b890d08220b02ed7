"""Waves: what a change in one tier does to those below it, before anything has run."""

from __future__ import annotations

from dataclasses import dataclass, field

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.ledger import Ledger
from mixpeek_orchestration.warehouse.runs.planning import Planned

_READ_ALL_FROM = 5_000


@dataclass(frozen=True)
class FromAbove:
    """What the tiers above do to one, beyond its own plan: items that may change, and items that go. `is_guess` where
    nobody knows yet how many documents a tier above makes of an item."""

    may_change: int
    leaving: int
    is_guess: bool


@dataclass
class _Wave:
    """What a tier would write anew: its items that may change, those that go, and how many new ones are expected."""

    planned: Planned
    items: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    new: float = 0.0
    is_guess: bool = False


class Waves:
    """Follows plans down the tiers. They have to come in the order of the tiers."""

    def __init__(self, ledger: Ledger, documents: DocumentStore) -> None:
        self._ledger = ledger
        self._documents = documents
        self._waves: dict[str, _Wave] = {}

    def reach(self, planned: Planned) -> FromAbove:
        """What the tiers that came before do to this one."""
        collection, plan = planned.collection, planned.plan
        above = [self._waves[cid] for cid in collection.source.ids if cid in self._waves]
        fanouts = [(wave.new, self._documents_an_item(wave)) for wave in above if wave.new]
        expected = sum(new * (fanout or 1.0) for new, fanout in fanouts)
        is_guess = any(fanout is None for _, fanout in fanouts) or any(wave.is_guess for wave in above)
        may = {one for wave in above for one in self._documents_of(wave.planned, wave.items)}
        leaving = {one for wave in above for one in self._documents_of(wave.planned, wave.gone)}
        gone = leaving | set(plan.items(planning.DELETE))
        extracted = set(plan.items(planning.EXTRACT))
        self._waves[collection.collection_id] = _Wave(
            planned,
            items=extracted | set(plan.items(planning.PATCH)) | may,
            gone=gone,
            new=plan.count_reason(planning.NEW) + expected,
            is_guess=is_guess,
        )
        return FromAbove(len(may - extracted - gone) + round(expected), len(leaving), is_guess)

    def _documents_of(self, planned: Planned, items: set[str]) -> set[str]:
        """The ids of the documents that stand for these source items now."""
        table, columns = planned.generation.table, [document.DOCUMENT_ID, document.SOURCE_ITEM]
        if not items or not self._documents.version(table):
            return set()
        if len(items) < _READ_ALL_FROM:
            rows = self._documents.by_ids(table, document.SOURCE_ITEM, sorted(items), columns=columns)
            return set(rows.column(document.DOCUMENT_ID).to_pylist())
        rows = self._documents.read(table, columns=columns)
        pairs = zip(*(rows.column(name).to_pylist() for name in columns), strict=True)
        return {document_id for document_id, item in pairs if item in items}

    def _documents_an_item(self, wave: _Wave) -> float | None:
        """How many documents a written item had in earlier runs; `None` where there were none."""
        reports = self._ledger.history(wave.planned.collection.collection_id)
        written = sum(report.written for report in reports)
        return sum(report.rows_written for report in reports) / written if written else None
