"""Whether a text has the same vector in a batch and at query time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.extractors.testing.answers import answered_vectors
from mixpeek_orchestration.extractors.testing.comparison import cosine, is_vector
from mixpeek_orchestration.extractors.testing.lab import Lab

PARITY: Final = 0.9999
_MOST: Final = 16


@dataclass(frozen=True)
class _Embedded:
    """A row of a batch, and the texts that its vectors may be of: the object's, or the part that the row is."""

    item: str
    texts: tuple[str, ...]
    row: Mapping[str, Any]


def parity(lab: Lab) -> list[str]:
    """The vectors of rows in the batch against those that `realtime.py` answers with for their text."""
    return [said for one in _embedded(lab) for said in _disagreements(lab, one)]


def no_parity(lab: Lab) -> str:
    """Why there is nothing to compare; empty when there is."""
    description = lab.bench.description
    if not description.has_realtime or description.inference_type != "embedding":
        return "the package has no realtime embedding"
    return "" if _embedded(lab) else "no row says which text its vector is of"


def _disagreements(lab: Lab, one: _Embedded) -> Iterator[str]:
    best: dict[str, float] = {}
    for text in one.texts:
        for name, vector in answered_vectors(lab.bench.answer({"text": text}), lab.bench.description).items():
            stored = one.row.get(name)
            if stored is not None and is_vector(stored) and (one.item, name) not in lab.unstable:
                best[name] = max(best.get(name, -1.0), cosine(stored, vector))
        if min(best.values(), default=1.0) >= PARITY:
            return
    for name, agree in best.items():
        if agree < PARITY:
            yield f"{name!r} of {one.item}: batch and realtime agree with a cosine of {agree:.4f} only"


def _embedded(lab: Lab) -> list[_Embedded]:
    """The rows of objects that are one text each, as far as it is known what they embed."""
    found = [
        _Embedded(item.name, texts, row)
        for item in lab.items
        if len(item.parts) == 1 and item.parts[0].text
        for row in lab.first.rows.get(item.name, ())
        if (texts := _texts(item.parts[0].text, row, alone=len(lab.first.rows[item.name]) == 1))
    ]
    return found[:_MOST]


def _texts(whole: str, row: Mapping[str, Any], *, alone: bool) -> tuple[str, ...]:
    """The parts of the text that the row has in a column, and all of it when it is the only row."""
    parts = [value for value in row.values() if isinstance(value, str) and value.strip() and value in whole]
    return tuple(dict.fromkeys([whole, *parts] if alone else parts))
