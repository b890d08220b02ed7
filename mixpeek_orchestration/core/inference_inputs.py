"""What each kind of inference takes: inputs are checked before an endpoint is asked."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.extractor import ExtractorDescription


@dataclass(frozen=True)
class _Shape:
    """A kind of value, in words for people and as a test."""

    words: str
    fits: Callable[[Any], bool]


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value)


def _is_list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and bool(value) and all(map(fits, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_TEXT: Final = _Shape("a text", _is_text)
_TEXTS: Final = _Shape("a list of texts", _is_list_of(_is_text))
_PAIRS: Final = _Shape("a list of [query, document] pairs, both texts", _is_list_of(_is_pair))

_INPUTS: Final[Mapping[str, Mapping[str, _Shape]]] = {
    "embedding": {"text": _TEXT, "texts": _TEXTS},
    "rerank": {"pairs": _PAIRS},
    "classify": {"text": _TEXT, "texts": _TEXTS},
    "generate": {"prompt": _TEXT},
}
"""By inference type; `general` takes anything."""


def check_inputs(described: ExtractorDescription, inputs: Mapping[str, Any]) -> None:
    """Returns when the extractor can read these inputs; raises `InvalidInput` naming the one that is wrong."""
    shapes = _INPUTS.get(described.inference_type or "general")
    if shapes is None:
        return
    for name, shape in shapes.items():
        if name in inputs and not shape.fits(inputs[name]):
            raise InvalidInput(
                f"inputs.{name} must be {shape.words}.",
                field=f"inputs.{name}",
                value=inputs[name],
                fix=f"Send {shape.words}.",
            )
    known = sorted({*shapes, *_own_inputs(described)})
    if not inputs.keys() & set(known):
        raise _nothing_known(described, inputs, known)


def _own_inputs(described: ExtractorDescription) -> set[str]:
    """What the package itself says that it reads; an example may ask otherwise than documents are made (a film is
    found by a picture)."""
    declared = described.input_schema.get("properties", {})
    example = described.example_input or {}
    return {*described.input_fields, *described.supported_input_types, *declared, *example}


def _nothing_known(
    described: ExtractorDescription, inputs: Mapping[str, Any], known: Sequence[str]
) -> InvalidInput:
    near = next((hit for name in inputs for hit in difflib.get_close_matches(name, known, 1, 0.5)), None)
    first = near or next(iter(_INPUTS[described.inference_type or ""]))
    return InvalidInput(
        f"{described.name} ({described.inference_type}) reads none of these inputs.",
        field="inputs",
        value=sorted(inputs),
        fix=f"Did you mean {first!r}?" if near else f"Send inputs.{first}; known are {', '.join(known)}.",
    )
