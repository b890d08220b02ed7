"""Values that can be read off the source without running it. What cannot is `UNKNOWN`, and no rule speaks of it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.extractors.import_rewriting import dotted_name
from mixpeek_orchestration.extractors.lint.package import LintedPackage


class Unknown:
    """The one value of this class stands for everything that only running the package would tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return False


UNKNOWN: Final = Unknown()
_DEPTH: Final = 24
_LONGEST: Final = 10_000
_MUTATORS: Final = frozenset(
    {"append", "extend", "insert", "update", "setdefault", "pop", "remove", "clear", "sort", "reverse"}
)
_OPERATORS: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.FloorDiv: operator.floordiv,
}
_NUMBERS: Final = (int, float)


@dataclass(frozen=True)
class ClassOf:
    """A class that the package defines, and the file it is in."""

    file: str
    node: ast.ClassDef


@dataclass(frozen=True)
class FunctionOf:
    """A function that the package defines at the top of a module, and the file it is in."""

    file: str
    node: ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Imported:
    """A name that was imported from outside the package: `module.name`."""

    dotted: str


@dataclass(frozen=True)
class Called:
    """A call that has no value here, of something imported, with what is known of its arguments."""

    target: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    node: ast.Call


@dataclass(frozen=True)
class _Binding:
    node: ast.expr | ast.stmt | None
    attribute: str = ""


