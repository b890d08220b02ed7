"""What differs between what a row was made from and what is there now, field by field and part by part."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain, combinations
from typing import Any

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.admission import admission_of
from mixpeek_orchestration.core.change import (
    DIGEST_LENGTH,
    Change,
    code_changes,
    field_changes,
    input_digests,
    value_digest,
)
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.reach import Fields
from mixpeek_orchestration.warehouse.runs.items import LoadedItem, carried_fp
from mixpeek_orchestration.warehouse.runs.planning import Planned
from mixpeek_orchestration.warehouse.runs.refused_documents import column_of

Row = Mapping[str, Any]
_FEW = 10
"""Of so many columns every combination is tried."""


def changes(row: Row, planned: Planned, code: Mapping[str, str]) -> tuple[Change, ...]:
    """Everything that differs from when the row was made by `code`: what is read first, then what is carried, then the
    code. Of a source that is gone nothing can be told."""
    now = planned.reader.load([row[document.SOURCE_ITEM]]).get(row[document.SOURCE_ITEM])
    of_source = [] if now is None else [*_of_source(row, now, planned)]
    return (*of_source, *_of_code(row, planned.description, code))


def fields_of(collection: Collection, description: ExtractorDescription) -> Fields:
    """What a collection reads, carries and makes, by the columns of its source."""
    choice = collection.extractor
    reads = frozenset(column_of(path) for paths in choice.input_mappings.values() for path in paths)
    return Fields(
        reads=reads,
        decide=admission_of(collection, inputs=()).fields,
        carried={p.target: column_of(p.source_path) for p in choice.passthrough},
        carries_all=choice.include_all_source_fields,
        makes=frozenset(_made_by(description)),
    )


def _of_source(row: Row, now: LoadedItem, planned: Planned) -> Iterator[Change]:
    then, today = _choice(row[document.SOURCE_FP]), _choice(now.source_fp)
    if then != today:
        yield Change("choice", "", then, today)
    if row[document.INPUT_FP] != now.input_fp:
        yield from _of_input(row, now, planned.collection)
    if row[document.PASS_FP] != now.pass_fp:
        made = _made_by(planned.description)
        was = _carried_then(row, now.carried, made)
        yield from field_changes("carried", _digests(was, made), _digests(now.carried, made))


def _of_input(row: Row, now: LoadedItem, collection: Collection) -> Iterator[Change]:
    """Which field it was. A row that was made before fields were told apart knows it only where it is the only one."""
    written = row.get(document.INPUT_DIGESTS)
    if written:
        yield from field_changes("input", json.loads(written), input_digests(now.source.rows))
        return
    mapped = collection.extractor.input_mappings.values()
    names = " or ".join(dict.fromkeys(path for paths in mapped for path in paths))
    before, after = (fp[:DIGEST_LENGTH] for fp in (row[document.INPUT_FP], now.input_fp))
    yield Change("input", names, before, after)


def _carried_then(row: Row, now: Row, made: set[str]) -> Row:
    """What the row carries. Columns that are neither carried now nor declared as outputs were carried then, or added by a
    step: those were carried whose values, with the others, have the row's fingerprint."""
    kept = {name: row.get(name) for name in now}
    more = [
        n for n, v in row.items() if v is not None and n not in {*now, *made} and not document.is_reserved(n)
    ]
    there = {name: value for name, value in kept.items() if value is not None}
    if len(more) <= _FEW:
        for some in chain.from_iterable(combinations(more, count) for count in range(1, len(more) + 1)):
            gone = {name: row[name] for name in some}
            if row[document.PASS_FP] in (carried_fp(kept | gone), carried_fp(there | gone)):
                return kept | gone
    return kept


def _of_code(row: Row, description: ExtractorDescription, code: Mapping[str, str]) -> list[Change]:
    """A partial row names no code: nobody knows what made its other rows fail."""
    if row[document.CODE_FP] in ("", description.code_fp):
        return []
    if not code:
        return [Change("code", "code", row[document.CODE_FP], description.code_fp)]
    return code_changes(code, description.kept_parts)


def _digests(fields: Row, made: set[str]) -> dict[str, str]:
    return {
        name: value_digest(value) for name, value in fields.items() if value is not None and name not in made
    }


def _made_by(description: ExtractorDescription) -> set[str]:
    return {*description.output_fields, *(vector.column for vector in description.vectors)}


def _choice(source_fp: str) -> str:
    """The part of a `source_fp` that stands for what the collection reads and carries."""
    return source_fp.rpartition(":")[2]
