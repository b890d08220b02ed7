"""Which of the namespace's own models a package uses, read from its source, and their digests for `code_fp`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mixpeek_orchestration.core.ports.platform import Platform

PART: Final = "own_model:"
"""How the parts of a `code_fp` that stand for own models begin; after it comes the name, `@version` where one is named."""

_LOADERS: Final = frozenset({"load_namespace_model", "load_custom_model"})


def declared_models(trees: Iterable[ast.Module]) -> tuple[str, ...]:
    """The models that the source names literally, as `name` or `name@version`, sorted.

    Found are `load_namespace_model("x")`, `container.models.get("x")`, classes with `model_source = "namespace"` and
    the decorator `@lazy_model(model_id="x", model_source="namespace")`. A computed name is not found.
    """
    return tuple(sorted({name for tree in trees for node in ast.walk(tree) for name in _named(node)}))


def declared_parts(trees: Iterable[ast.Module]) -> dict[str, str]:
    """The parts of a `code_fp` for these models, without digests yet."""
    return {f"{PART}{name}": "" for name in declared_models(trees)}


def with_digests(parts: Mapping[str, str], platform: Platform | None) -> dict[str, str]:
    """The parts with the digest of every own model, as the platform has it now; raises `NotFound` for one that it does
    not have. Without a platform they stay as they are."""
    if platform is None:
        return dict(parts)
    return {part: _digest(part, platform) if part.startswith(PART) else said for part, said in parts.items()}


def _digest(part: str, platform: Platform) -> str:
    name, _, version = part.removeprefix(PART).partition("@")
    return platform.model_digest(name, version or None)


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        options = {option.arg: _text(option.value) for option in node.keywords if option.arg}
        if _called(node.func) in _LOADERS or _is_models_get(node.func):
            given = [_text(argument) for argument in node.args] + [None, None]
            yield from _spelt(given[0] or options.get("name"), given[1] or options.get("version"))
        elif _called(node.func) == "lazy_model" and options.get("model_source") == "namespace":
            yield from _spelt(options.get("model_id"), None)
    if isinstance(node, ast.ClassDef):
        said = dict(_assigned(node))
        if said.get("model_source") == "namespace":
            yield from _spelt(said.get("model_id"), None)


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and (text := _text(value)) is not None:
                yield target.id, text


def _spelt(name: str | None, version: str | None) -> Iterator[str]:
    if name:
        yield f"{name}@{version}" if version else name


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_models_get(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "get"
        and isinstance(function.value, ast.Attribute)
        and function.value.attr == "models"
    )


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
