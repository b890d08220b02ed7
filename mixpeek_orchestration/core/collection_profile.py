"""What an operator wants to know of a collection before looking at its documents: short lines, no content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.core.collection import ExtractorChoice
from mixpeek_orchestration.core.display import fitted, shown
from mixpeek_orchestration.core.document import is_reserved
from mixpeek_orchestration.core.extractor import ExtractorDescription

VALUE_CELLS: Final = 80
SHARED: Final = ("gpu", "api")
"""What the collections of an installation have to share, the scarcer first: accelerators, and services of others."""


@dataclass(frozen=True)
class Profile:
    """What an extractor makes with the parameters of a collection, and what it has to share with others meanwhile."""

    makes: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()


def profile_of(description: ExtractorDescription) -> Profile:
    """The profile of a described extractor."""
    kinds = {step.resource_type.lower() for step in description.steps}
    vectors = (f"{vector.column} ({vector.dimension} numbers)" for vector in description.vectors)
    plain = (
        name for name in description.output_fields if name not in {v.column for v in description.vectors}
    )
    return Profile((*plain, *vectors), tuple(kind for kind in SHARED if kind in kinds))


def told_parameters(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """`name = value`, with long values cut."""
    written = {
        name: json.dumps(value, ensure_ascii=False, sort_keys=True) for name, value in parameters.items()
    }
    return tuple(f"{shown(name)} = {fitted(written[name], VALUE_CELLS)}" for name in sorted(written))


def told_inputs(choice: ExtractorChoice) -> tuple[str, ...]:
    """`input ← field, field`."""
    return tuple(f"{name} ← {', '.join(paths)}" for name, paths in sorted(choice.input_mappings.items()))


def told_carried(choice: ExtractorChoice) -> tuple[str, ...]:
    """The fields that documents carry along, with the field they come from where that has another name."""
    if choice.include_all_source_fields:
        return ("all fields of the source",)
    carried = ((one.target, one.source_path) for one in choice.passthrough)
    return tuple(target if target == source else f"{target} ← {source}" for target, source in carried)


def column_sources(columns: Iterable[str], choice: ExtractorChoice) -> dict[str, tuple[str, ...]]:
    """The source fields that each column of a document is made of: a carried one of its field, an extracted one of
    everything that the extractor reads, our own columns of none."""
    carried = {one.target: (one.source_path,) for one in choice.passthrough}
    read = tuple(dict.fromkeys(path for paths in choice.input_mappings.values() for path in paths))
    sources = {name: carried.get(name, read) for name in columns if not is_reserved(name)}
    return {name: paths for name, paths in sources.items() if paths}