class Values:
    """Evaluates expressions of a package's modules against their module-level constants."""

    def __init__(self, package: LintedPackage) -> None:
        self._package = package
        self._bindings: dict[str, dict[str, _Binding]] = {}
        self._constants: dict[tuple[str, str], Any] = {}
        self._remembered: dict[tuple[str, int], Any] = {}

    def of(self, file: str, node: ast.expr | None, depth: int = 0) -> Any:
        """The value of an expression in `file`, or `UNKNOWN`."""
        if node is None or depth > _DEPTH:
            return UNKNOWN
        evaluate = getattr(self, f"_of_{type(node).__name__}", None)
        return evaluate(file, node, depth + 1) if evaluate else UNKNOWN

    def constant(self, file: str, name: str, depth: int = 0) -> Any:
        """The value that the module-level name has when the module has run, or `UNKNOWN`."""
        if (file, name) not in self._constants:
            self._constants[file, name] = (
                UNKNOWN  # while it is computed: a name defined by itself has no value
            )
            self._constants[file, name] = self._constant(file, name, depth)
        return self._constants[file, name]

    def _constant(self, file: str, name: str, depth: int) -> Any:
        binding = self.bindings(file).get(name)
        if binding is None or binding.node is None:
            return UNKNOWN
        if isinstance(binding.node, ast.ClassDef):
            return ClassOf(file, binding.node)
        if isinstance(binding.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return FunctionOf(file, binding.node)
        if isinstance(binding.node, ast.ImportFrom):
            return self._imported(file, binding.node, binding.attribute, depth + 1)
        if isinstance(binding.node, ast.Import):
            return Imported(binding.attribute)
        return self.of(file, binding.node, depth + 1) if isinstance(binding.node, ast.expr) else UNKNOWN

    def remembered(self, what: str, node: ast.AST, found: Callable[[], Any]) -> Any:
        """What `found` gives, asked once for each node; `None` where finding it needs itself."""
        key = what, id(node)
        if key not in self._remembered:
            self._remembered[key] = None
            self._remembered[key] = found()
        return self._remembered[key]

    def bindings(self, file: str) -> dict[str, _Binding]:
        """What each module-level name is bound to in the end; `None` where that depends on something."""
        if file not in self._bindings:
            tree = self._package.trees.get(file)
            self._bindings[file] = _module_bindings(tree) if tree else {}
        return self._bindings[file]

    def _imported(self, file: str, node: ast.ImportFrom, name: str, depth: int) -> Any:
        module = own_module(self._package, file, node)
        if module is None:
            return Imported(f"{node.module}.{name}")
        target = self._package.module(module)
        below = self._package.module(f"{module}.{name}" if module else name)
        if target and name in self.bindings(target):
            return self.constant(target, name, depth + 1) if depth < _DEPTH else UNKNOWN
        return Imported(f"{OWN}{below}") if below else UNKNOWN

    def _of_Constant(self, _file: str, node: ast.Constant, _depth: int) -> Any:
        return node.value

    def _of_List(self, file: str, node: ast.List | ast.Tuple | ast.Set, depth: int) -> Any:
        values = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                spread = self.of(file, element.value, depth)
                if not isinstance(spread, list):
                    return UNKNOWN
                values += spread
            else:
                values.append(self.of(file, element, depth))
        return values

    _of_Tuple = _of_Set = _of_List

    def _of_Dict(self, file: str, node: ast.Dict, depth: int) -> Any:
        result: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                spread = self.of(file, value, depth)
                if not isinstance(spread, dict):
                    return UNKNOWN
                result |= spread
                continue
            name = self.of(file, key, depth)
            if not isinstance(name, str | int | float | bool):
                return UNKNOWN
            result[name] = self.of(file, value, depth)
        return result

    def _of_JoinedStr(self, file: str, node: ast.JoinedStr, depth: int) -> Any:
        parts = [
            self.of(file, part.value if isinstance(part, ast.FormattedValue) else part, depth)
            for part in node.values
        ]
        plain = all(isinstance(part, str | int) for part in parts)
        formatted = any(isinstance(p, ast.FormattedValue) and p.format_spec for p in node.values)
        return "".join(map(str, parts)) if plain and not formatted else UNKNOWN

    def _of_BinOp(self, file: str, node: ast.BinOp, depth: int) -> Any:
        left, right = self.of(file, node.left, depth), self.of(file, node.right, depth)
        apply = _OPERATORS.get(type(node.op))
        if isinstance(node.op, ast.BitOr) and isinstance(left, dict) and isinstance(right, dict):
            return left | right
        if isinstance(node.op, ast.Mult) and isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS):
            return left * right
        same = isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS)
        joins = isinstance(node.op, ast.Add) and type(left) is type(right) and isinstance(left, str | list)
        if apply is None or not (same or joins) or (right == 0 and not isinstance(node.op, ast.Add)):
            return UNKNOWN
        if joins and len(left) + len(right) > _LONGEST:
            return UNKNOWN
        return apply(left, right)

    def _of_UnaryOp(self, file: str, node: ast.UnaryOp, depth: int) -> Any:
        value = self.of(file, node.operand, depth)
        return -value if isinstance(node.op, ast.USub) and isinstance(value, _NUMBERS) else UNKNOWN

    def _of_Name(self, file: str, node: ast.Name, depth: int) -> Any:
        return self.constant(file, node.id, depth)

    def _of_Attribute(self, file: str, node: ast.Attribute, depth: int) -> Any:
        base = self.of(file, node.value, depth)
        if isinstance(base, Imported):
            if base.dotted.startswith(OWN):
                return self.constant(base.dotted.removeprefix(OWN), node.attr, depth)
            if base.dotted.endswith(".ResourceType"):
                return node.attr.lower()
            return Imported(f"{base.dotted}.{node.attr}")
        if isinstance(base, Called) and base.target.endswith(".ExtractorManifest"):
            return base.options.get(node.attr, UNKNOWN)
        return UNKNOWN

    def _of_Subscript(self, file: str, node: ast.Subscript, depth: int) -> Any:
        base, key = self.of(file, node.value, depth), self.of(file, node.slice, depth)
        if isinstance(base, dict) and isinstance(key, str | int):
            return base.get(key, UNKNOWN)
        if isinstance(base, list) and isinstance(key, int) and -len(base) <= key < len(base):
            return base[key]
        return UNKNOWN

    def _of_Call(self, file: str, node: ast.Call, depth: int) -> Any:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "features_as_dicts":
            manifest = self.of(file, node.func.value, depth)
            return manifest.options.get("features", []) if isinstance(manifest, Called) else UNKNOWN
        arguments = tuple(self.of(file, argument, depth) for argument in node.args)
        options = {word.arg: self.of(file, word.value, depth) for word in node.keywords if word.arg}
        spread = any(word.arg is None for word in node.keywords)
        if isinstance(node.func, ast.Name) and node.func.id not in self.bindings(file):
            return _builtin_call(node.func.id, arguments, options) if not spread else UNKNOWN
        target = self.of(file, node.func, depth)
        if not isinstance(target, Imported):
            return UNKNOWN
        if target.dotted.endswith((".Feature.embedding", ".Feature.classification")):
            return _feature(target.dotted.rpartition(".")[2], arguments, options) if not spread else UNKNOWN
        return Called(target.dotted, arguments, {**options, **({"**": UNKNOWN} if spread else {})}, node)


