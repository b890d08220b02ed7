"""Classes and functions of a package as their source shows them: bases, methods, signatures, what they return."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from mixpeek_orchestration.extractors.lint.declared import bases
from mixpeek_orchestration.extractors.lint.literals import ClassOf, Imported, Values

Function = ast.FunctionDef | ast.AsyncFunctionDef
_NESTED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class Shape:
    """A class with all it inherits within the package. `outside` are the dotted names of its other bases; `known` is
    whether every base could be followed."""

    defined: ClassOf
    methods: dict[str, tuple[str, Function]]
    outside: tuple[str, ...]
    known: bool

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.defined.node.name

    @property
    def members(self) -> frozenset[str]:
        """The names that the class itself binds in its body."""
        body = self.defined.node.body
        stored = {
            n.id
            for s in body
            for n in ast.walk(s)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        return frozenset(stored | self.methods.keys())

    def derives_from(self, *names: str) -> bool:
        """Whether one of its bases from outside is one of these, whichever module it was imported from."""
        return any(base.rpartition(".")[2] in names for base in self.outside)


def shape_of(values: Values, defined: ClassOf) -> Shape:
    """The class with the methods of its bases in the package; its own win."""
    return values.remembered("shape", defined.node, lambda: _shape(values, defined)) or Shape(
        defined, {}, (), False
    )


def _shape(values: Values, defined: ClassOf) -> Shape:
    methods: dict[str, tuple[str, Function]] = {}
    outside: list[str] = []
    known = not defined.node.keywords and not defined.node.decorator_list
    for base in reversed(list(bases(values, defined))):
        if isinstance(base, ClassOf):
            inherited = shape_of(values, base)
            methods |= inherited.methods
            outside += inherited.outside
            known &= inherited.known
        elif isinstance(base, Imported):
            outside.append(base.dotted)
        else:
            known = False
    for node in defined.node.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            methods[node.name] = (defined.file, node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            known &= not any(isinstance(one, ast.Name) and one.id.startswith("__") for one in targets)
    return Shape(defined, methods, tuple(outside), known)


def classes(tree: ast.Module, file: str) -> Iterator[ClassOf]:
    """The classes at the top of a module; of two with one name the last, which is the one that counts."""
    last = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    return (ClassOf(file, node) for node in last.values())


def functions(tree: ast.Module) -> dict[str, Function]:
    """The functions at the top of a module, by name; the last of each."""
    return {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}


def missing_parameters(function: Function, given: int, options: Collection[str] = ()) -> list[str]:
    """The parameters without a default that `given` positional arguments and the named `options` leave open."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = positional[: len(positional) - len(arguments.defaults)]
    open_ones = [one.arg for one in required[given:] if one.arg not in options]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return open_ones + [one.arg for one, default in named if default is None and one.arg not in options]


def takes(function: Function, given: int) -> bool:
    """Whether the function takes `given` positional arguments."""
    arguments = function.args
    return arguments.vararg is not None or len(arguments.posonlyargs) + len(arguments.args) >= given


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions and classes inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _NESTED):
            waiting += ast.iter_child_nodes(node)


def returned(function: Function) -> list[ast.expr | None]:
    """What the function's return statements return; nothing for a bare one."""
    found = [node for node in own_nodes(function) if isinstance(node, ast.Return)]
    return [node.value for node in sorted(found, key=lambda node: node.lineno)]


def returns_nothing(function: Function) -> bool:
    """Whether no return statement returns a value, and the function does not only raise or yield."""
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function)):
        return False
    values = returned(function)
    only_raises = isinstance(function.body[-1], ast.Raise)
    is_stub = all(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in function.body
    )
    nothing = all(v is None or (isinstance(v, ast.Constant) and v.value is None) for v in values)
    return nothing and not (only_raises and not values) and not is_stub
