"""Follows a batch through the functions of a package: which of their names hold the frame, its rows, or one row."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mixpeek_orchestration.extractors.lint.package import LintedPackage
from mixpeek_orchestration.extractors.lint.shapes import Function, Shape, functions, own_nodes
from mixpeek_orchestration.extractors.lint.steps import METHODS, Steps


class Kind(StrEnum):
    """What an expression holds of a batch."""

    FRAME = "frame"
    ROWS = "rows"
    ROW = "row"


_ROUNDS: Final = 3
_ITERATORS: Final = frozenset({"iterrows", "itertuples", "to_dict", "items", "apply", "squeeze"})
_ALIGNED: Final = frozenset(
    {"list", "enumerate", "zip", "sorted", "reversed", "iter", "tqdm", "tuple", "map"}
)
_KEYS: Final = (ast.Constant, ast.Attribute, ast.Name, ast.JoinedStr)


@dataclass
class Visit:
    """A function of the package that gets (part of) a batch; `kinds` says what its names hold."""

    file: str
    function: Function
    shape: Shape | None
    kinds: dict[str, Kind]
    is_entry: bool = False

    def kind(self, node: ast.expr | None) -> Kind | None:
        """What the expression holds of the batch."""
        match node:
            case ast.Name(id=name):
                return self.kinds.get(name)
            case ast.Subscript(value=value, slice=key):
                return self._of_item(self.kind(value), key)
            case ast.Attribute(value=value):
                return self.kind(value)
            case ast.Call():
                return self._of_call(node)
            case ast.ListComp(generators=[one, *_]):
                return Kind.ROWS if self.kind(one.iter) is Kind.ROWS else None
            case ast.NamedExpr(value=value) | ast.Starred(value=value):
                return self.kind(value)
        return None

    def _of_item(self, base: Kind | None, key: ast.expr) -> Kind | None:
        if base is Kind.FRAME:
            is_column = isinstance(key, _KEYS) and not (
                isinstance(key, ast.Constant) and not isinstance(key.value, str)
            )
            return Kind.ROWS if is_column else Kind.FRAME
        return base if base is Kind.ROWS and isinstance(key, ast.Slice) else None

    def _of_call(self, node: ast.Call) -> Kind | None:
        if isinstance(node.func, ast.Attribute):
            base = self.kind(node.func.value)
            if base is Kind.FRAME:
                return Kind.ROWS if node.func.attr in _ITERATORS else Kind.FRAME
            return base if base is Kind.ROWS else None
        if not isinstance(node.func, ast.Name):
            return None
        held = [self.kind(argument) for argument in node.args]
        if node.func.id in _ALIGNED and any(held):
            return Kind.ROWS
        if node.func.id == "range" and len(node.args) < 3:
            return Kind.ROWS if any(self._is_length(one) for one in node.args) else None
        return None

    def _is_length(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
            return any(self.kind(one) for one in node.args)
        return False


@dataclass
class _Following:
    package: LintedPackage
    visits: dict[int, Visit] = field(default_factory=dict)

    def visit(self, visit: Visit) -> None:
        known = self.visits.get(id(visit.function))
        if known is not None:
            known.kinds = {**visit.kinds, **known.kinds}
            return
        self.visits[id(visit.function)] = visit
        for _ in range(_ROUNDS):
            for node in sorted(_bindings(visit.function), key=lambda one: getattr(one, "lineno", 0)):
                _bind(visit, node)
        for node in own_nodes(visit.function):
            if isinstance(node, ast.Call):
                self._follow(visit, node)

    def _follow(self, visit: Visit, call: ast.Call) -> None:
        target = callee(self.package, visit, call)
        kinds = [visit.kind(argument) for argument in call.args]
        if target is None or not any(kinds):
            return
        file, function = target
        positional = [one.arg for one in [*function.args.posonlyargs, *function.args.args]]
        names = positional[1:] if isinstance(call.func, ast.Attribute) else positional
        held = {name: kind for name, kind in zip(names, kinds, strict=False) if kind is not None}
        self.visit(Visit(file, function, visit.shape, held))


def follow_batches(package: LintedPackage, steps: Steps) -> list[Visit]:
    """Every function of the package that a batch reaches, from the steps on."""
    following = _Following(package)
    for shape in steps.shapes:
        for name in METHODS:
            if name in shape.methods:
                file, function = shape.methods[name]
                arguments = [*function.args.posonlyargs, *function.args.args]
                if len(arguments) > 1 and not function.decorator_list:
                    following.visit(Visit(file, function, shape, {arguments[1].arg: Kind.FRAME}, True))
    for file, function in steps.functions:
        arguments = [*function.args.posonlyargs, *function.args.args]
        if arguments:
            following.visit(Visit(file, function, None, {arguments[0].arg: Kind.FRAME}, True))
    return list(following.visits.values())


def callee(package: LintedPackage, visit: Visit, call: ast.Call) -> tuple[str, Function] | None:
    """The function of the package that is called: a method through `self`, or one of the same module."""
    func = call.func
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "self":
        return visit.shape.methods.get(func.attr) if visit.shape else None
    if isinstance(func, ast.Name):
        found = functions(package.trees[visit.file]).get(func.id)
        return (visit.file, found) if found else None
    return None


def row_loops(visit: Visit) -> Iterator[tuple[ast.AST, ast.expr, list[ast.AST]]]:
    """The loops over the rows of a batch: the loop, what it goes over, and what it does for every row."""
    gathered = _gathered(visit.function)
    for node in own_nodes(visit.function):
        if isinstance(node, ast.For | ast.AsyncFor) and _per_row(visit, node.iter):
            yield node, node.iter, list(node.body)
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            over = [one.iter for one in node.generators if _per_row(visit, one.iter)]
            if over and id(node) not in gathered:
                yield node, over[0], [node.elt]


def _per_row(visit: Visit, node: ast.expr) -> bool:
    return visit.kind(node) is Kind.ROWS


def _gathered(function: Function) -> set[int]:
    """Comprehensions whose coroutines run together: asyncio.gather(*[…])."""
    calls = (node for node in own_nodes(function) if isinstance(node, ast.Call))
    return {
        id(argument.value if isinstance(argument, ast.Starred) else argument)
        for call in calls
        if isinstance(call.func, ast.Attribute | ast.Name)
        and (getattr(call.func, "attr", "") or getattr(call.func, "id", ""))
        in ("gather", "as_completed", "wait")
        for argument in call.args
    }


def _bindings(function: Function) -> Iterator[ast.AST]:
    wanted = (ast.Assign, ast.AnnAssign, ast.For, ast.comprehension, ast.NamedExpr, ast.withitem)
    return (node for node in own_nodes(function) if isinstance(node, wanted))


def _bind(visit: Visit, node: ast.AST) -> None:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        _set(visit, node.targets[0].id, visit.kind(node.value))
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and isinstance(node.target, ast.Name):
        _set(visit, node.target.id, visit.kind(node.value))
    elif isinstance(node, ast.For | ast.comprehension):
        is_iterrows = isinstance(node.iter, ast.Call) and getattr(node.iter.func, "attr", "") == "iterrows"
        target = node.target
        if is_iterrows and isinstance(target, ast.Tuple) and isinstance(target.elts[-1], ast.Name):
            _set(visit, target.elts[-1].id, Kind.ROW)


def _set(visit: Visit, name: str, kind: Kind | None) -> None:
    if kind is not None:
        visit.kinds[name] = kind
