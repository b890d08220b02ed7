"""One step over one envelope: conditions, batches across items, and bisection of what fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mixpeek_orchestration.core.errors import InvalidOutput, InvalidPackage
from mixpeek_orchestration.core.extractor import StepDescription
from mixpeek_orchestration.core.failure import ItemError, item_error
from mixpeek_orchestration.core.identity import document_id
from mixpeek_orchestration.core.transience import Patience, is_transient_error
from mixpeek_orchestration.engine.content import CONSTANT, CONTENT, INTERNAL
from mixpeek_orchestration.engine.envelope import (
    Rows,
    failed_items,
    gather,
    row_counts,
    spread,
    with_errors,
    with_reasons,
)
from mixpeek_orchestration.engine.frames import Frames
from mixpeek_orchestration.engine.patience import in_rounds
from mixpeek_orchestration.extractors.columns import concat, from_series, from_vectors

Processor = Callable[[pd.DataFrame], pd.DataFrame]
_Places = np.ndarray[Any, Any]
Matches = Callable[[str, Sequence[str | None]], list[bool]]


@dataclass(frozen=True)
class LiveStep:
    """A step whose processor has been created, with what it must know of the job. Of what comes back, columns named in
    `discarded` are not kept: after the last step nobody reads the content any more."""

    description: StepDescription
    process: Processor
    matches: Matches
    constants: dict[str, str]
    vector_columns: frozenset[str]
    discarded: frozenset[str] = frozenset()
    patience: Patience = field(default_factory=Patience)

    def run(self, envelope: pa.Table) -> pa.Table:
        """The envelope after this step. Rows that it passes over are as they were; a row that fails is an error of
        its item, and the others go on."""
        rows = spread(envelope)
        mime_types = rows.table.column("mime_type").to_pylist()
        chosen = np.array(self.matches(self.description.condition, mime_types), dtype=bool)
        batches = _Batches(self, rows, envelope.column("item").to_pylist(), np.flatnonzero(chosen))
        batches.run()
        after = _merged(rows, chosen, batches.produced)
        result = gather(with_errors(envelope, batches.errors), _renamed(after, rows, envelope, self))
        return with_reasons(result, _emptied(envelope, result, self.description.name))


def _emptied(before: pa.Table, after: pa.Table, step: str) -> dict[int, str]:
    """The reason for every item that had rows, lost none to errors, and now has none."""
    gone = (row_counts(before) > 0) & (row_counts(after) == 0) & ~failed_items(after)
    return {int(place): f"Step {step!r} returned no rows." for place in np.flatnonzero(gone)}


@dataclass
class _Produced:
    """Rows that a processor returned; `source` holds the place of the row that each comes from."""

    table: pa.Table
    source: np.ndarray[Any, np.dtype[np.int64]]


class _Batches:
    """Runs a step over chosen rows, batch by batch. A batch is a range of places among the chosen ones."""

    def __init__(self, step: LiveStep, rows: Rows, items: Sequence[str], chosen: _Places) -> None:
        self.produced: list[_Produced] = []
        self.errors: list[ItemError] = []
        self._step = step
        self._owner, self._items = rows.owner, items
        self._numbers = rows.table.column("_row")
        self._chosen = chosen
        everything = rows.table.drop_columns(list(INTERNAL))
        self._table = everything if len(chosen) == rows.table.num_rows else everything.take(pa.array(chosen))
        self._frames = Frames(self._table, step.constants)
        self._ids: list[str] = self._table.column("document_id").to_pylist()

    def run(self) -> None:
        """All rows have come through or are errors of their items."""
        size, end = max(1, self._step.description.batch_size), len(self._chosen)
        batches = [range(start, min(start + size, end)) for start in range(0, end, size)]
        in_rounds(self._step.patience, batches, self._round)

    def _round(self, batches: Sequence[range], is_last: bool) -> list[range]:
        """Run each batch; what failed transiently is given back, to be tried again when the others are done."""
        return [later for batch in batches for later in self._bisect(batch, is_last=is_last)]

    def _bisect(self, batch: range, *, is_last: bool) -> list[range]:
        """Run these rows together; when that fails, each half by itself, down to the rows that fail alone. Before the
        last round, rows that may succeed later are given back as they are."""
        failure = self._run_together(batch)
        if failure is None:
            return []
        if not is_last and is_transient_error(failure):
            return [batch]
        if len(batch) == 1 or isinstance(failure, _WholeBatch):
            self._fail(batch, failure.error if isinstance(failure, _WholeBatch) else failure)
            return []
        middle = len(batch) // 2
        return [
            *self._bisect(batch[:middle], is_last=is_last),
            *self._bisect(batch[middle:], is_last=is_last),
        ]

    def _run_together(self, batch: range) -> BaseException | None:
        """`None` when the rows came through. The error is returned rather than handled here, so that those of the
        halves are not chained to it."""
        try:
            self.produced.append(self._attempt(batch))
        except InvalidPackage:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - recorded as the error of the row
            return error
        return None

    def _fail(self, batch: range, error: BaseException) -> None:
        self.errors += [
            item_error(
                self._items[self._owner[place]],
                self._step.description.name,
                error,
                row=self._numbers[int(place)].as_py(),
            )
            for place in self._chosen[batch.start : batch.stop]
        ]

    def _attempt(self, batch: range) -> _Produced:
        step = self._step
        result = step.process(self._frames.cut(batch.start, batch.stop))
        source = _sources(result, self._ids[batch.start : batch.stop], step.description.name)
        table = _to_table(result, step, self._table.schema)
        missing = [name for name in CONTENT if name not in result.columns and name not in step.discarded]
        for name in missing:
            table = table.append_column(name, self._table.column(name).take(pa.array(source + batch.start)))
        return _Produced(table, self._chosen[source + batch.start])


class _WholeBatch(Exception):
    """A batch came back in a way that no smaller batch would mend."""

    def __init__(self, error: InvalidOutput) -> None:
        super().__init__(str(error))
        self.error = error


def _sources(result: object, ids: list[str], step: str) -> np.ndarray[Any, Any]:
    """For each returned row the place in the batch of the row that it comes from, told by `document_id`."""
    if not isinstance(result, pd.DataFrame):
        raise InvalidPackage(
            f"Step {step!r} returned {type(result).__name__} instead of a pandas DataFrame.",
            field=step,
            value=type(result).__name__,
            fix="Return the batch, with columns or rows added.",
        )
    if not result.columns.is_unique:
        twice = str(result.columns[result.columns.duplicated()][0])
        raise _WholeBatch(
            InvalidOutput(
                f"Step {step!r} returned the column {twice!r} twice.",
                field=twice,
                value=sorted(map(str, result.columns)),
                fix="Return each column once: assign batch[name] = … instead of joining frames that share columns.",
            )
        )
    if "document_id" not in result.columns:
        raise _WholeBatch(
            InvalidOutput(
                f"Step {step!r} dropped the column document_id, so its rows belong to no document.",
                field="document_id",
                value=sorted(map(str, result.columns)),
                fix="Return the batch with its document_id column; rows made from one row repeat its document_id.",
            )
        )
    places = {identifier: place for place, identifier in enumerate(ids)}
    found = [places.get(identifier, -1) for identifier in result["document_id"].tolist()]
    if -1 in found:
        raise InvalidOutput(
            f"Step {step!r} returned a row whose document_id is not one of its batch.",
            field="document_id",
            value=result["document_id"].tolist()[found.index(-1)],
            fix="Leave document_id as it is; rows made from one row repeat its document_id.",
        )
    return np.array(found, dtype=np.int64)


def _to_table(result: pd.DataFrame, step: LiveStep, before: pa.Schema) -> pa.Table:
    """What the step returned, without constants and what nobody reads any more."""
    columns: dict[str, pa.Array] = {}
    for name in result.columns:
        if name in CONSTANT or name in step.discarded:
            continue
        series = result[name]
        vectors = from_vectors(series) if name in step.vector_columns else None
        known = before.field(name).type if name in before.names else None
        columns[str(name)] = from_series(series, known) if vectors is None else vectors
    return pa.table(columns)


def _merged(
    rows: Rows, chosen: np.ndarray[Any, Any], produced: list[_Produced]
) -> tuple[pa.Table, np.ndarray[Any, Any]]:
    """What the step returned and what it passed over, in the order of the rows that they come from."""
    passed = np.flatnonzero(~chosen)
    tables = [part.table for part in produced]
    sources = [part.source for part in produced]
    if len(passed) or not produced:
        tables.append(rows.table.take(pa.array(passed)).drop_columns(list(INTERNAL)))
        sources.append(passed)
    table, source = concat(tables), np.concatenate(sources)
    if len(source) > 1 and not (np.diff(source) >= 0).all():
        order = np.argsort(source, kind="stable")
        table, source = table.take(pa.array(order)), source[order]
    marks = rows.table.select(list(INTERNAL)).take(pa.array(source))
    touched = chosen[source]
    table = table.append_column("_row", marks.column("_row"))
    table = table.append_column("_touched", pa.array(marks.column("_touched").to_numpy() | touched))
    table = table.append_column("_skipped", pa.array(marks.column("_skipped").to_numpy() | ~touched))
    return table, source


def _renamed(
    after: tuple[pa.Table, np.ndarray[Any, Any]], before: Rows, envelope: pa.Table, step: LiveStep
) -> Rows:
    """The rows with unique document ids again, when the step made more or fewer of them."""
    table, source = after
    owner = before.owner[source]
    if len(source) == before.table.num_rows and (source == np.arange(len(source))).all():
        return Rows(table, owner)
    items = envelope.column("item").to_pylist()
    collection = step.constants["collection_id"]
    ids = [
        document_id(collection, items[place], position)
        for place, position in zip(owner, positions(owner), strict=True)
    ]
    return Rows(
        table.set_column(
            table.schema.get_field_index("document_id"), "document_id", pa.array(ids, pa.string())
        ),
        owner,
    )


def positions(owner: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """For each row its place within its item, from 0. `owner` is ascending."""
    first = np.searchsorted(owner, owner, side="left")
    return np.arange(len(owner)) - first