def is_plain(value: Any) -> bool:
    """Whether the value is known: text, a number, a list or a dict."""
    return isinstance(value, str | int | float | list | dict)


OWN: Final = "\0own:"
"""Marks an `Imported` whose target is a module file of the package itself."""


def own_module(package: LintedPackage, file: str, node: ast.ImportFrom) -> str | None:
    """The module of this package (dotted, `""` for its top) that the import is from; `None` for all others."""
    if not node.level:
        first, _, rest = (node.module or "").partition(".")
        if first in package.own_names:
            return rest
        return node.module if package.module(node.module or "") else None
    here = dotted_name(file).split(".") if dotted_name(file) else []
    depth = len(here) + (1 if file.endswith("__init__.py") else 0) - node.level
    return ".".join([*here[:depth], *([node.module] if node.module else [])]) if depth >= 0 else None


def _builtin_call(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if name == "dict" and not arguments:
        return options
    if name in ("list", "tuple") and len(arguments) == 1 and isinstance(arguments[0], list):
        return arguments[0]
    if name == "str" and len(arguments) == 1 and isinstance(arguments[0], str | int):
        return str(arguments[0])
    return UNKNOWN


def _feature(kind: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    """What `Feature.embedding(name, dim, distance)` and `Feature.classification(name, labels)` declare."""
    if kind == "classification":
        named = dict(zip(("name", "labels"), arguments, strict=False)) | dict(options)
        return {"feature_type": kind, "feature_name": named.get("name", UNKNOWN)}
    named = dict(zip(("name", "dim", "distance"), arguments, strict=False)) | dict(options)
    return {
        "feature_type": kind,
        "feature_name": named.get("name", UNKNOWN),
        "embedding_dim": named.get("dim", UNKNOWN),
        "distance_metric": named.get("distance", "cosine"),
    }


def _module_bindings(tree: ast.Module) -> dict[str, _Binding]:
    found: dict[str, _Binding] = {}
    for statement in tree.body:
        for name, binding in _bound(statement):
            found[name] = binding
    for name in _mutated(tree):
        if name in found:
            found[name] = _Binding(None)
    return found


def _bound(statement: ast.stmt) -> Iterator[tuple[str, _Binding]]:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, _Binding(statement.value)
            else:
                yield from ((n.id, _Binding(None)) for n in ast.walk(target) if isinstance(n, ast.Name))
    elif isinstance(statement, ast.AnnAssign):
        if isinstance(statement.target, ast.Name) and statement.value is not None:
            yield statement.target.id, _Binding(statement.value)
    elif isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name, _Binding(statement)
    elif isinstance(statement, ast.ImportFrom):
        yield from ((a.asname or a.name, _Binding(statement, a.name)) for a in statement.names)
    elif isinstance(statement, ast.Import):
        for a in statement.names:
            bound = a.asname or a.name.split(".")[0]
            yield bound, _Binding(statement, a.name if a.asname else bound)
    else:
        yield from ((name, _Binding(None)) for name in _names_stored(statement))


def _names_stored(statement: ast.stmt) -> Iterator[str]:
    """Names that a compound statement may bind: which of them it does is not known here."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.split(".")[0]


def _mutated(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        target: ast.expr | None = None
        if isinstance(node, ast.AugAssign):
            target = node.target
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            target = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = node.func.value if node.func.attr in _MUTATORS else None
        elif isinstance(node, ast.Global):
            yield from node.names
        if isinstance(target, ast.Name):
            yield target.id
