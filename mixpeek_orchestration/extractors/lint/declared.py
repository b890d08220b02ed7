"""What a manifest declares, in each of its styles, as far as its source says it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.extractors.lint.contract import manifest_fields
from mixpeek_orchestration.extractors.lint.literals import UNKNOWN, Called, ClassOf, Imported, Values
from mixpeek_orchestration.extractors.lint.package import MANIFEST, LintedPackage

_NONE: Final = object()
_BASES: Final = frozenset({"pydantic.BaseModel", "pydantic.main.BaseModel"})


@dataclass(frozen=True)
class Declaration:
    """The fields of a manifest with their values (`UNKNOWN` where only running it would tell) and lines.

    `complete` is whether nothing else can be declared that the source does not show.
    """

    fields: Mapping[str, Any]
    lines: Mapping[str, int]
    typed: Called | None
    metadata: Mapping[Any, Any] | None
    complete: bool

    def get(self, name: str, default: Any = None) -> Any:
        """The value declared for `name`; `UNKNOWN` when it may be declared where the source does not show it."""
        return self.fields.get(name, default if self.complete else UNKNOWN)

    def line(self, name: str) -> int:
        """The line of a declaration; 1 when there is none."""
        return self.lines.get(name, 1)

    @property
    def name(self) -> Any:
        """The extractor's name, under either of its keys."""
        named = self.get("feature_extractor_name", _NONE)
        return self.get("name") if named is _NONE else named

    @property
    def category(self) -> Any:
        """The kind of content it is for, if said."""
        return self.get("category")


def read_declaration(package: LintedPackage, values: Values) -> Declaration:
    """The typed manifest wins over `metadata`, that over module variables."""
    bound = values.bindings(MANIFEST)
    fields: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for name in bound.keys() & (manifest_fields() - {"name"}):
        fields[name] = values.constant(MANIFEST, name)
        lines[name] = getattr(bound[name].node, "lineno", 1)
    metadata = values.constant(MANIFEST, "metadata") if "metadata" in bound else {}
    if isinstance(metadata, dict):
        fields |= {key: value for key, value in metadata.items() if isinstance(key, str)}
        lines |= _key_lines(bound["metadata"].node) if "metadata" in bound else {}
    typed = _typed(values)
    if typed is not None:
        fields |= {key: value for key, value in typed.options.items() if key != "**"}
        lines |= {word.arg: word.value.lineno for word in typed.node.keywords if word.arg}
    tree = package.trees.get(MANIFEST)
    stars = tree is not None and any(isinstance(n, ast.alias) and n.name == "*" for n in ast.walk(tree))
    complete = not stars and isinstance(metadata, dict) and not (typed and "**" in typed.options)
    hidden = any(binding.node is None for name, binding in bound.items() if name in ("metadata", "manifest"))
    shown = dict(metadata) if isinstance(metadata, dict) and "metadata" in bound else None
    return Declaration(fields, lines, typed, shown, complete and not hidden)


def schema_fields(values: Values, schema: Any) -> frozenset[str] | None:
    """The fields of a schema; `None` where its source does not show them all."""
    if schema is None:
        return frozenset()
    if isinstance(schema, ClassOf):
        return _class_fields(values, schema)
    if isinstance(schema, dict):
        properties = schema.get("properties", schema)
        named = isinstance(properties, dict) and all(isinstance(key, str) for key in properties)
        return frozenset(properties) if named else None
    return None


def bases(values: Values, defined: ClassOf) -> Iterator[Any]:
    """What a class derives from: `ClassOf` within the package, `Imported` from outside, `UNKNOWN` for the rest."""
    for base in defined.node.bases:
        node = base.value if isinstance(base, ast.Subscript) else base
        yield values.of(defined.file, node)


def _class_fields(values: Values, defined: ClassOf) -> frozenset[str] | None:
    fields: frozenset[str] | None = values.remembered(
        "fields", defined.node, lambda: _fields(values, defined)
    )
    return fields


def _fields(values: Values, defined: ClassOf) -> frozenset[str] | None:
    found: set[str] = set()
    for base in bases(values, defined):
        if isinstance(base, Imported) and base.dotted in _BASES:
            continue
        inherited = _class_fields(values, base) if isinstance(base, ClassOf) else None
        if inherited is None:
            return None
        found |= inherited
    for node in defined.node.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return frozenset(found - {"model_config"})


def _typed(values: Values) -> Called | None:
    """The ExtractorManifest of the module; the first one, as the loader takes it."""
    for name in values.bindings(MANIFEST):
        value = values.constant(MANIFEST, name)
        if isinstance(value, Called) and value.target.endswith(".ExtractorManifest"):
            return value
    return None


def _key_lines(node: ast.AST | None) -> dict[str, int]:
    if not isinstance(node, ast.Dict):
        return {}
    return {
        key.value: key.lineno
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
