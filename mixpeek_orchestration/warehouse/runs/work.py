"""One run over one plan: delete, patch, extract in commit groups, settle. What it shares while it goes."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice

import pyarrow as pa

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.account import Effects, Result
from mixpeek_orchestration.core.commit_group import CommitGroup
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.outcomes import is_transient, reasons_of, results_of
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore, Stamp
from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, Runner, SourceItem
from mixpeek_orchestration.core.ports.ledger import ItemOutcome
from mixpeek_orchestration.core.report import Usage
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.leases import HeldLease
from mixpeek_orchestration.warehouse.runs.items import LoadedItem
from mixpeek_orchestration.warehouse.runs.planning import Planned
from mixpeek_orchestration.warehouse.runs.rows import commit_rows, patched_rows, split_by_item
from mixpeek_orchestration.warehouse.runs.stopping import CalledOff, RunStopped, Stop

_LOAD_CHUNK = 1_000

Progress = Callable[[str], None]


@dataclass
class Tally:
    """What a run has done so far."""

    results: dict[str, Result] = field(default_factory=dict)
    rows_by_item: dict[str, int] = field(default_factory=dict)
    rows_deleted: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    vanished: set[str] = field(default_factory=set)
    table_version: int = 0

    def effects(self, usage: Usage, *, items: Sequence[str], rows_deleted: int) -> Effects:
        """What was done for these items; `vanished` ones were gone when they were to be read."""
        first_error = next((self.errors[item] for item in items if item in self.errors), None)
        return Effects(self.results, self.rows_by_item, rows_deleted, first_error, self.table_version, usage)


class Work:
    """One run over one plan: the steps in their order, and what they share."""

    def __init__(
        self,
        catalog: Catalog,
        documents: DocumentStore,
        planned: Planned,
        lease: HeldLease,
        run_id: str,
        group: CommitGroup,
        progress: Progress,
        *,
        stop: Stop,
        called_off: CalledOff,
    ) -> None:
        self._catalog = catalog
        self._documents = documents
        self._planned = planned
        self._lease = lease
        self._run_id = run_id
        self._progress = progress
        self._stop = stop
        self._called_off = called_off
        self._off: frozenset[str] = frozenset()
        self._wanted: set[str] = set()
        self._table = planned.generation.table
        self._group = group.scaled(documents.count(self._table))
        self._batch_of = {root: batch for batch, roots in planned.roots_by_batch.items() for root in roots}
        self._loaded: dict[str, LoadedItem] = {}
        self.tally = Tally()

    def do(
        self, choose_runner: Callable[[int], Runner], make_job: Callable[[Planned], ExtractionJob]
    ) -> Usage:
        to_extract = self._planned.plan.items(planning.EXTRACT)
        # An image needs a cluster, however few the items are.
        needs_cluster = bool(to_extract and self._planned.description.container_image)
        runner = choose_runner(sys.maxsize if needs_cluster else len(to_extract))
        job = make_job(self._planned)
        if to_extract:
            runner.check(job)
        self._delete()
        self._patch()
        self._remember_looks()
        if not to_extract:
            return Usage(runner=runner.name)
        self._catalog.ledger.keep_code(
            self._planned.description.code_fp, self._planned.description.kept_parts
        )
        with _heap_set_aside():
            self._extract(runner, job, to_extract)
        self._catalog.resources.set_generation_code(
            self._planned.generation.generation_id, self._planned.description.code_fp
        )
        return runner.usage()

    def _delete(self) -> None:
        orphans = self._planned.plan.items(planning.DELETE)
        if orphans:
            self._commit(None, orphans)
            self._catalog.ledger.forget(self._planned.generation.generation_id, orphans, run_id=self._run_id)

    def _patch(self) -> None:
        for items in _chunks(self._planned.plan.items(planning.PATCH), _LOAD_CHUNK):
            loaded = self._planned.reader.load(items)
            self.tally.vanished.update(item for item in items if item not in loaded)
            rows = self._documents.by_ids(self._table, document.SOURCE_ITEM, list(loaded))
            renewed = patched_rows(
                rows,
                loaded,
                extracted=self._extracted,
                carried_types=self._carried_types(loaded.values()),
                moment=now(),
            )
            self._commit(renewed, list(loaded))

    def _remember_looks(self) -> None:
        looks, description = self._planned.plan.looks, self._planned.description
        if looks:
            self._catalog.ledger.settle(
                self._planned.generation.generation_id,
                collection_id=self._planned.collection.collection_id,
                batch_id="",
                done=[],
                outcomes=[ItemOutcome(**asdict(look), code_fp=description.code_fp) for look in looks],
                errors=[],
                versions={},
                run_id=self._run_id,
            )

    def _extract(self, runner: Runner, job: ExtractionJob, items: Sequence[str]) -> None:
        group: list[Extracted] = []
        opened = time.monotonic()
        results = iter(runner.run(job, self._sources(items)))
        try:
            while (extracted := self._next(results)) is not None:
                group.append(extracted)
                done = sum(len(part.items) for part in group)
                rows = sum(part.rows.num_rows for part in group)
                if self._group.is_full(items=done, rows=rows, seconds=time.monotonic() - opened):
                    self._commit_group(group)
                    group, opened = [], time.monotonic()
                    self._progress(
                        f"{self._planned.collection.name}: {len(self.tally.results)} of {len(items)} items"
                    )
        finally:
            close = getattr(results, "close", None)
            if close is not None:
                close()
        if group:
            self._commit_group(group)

    def _next(self, results: Iterator[Extracted]) -> Extracted | None:
        """`None` at the end, and when the run is to stop: what was begun then and is not finished is given up."""
        try:
            with self._stop.listening():
                return None if self._called_off.is_all else next(results, None)
        except RunStopped:
            return None

    def _sources(self, items: Sequence[str]) -> Iterator[SourceItem]:
        """The items as the engine takes them, loaded as they are asked for; those that vanished are left out."""
        for chunk in _chunks(items, _LOAD_CHUNK):
            loaded = self._planned.reader.load(chunk)
            self._loaded.update(loaded)
            self.tally.vanished.update(item for item in chunk if item not in loaded)
            present = (loaded[item] for item in chunk if item in loaded)
            yield from (item.source for item in present if self._is_wanted(item.root_object))

    def _is_wanted(self, root: str) -> bool:
        """Whether a batch that is not called off has the object."""
        off = self._called_off.ids
        if off != self._off:
            parts = self._planned.roots_by_batch.items()
            self._off, self._wanted = off, {r for batch, roots in parts if batch not in off for r in roots}
        return not off or root in self._wanted

    def _commit_group(self, group: Sequence[Extracted]) -> None:
        done = [item for part in group for item in part.items]
        errors = [error for part in group for error in part.errors]
        empty = {item: reason for part in group for item, reason in part.empty.items()}
        rows = pa.concat_tables([part.rows for part in group], promote_options="permissive")
        counts = split_by_item(rows, done)
        results = results_of(counts, errors)
        keeps_old = [item for item, result in results.items() if result == "failed"]
        partial = {item for item, result in results.items() if result == "partial"}
        self._commit(self._rows(rows, partial), [item for item in done if item not in set(keeps_old)])
        self._settle(results, errors, empty)
        self.tally.results.update(results)
        self.tally.rows_by_item.update(counts)
        for error in errors:
            self.tally.errors.setdefault(
                error.item, f"{error.step}: {error.error_class}: {error.message}"[:500]
            )
        for item in done:
            self._loaded.pop(item, None)

    def _commit(self, rows: pa.Table | None, items: Sequence[str]) -> None:
        if not items:
            return
        self._lease.check()
        batch_ids = sorted(self._planned.roots_by_batch)
        stamp = Stamp(",".join(batch_ids[:3]), self._planned.description.code_fp, self._run_id)
        empty = pa.table({document.SOURCE_ITEM: pa.array([], pa.string())})
        result = self._documents.commit(
            self._table, empty if rows is None else rows, items=items, stamp=stamp
        )
        self.tally.table_version = result.version
        self.tally.rows_deleted += result.rows_deleted

    def _rows(self, extracted: pa.Table, partial: set[str]) -> pa.Table:
        return commit_rows(
            extracted,
            self._loaded,
            collection_id=self._planned.collection.collection_id,
            extractor_id=self._planned.collection.extractor.id,
            code_fp=self._planned.description.code_fp,
            batch_of=self._batch_of,
            carried_types=self._carried_types(self._loaded.values()),
            partial=partial,
            moment=now(),
            position_fields=self._planned.description.position_fields,
        )

    def _settle(
        self, results: Mapping[str, Result], errors: Sequence[ItemError], empty: Mapping[str, str]
    ) -> None:
        """Keep what left no (or not every) row, under the batch that asked for it."""
        code_fp = self._planned.description.code_fp
        for batch_id, items in self._by_batch(results).items():
            of_batch = [error for error in errors if error.item in items]
            left = {item: result for item, result in results.items() if item in items and result != "written"}
            reasons = reasons_of(left, of_batch, empty)
            self._catalog.ledger.settle(
                self._planned.generation.generation_id,
                collection_id=self._planned.collection.collection_id,
                batch_id=batch_id,
                done=[item for item in items if results[item] == "written"],
                outcomes=[self._outcome(item, left[item], reasons[item], of_batch, code_fp) for item in left],
                errors=of_batch,
                versions={"extractor": self._planned.collection.extractor.id, "code_fp": code_fp},
                run_id=self._run_id,
            )

    def _by_batch(self, items: Iterable[str]) -> dict[str, set[str]]:
        grouped: dict[str, set[str]] = {}
        for item in items:
            grouped.setdefault(self._batch_of.get(self._loaded[item].root_object, ""), set()).add(item)
        return grouped

    def _outcome(
        self, item: str, result: Result, reason: str, errors: Sequence[ItemError], code_fp: str
    ) -> ItemOutcome:
        loaded = self._loaded[item]
        return ItemOutcome(
            item=item,
            outcome=result,
            reason=reason,
            root_object=loaded.root_object,
            source_fp=loaded.source_fp,
            input_fp=loaded.input_fp,
            code_fp=code_fp,
            transient=is_transient(item, errors),
        )

    def _carried_types(self, loaded: Iterable[LoadedItem]) -> dict[str, str]:
        """The carried columns of these items; where a name clashes, what was extracted wins."""
        names = {name for item in loaded for name in item.carried}
        return self._planned.reader.carried_types(sorted(names - self._extracted))

    @property
    def _extracted(self) -> set[str]:
        description = self._planned.description
        return {*description.output_fields, *(vector.column for vector in description.vectors)}


@contextmanager
def _heap_set_aside() -> Iterator[None]:
    """Within the block the garbage collector passes over what was there before: a process that has loaded Dagster holds
    a million objects, and looking through them again and again took a sixth of a run over many small items."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
