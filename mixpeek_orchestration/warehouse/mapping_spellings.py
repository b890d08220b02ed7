"""Input mappings in all their documented forms, as one dict of input to source paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_KEYS: Final = frozenset({"input_key", "source_type", "path", "override"})
_BUILT: Final = ("payload", None)


def as_mapping(value: Any) -> Any:
    """The list form `[{input_key, path, source_type}, …]` as a dict; anything else as it is.

    Raises `ValueError` for what the contract knows and is not built, and for what it does not know.
    """
    if not isinstance(value, list):
        return value
    paths: dict[str, list[str]] = {}
    for one in value:
        paths.setdefault(_checked(one), []).append(one["path"])
    return paths


def fitting(
    declared: Mapping[str, Any], inputs: tuple[str, ...], available: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The mappings that a package suggests, as far as the source has the fields and the package the inputs."""
    found: dict[str, tuple[str, ...]] = {}
    for name, said in declared.items():
        paths = [said] if isinstance(said, str) else said
        if isinstance(paths, list | tuple) and (name in inputs or not inputs):
            there = tuple(path for path in paths if isinstance(path, str) and path in available)
            found |= {name: there} if there else {}
    return found


def _checked(one: Any) -> str:
    if not isinstance(one, dict) or not {"input_key", "path"} <= one.keys() <= _KEYS:
        raise ValueError("an input mapping in a list has the keys input_key, path and source_type")
    if one.get("source_type") not in _BUILT or one.get("override"):
        raise ValueError(
            f"an input mapping of source_type {one.get('source_type')!r}, or with an override, is documented, but not "
            "available in this version yet: map payload fields"
        )
    if not isinstance(one["input_key"], str) or not isinstance(one["path"], str) or not one["path"]:
        raise ValueError("input_key and path of an input mapping are text")
    return one["input_key"]
