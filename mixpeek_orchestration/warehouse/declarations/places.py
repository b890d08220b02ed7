"""Where in a YAML file a field of a manifest is said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from mixpeek_orchestration.core.place import Place


def places_in(path: Path) -> Mapping[str, Place]:
    """The place of every field and list entry of a YAML file, by dotted path."""
    found: dict[str, Place] = {"": Place(str(path))}
    node = yaml.compose(path.read_text(), Loader=yaml.SafeLoader)
    if node is not None:
        _collect(node, "", str(path), found)
    return found


def nearest(places: Mapping[str, Place], path: str | None) -> Place:
    """The place of a field, else of what holds it. Parts that the source does not know are left out: validation puts
    the kind of a source between its fields."""
    reached = ""
    for part in (path or "").split("."):
        deeper = f"{reached}.{part}".lstrip(".")
        if deeper in places:
            reached = deeper
    return places.get(reached) or Place("")


def _collect(node: yaml.Node, path: str, file: str, found: dict[str, Place]) -> None:
    if isinstance(node, yaml.MappingNode):
        entries = [(key.value, key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        entries = [(str(index), value, value) for index, value in enumerate(node.value)]
    else:
        return
    for name, mark, value in entries:
        inner = f"{path}.{name}".lstrip(".")
        found[inner] = Place(file, mark.start_mark.line + 1)
        _collect(value, inner, file, found)
