"""The end of a pipeline: rows become documents-to-be, with declared types and checked vectors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.document import POSITION, SOURCE_ITEM
from mixpeek_orchestration.core.errors import InvalidOutput
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.failure import ItemError, item_error
from mixpeek_orchestration.core.ports.extraction import Extracted
from mixpeek_orchestration.engine.content import CONSTANT, CONTENT
from mixpeek_orchestration.engine.declared import conformed, declared_types
from mixpeek_orchestration.engine.envelope import (
    Rows,
    errors_of,
    failed_items,
    gather,
    row_counts,
    spread,
    with_errors,
    with_reasons,
)
from mixpeek_orchestration.engine.stepping import positions
from mixpeek_orchestration.engine.vectors import check_vectors, spellings
from mixpeek_orchestration.extractors.columns import is_pickled

VALIDATE = "validate"
"""The step name under which wrong output is recorded."""

_NO_INPUT = "The source item has no input."


def finish(envelope: pa.Table, description: ExtractorDescription) -> pa.Table:
    """The envelope with its rows as they will be stored: outputs only, declared types, every vector checked.

    Rows that no step worked on are left out; a row that breaks the manifest becomes an error of its item.
    """
    rows = spread(envelope)
    touched = rows.table.column("_touched").to_numpy()
    envelope = with_reasons(envelope, _reasons(envelope, rows))
    rows = rows.keep(touched)
    table, problems = _output(rows.table, description)
    errors = _errors(problems, rows, envelope.column("item").to_pylist())
    good = np.ones(len(rows.owner), dtype=bool)
    good[list(problems)] = False
    return with_errors(gather(envelope, Rows(table, rows.owner).keep(good)), errors)


def extracted(envelope: pa.Table) -> Extracted:
    """The finished envelope as the port hands it over."""
    items = tuple(envelope.column("item").to_pylist())
    rows = spread(envelope)
    table = rows.table.append_column(SOURCE_ITEM, envelope.column("item").take(pa.array(rows.owner)))
    table = table.append_column(POSITION, pa.array(positions(rows.owner), pa.int32()))
    without = (row_counts(envelope) == 0) & ~failed_items(envelope)
    reasons = envelope.column("reason").to_pylist()
    empty = {
        items[place]: reasons[place] or "The extractor returned no rows." for place in np.flatnonzero(without)
    }
    return Extracted(items, table, errors_of(envelope), empty)


def _reasons(envelope: pa.Table, rows: Rows) -> dict[int, str]:
    """Why items have no rows that a step worked on."""
    counts = row_counts(envelope)
    touched = np.bincount(rows.owner[rows.table.column("_touched").to_numpy()], minlength=len(counts))
    mime_types = rows.table.column("mime_type").to_pylist()
    reasons = {int(place): _NO_INPUT for place in np.flatnonzero((counts == 0) & ~failed_items(envelope))}
    for place in np.flatnonzero((counts > 0) & (touched == 0)):
        seen = sorted({mime_types[row] or "unknown" for row in np.flatnonzero(rows.owner == place)})
        reasons[int(place)] = f"No step of the pipeline applies to {', '.join(seen)}."
    return reasons


def _errors(problems: dict[int, InvalidOutput], rows: Rows, items: list[str]) -> list[ItemError]:
    numbers = rows.table.column("_row").to_pylist()
    return [
        item_error(items[rows.owner[row]], VALIDATE, problem, row=numbers[row])
        for row, problem in sorted(problems.items())
    ]


def _output(table: pa.Table, description: ExtractorDescription) -> tuple[pa.Table, dict[int, InvalidOutput]]:
    """The columns that are stored, and the first thing wrong with each row that has something wrong."""
    problems: dict[int, InvalidOutput] = {}
    types = declared_types(description.output_schema)
    sources = {vector.column: _vector_source(table, vector) for vector in description.vectors}
    stored: dict[str, pa.Array] = {}
    for name in _stored_names(table, description):
        if name in sources or name in sources.values():
            continue
        values, wrong = conformed(name, table.column(name).combine_chunks(), types.get(name))
        problems = {**wrong, **problems}
        if not pa.types.is_null(values.type):
            stored[name] = values
    required = ~table.column("_skipped").to_numpy()
    for vector in description.vectors:
        source = sources[vector.column]
        column = None if source is None else table.column(source).combine_chunks()
        values, wrong = check_vectors(column, vector, required=required, columns=list(stored))
        problems = {**wrong, **problems}
        stored[vector.column] = values
    return pa.table(stored), problems


def _vector_source(table: pa.Table, vector: VectorIndex) -> str | None:
    """The column that the pipeline wrote this vector to."""
    return next((name for name in spellings(vector) if name in table.column_names), None)


def discarded_at_end(description: ExtractorDescription) -> frozenset[str]:
    """The inputs that nobody needs after the last step: all that the extractor does not declare as outputs too."""
    inputs = {*CONTENT, *description.input_fields, *description.older_columns} - {"document_id", "mime_type"}
    return frozenset(inputs - set(description.output_fields))


def _stored_names(table: pa.Table, description: ExtractorDescription) -> list[str]:
    """Declared outputs and whatever else the steps added, but no inputs, scratch (`_…`) or unstorable columns."""
    never = {*discarded_at_end(description), *CONSTANT, "document_id"}
    declared = {*description.output_fields, "mime_type"} - never
    return [
        field.name
        for field in table.schema
        if field.name in declared
        or not (field.name in never or field.name.startswith("_") or is_pickled(field.type))
    ]
