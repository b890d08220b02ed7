"""What a command was given to apply: a YAML file, a Python file, or a module by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError

if TYPE_CHECKING:
    from mixpeek_orchestration.core.bucket import ManagedBy
    from mixpeek_orchestration.core.finding import Finding
    from mixpeek_orchestration.core.place import Place
    from mixpeek_orchestration.warehouse.declarations.manifest import Manifest

DEFAULT = "mixpeek.yaml"
_YAML = (".yaml", ".yml")


class SourceMissing(InvalidInput):
    """What is to be applied is not there."""

    code = "source_missing"


@dataclass(frozen=True)
class DeclaredSource:
    """Declarations that can be read: who owns what they make, and where each field is said."""

    manifest: Manifest
    owner: ManagedBy
    places: Mapping[str, Place]


def read_source(source: str) -> DeclaredSource:
    """The declarations; raises `SourceMissing`, and `InvalidInput` about the first thing that is wrong."""
    if not is_yaml(source):
        return _module(source)
    from mixpeek_orchestration.warehouse.declarations.manifest import read_manifest
    from mixpeek_orchestration.warehouse.declarations.places import places_in

    path = existing(source)
    return DeclaredSource(read_manifest(path), "yaml", places_in(path))


def problems_in(source: str) -> list[Finding]:
    """Everything by which a source is no manifest; raises `SourceMissing`."""
    from mixpeek_orchestration.warehouse.declarations.manifest import read_data
    from mixpeek_orchestration.warehouse.declarations.places import places_in
    from mixpeek_orchestration.warehouse.declarations.rehearsal import finding_of, problems_of

    try:
        if is_yaml(source):
            path = existing(source)
            return problems_of(read_data(path), places_in(path))
        _module(source)
    except SourceMissing:
        raise
    except MixpeekError as error:
        return [finding_of(error, {"": _whole(source)})]
    return []


def is_yaml(source: str) -> bool:
    return source.endswith(_YAML)


def existing(source: str) -> Path:
    """The file that a source names; raises `SourceMissing`."""
    path = Path(source)
    if not path.is_file():
        raise SourceMissing(
            f"There is no file {source}.",
            field="source",
            value=source,
            fix="Name a file that ends in .yaml or .py, or a module that can be imported from here.",
        )
    return path


def _module(source: str) -> DeclaredSource:
    from mixpeek_orchestration.declared.modules import read_module

    if source.endswith(".py") or "/" in source:
        existing(source)
    declared = read_module(source)
    return DeclaredSource(declared.manifest(), "python", {"": _whole(source), **declared.places()})


def _whole(source: str) -> Place:
    from mixpeek_orchestration.core.place import Place

    return Place(source)
