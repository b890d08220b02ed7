"""What a collection may read of its source and carry along, and what its documents have for others to read."""

from __future__ import annotations

from collections.abc import Mapping

from mixpeek_orchestration.core.collection import (
    Collection,
    ExtractorChoice,
    Source,
)
from mixpeek_orchestration.core.document import is_reserved
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.filters import read_filter
from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry
from mixpeek_orchestration.warehouse.mapping_spellings import fitting


def document_fields(collection: Collection, registry: ExtractorRegistry) -> dict[str, str]:
    """The columns that documents of a collection have beside lineage and vectors, with their wire types."""
    return outputs_of(collection.extractor, described_for(collection, registry))


def outputs_of(choice: ExtractorChoice, description: ExtractorDescription) -> dict[str, str]:
    """The columns that an extractor leaves beside lineage and vectors, and those that are carried along."""
    vectors = {vector.column for vector in description.vectors}
    outputs = {name: "string" for name in description.output_fields if name not in vectors}
    carried = {p.target: "string" for p in choice.passthrough}
    return {**outputs, **carried}


def described_for(collection: Collection, registry: ExtractorRegistry) -> ExtractorDescription:
    """The extractor of a collection as it is now."""
    choice = collection.extractor
    return registry.describe(
        choice.name, choice.version, choice.parameters, namespace_id=collection.namespace_id
    )


def checked_mappings(
    choice: ExtractorChoice, description: ExtractorDescription, available: Mapping[str, str], source_type: str
) -> dict[str, tuple[str, ...]]:
    """The input mappings, completed where they were left out; raises `InvalidInput` naming input, path and what there is."""
    inputs = description.input_fields
    for name, paths in choice.input_mappings.items():
        if inputs and name not in inputs:
            raise InvalidInput(
                f"Extractor {choice.id} has no input {name!r}.",
                field=f"feature_extractor.input_mappings.{name}",
                value=name,
                fix=f"Use one of: {', '.join(inputs)}.",
            )
        for path in paths:
            _check_path(path, available, field=f"feature_extractor.input_mappings.{name}")
    return (
        dict(choice.input_mappings)
        or fitting(description.input_mappings, inputs, available)
        or _default_mappings(description, available, source_type)
    )


def _default_mappings(
    description: ExtractorDescription, available: Mapping[str, str], source_type: str
) -> dict[str, tuple[str, ...]]:
    supported = set(description.supported_input_types)
    first_input = description.input_fields[0] if description.input_fields else "data"
    if source_type == "bucket":
        fitting = [name for name, type_ in available.items() if type_ in supported]
    else:
        fitting = [name for name in description.input_fields if name in available][:1]
    if not fitting:
        raise InvalidInput(
            f"Nothing in the source fits {description.name}, which takes {', '.join(sorted(supported)) or 'anything'}.",
            field="feature_extractor.input_mappings",
            value=list(available),
            fix=f"Say what it reads, for example {{{first_input!r}: '<one of {', '.join(available) or 'no fields'}>'}}.",
        )
    return {first_input: tuple(fitting)}


def check_filters(source: Source, available: Mapping[str, str]) -> None:
    """Raises `InvalidInput` for source filters that cannot be read, or that look at a field that is not there."""
    if source.filters:
        at = "source.source_filters"
        for field in sorted(read_filter(source.filters, at=at).fields):
            _check_path(field, available, field=at)


def _check_path(path: str, available: Mapping[str, str], *, field: str) -> None:
    root = path.removeprefix("metadata.").split(".")[0]
    if root not in available and not path.startswith("metadata."):
        raise InvalidInput(
            f"The source has no field {path!r}.",
            field=field,
            value=path,
            fix=f"Use one of: {', '.join(available)}; or metadata.<name> for an undeclared field.",
        )


def check_passthrough(
    choice: ExtractorChoice, description: ExtractorDescription, available: Mapping[str, str]
) -> None:
    """Raises `InvalidInput` for a carried field whose target clashes, is reserved, or whose source is not there."""
    taken: set[str] = set(description.output_fields) | {vector.column for vector in description.vectors}
    for index, carried in enumerate(choice.passthrough):
        field = f"feature_extractor.field_passthrough.{index}"
        _check_path(carried.source_path, available, field=f"{field}.source_path")
        if is_reserved(carried.target) or carried.target in taken:
            raise InvalidInput(
                f"The name {carried.target!r} is taken by the extractor or the warehouse.",
                field=f"{field}.target_path",
                value=carried.target,
                fix="Give another target_path.",
            )
        taken.add(carried.target)
