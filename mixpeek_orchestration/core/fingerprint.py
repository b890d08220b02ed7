"""Fingerprints: what decides whether a row is up to date.

- `input_fp`: exactly the fields the extractor reads.
- `pass_fp`: the fields that are only carried along.
- `code_fp`: everything that makes the extractor compute what it computes; its parts are kept by name, so that
  two fingerprints can be compared and the difference told.

All are SHA-256 over a canonical form, cut to 32 hexadecimal digits.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.identity import digest

LENGTH = 32
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)  # made once: `json.dumps` makes one for every value


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces; raises `InvalidInput` for what JSON cannot say (NaN included)."""
    try:
        text = _CANONICAL.encode(value)
        text.encode()
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"A value cannot be written as JSON in UTF-8: {error}.", value=value) from error
    return text


def plain(value: object) -> object:
    """A value that JSON can say; what it cannot (bytes, dates, floats that are not finite) by its text."""
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    return repr(value)


def fields_fp(fields: Mapping[str, object]) -> str:
    """The fingerprint of named values, whatever their order."""
    return digest("fields", canonical_json(fields))[:LENGTH]


def code_fp(parts: Mapping[str, str]) -> str:
    """The fingerprint over the named parts of an extractor (`module:…`, `data:…`, `parameters`, `dependency:…`, `model:…`)."""
    return digest("code", canonical_json(dict(parts)))[:LENGTH]


def changed_parts(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """One sentence per part that was added, removed or changed, sorted by part."""
    verbs = []
    for name in sorted({*old, *new}):
        if name not in old:
            verbs.append(f"{name} was added")
        elif name not in new:
            verbs.append(f"{name} was removed")
        elif old[name] != new[name]:
            verbs.append(f"{name} changed")
    return verbs


def source_fp(source: str) -> str:
    """The fingerprint of Python source without comments, formatting and docstrings, equal on every Python.

    `ast.dump` changes between Python versions (new fields, omitted defaults), so the tree is written out here:
    class name and the fields that are neither `None` nor empty.
    """
    tree = ast.parse(source)
    _drop_docstrings(tree)
    return digest("source", _written(tree))[:LENGTH]


def _drop_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:]


# `type_comment` is a comment; `kind` is only the `u` of a `u"…"`; `ctx` repeats the position in the tree.
_IGNORED = frozenset({"type_comment", "type_ignores", "kind", "ctx"})


def _written(node: Any) -> str:
    if isinstance(node, ast.AST):
        fields = (
            f"{name}={_written(value)}"
            for name, value in sorted(ast.iter_fields(node))
            if name not in _IGNORED and value is not None and value != []
        )
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(map(_written, node))}]"
    return f"{type(node).__name__}:{node!r}"
