"""Admission: which source items a collection takes, and which of them have what its extractor needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.filters import Filter, read_filter, value_at

_METADATA = "metadata."


@dataclass(frozen=True)
class Admission:
    """What is asked of the fields of an item: that a filter holds, that one of the `inputs` has a value, and that each
    of the `required` has one. Without a filter every item is taken."""

    filter: Filter | None = None
    inputs: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    @property
    def looks_at_all(self) -> bool:
        """Whether something is asked of every item, not only of those that have no other input."""
        return bool(self.filter or self.required)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields that are looked at, by their names in the source."""
        filtered = self.filter.fields if self.filter else frozenset()
        return frozenset(named(path) for path in {*filtered, *self.inputs, *self.required})

    def takes(self, fields: Mapping[str, Any]) -> bool:
        """Whether the filter holds."""
        return self.filter is None or self.filter.holds({**fields, "metadata": fields})

    def has_input(self, fields: Mapping[str, Any]) -> bool:
        """Whether one of the inputs has a value."""
        return any(_is_there(fields, path) for path in self.inputs)

    def lacks_required(self, fields: Mapping[str, Any]) -> bool:
        """Whether one of the required fields has no value."""
        return not all(_is_there(fields, path) for path in self.required)


def admission_of(collection: Collection, *, inputs: tuple[str, ...]) -> Admission:
    """What a collection asks of its items, of whose fields these `inputs` are read. A carried field with a default is
    never missing."""
    filters = collection.source.filters
    required = tuple(
        p.source_path for p in collection.extractor.passthrough if p.required and p.default is None
    )
    return Admission(read_filter(filters) if filters else None, inputs, required)


def named(path: str) -> str:
    """A path without the prefix that says that a field was not declared."""
    return path.removeprefix(_METADATA)


def _is_there(fields: Mapping[str, Any], path: str) -> bool:
    return value_at(fields, named(path)) not in (None, "")
