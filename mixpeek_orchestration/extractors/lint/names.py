"""What a name in a module means, through imports, aliases, assignments and scopes: `o.system` is `os.system` after
`import os as o`. Nothing is run, so what only a run can tell stays unresolved."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final

_DEPTH: Final = 12
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MODULES: Final = frozenset(
    {"os", "sys", "builtins", "subprocess", "importlib", "socket", "ctypes", "pickle", "marshal", "pty"}
)
_SAME: Final = {"posix": "os", "nt": "os", "_os": "os", "_sys": "sys", "__builtins__": "builtins"}
_BUILTINS: Final = frozenset(dir(builtins)) | {"__import__"}


@dataclass
class Scope:
    """Names bound in a module, class or function, with everything that each is bound to."""

    parent: Scope | None = None
    is_class: bool = False
    bound: dict[str, list[Bound]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def bind(self, name: str, bound: Bound) -> None:
        """From now on the name may mean this too."""
        self.bound.setdefault(name, []).append(bound)


@dataclass(frozen=True)
class Bound:
    """One meaning of a name: something imported, the value of an expression, or (neither) something local."""

    dotted: str = ""
    value: ast.expr | None = None
    scope: Scope | None = None


@dataclass
class Names:
    """The expressions of a module, each with the scope that it stands in."""

    uses: list[tuple[ast.expr, Scope]] = field(default_factory=list)
    module: Scope = field(default_factory=Scope)
    _known: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)

    def meanings(self, node: ast.expr, scope: Scope, depth: int = 0) -> frozenset[str]:
        """The dotted names that the expression may stand for."""
        if depth > _DEPTH:
            return frozenset()
        return frozenset(_plain(name) for name in self._meanings(node, scope, depth + 1))

    def _meanings(self, node: ast.expr, scope: Scope, depth: int) -> Iterator[str]:
        match node:
            case ast.Name(id=name):
                yield from self._of_name(name, scope)
            case ast.Attribute(value=value, attr=attribute):
                yield from (
                    f"{base.removesuffix('.__dict__')}.{attribute}"
                    for base in self.meanings(value, scope, depth)
                )
            case ast.Subscript(value=value, slice=key):
                yield from self._of_item(value, key, scope, depth)
            case ast.Call(func=function, args=arguments):
                yield from self._of_call(function, arguments, scope, depth)
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                yield from self.meanings(value, scope, depth)
            case ast.IfExp(body=body, orelse=other):
                yield from self.meanings(body, scope, depth) | self.meanings(other, scope, depth)
            case ast.BoolOp(values=values):
                for value in values:
                    yield from self.meanings(value, scope, depth)

    def _of_name(self, name: str, scope: Scope) -> frozenset[str]:
        key = name, id(scope)
        if key not in self._known:
            self._known[key] = frozenset()  # while it is found out: a name bound to itself means nothing more
            self._known[key] = frozenset(self._bound_to(name, scope))
        return self._known[key]

    def _bound_to(self, name: str, scope: Scope) -> Iterator[str]:
        found, at_module = self._lookup(name, scope)
        shadowed = False
        for bound in found:
            if bound.dotted:
                yield bound.dotted
            elif bound.value is not None and bound.scope is not None:
                meant = self.meanings(bound.value, bound.scope)
                yield from meant
                shadowed |= bool(meant)
            else:
                shadowed = True
        # `open = None` under an `if` must not hide the builtin from the scan.
        assigned = found and at_module and not shadowed and all(one.value is not None for one in found)
        if (not found or assigned) and name in _BUILTINS:
            yield f"builtins.{name}"
        if not found:
            yield from (f"{star}.{name}" for star in self.module.stars)
            if name in ("__builtins__", "__loader__"):
                yield name

    def _lookup(self, name: str, scope: Scope) -> tuple[list[Bound], bool]:
        current: Scope | None = scope
        while current is not None:
            if name in current.bound and (current is scope or not current.is_class):
                return current.bound[name], current.parent is None
            current = current.parent
        return [], False

    def _of_item(self, value: ast.expr, key: ast.expr, scope: Scope, depth: int) -> Iterator[str]:
        name = literal_text(key)
        if name is None:
            return
        for base in self.meanings(value, scope, depth):
            if base == "sys.modules":
                yield name
            elif base.endswith(".__dict__"):
                yield f"{base.removesuffix('.__dict__')}.{name}"
            elif base in ("builtins", "builtins.globals", "builtins.locals"):
                yield f"builtins.{name}"

    def _of_call(
        self, function: ast.expr, arguments: list[ast.expr], scope: Scope, depth: int
    ) -> Iterator[str]:
        for called in self.meanings(function, scope, depth):
            first = arguments[0] if arguments else None
            if called in ("builtins.getattr", "inspect.getattr_static") and len(arguments) > 1 and first:
                name = literal_text(arguments[1])
                yield from (f"{base}.{name}" for base in self.meanings(first, scope, depth) if name)
            elif called == "builtins.vars" and first:
                yield from (f"{base}.__dict__" for base in self.meanings(first, scope, depth))
            elif called in ("builtins.__import__", "importlib.import_module") and first:
                yield literal_text(first) or ""
            elif called in ("builtins.globals", "builtins.locals"):
                yield called


def literal_text(node: ast.expr) -> str | None:
    """The text of a literal, also when it is put together of literals with `+`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = literal_text(node.left), literal_text(node.right)
        return left + right if left is not None and right is not None else None
    return None


def read_names(tree: ast.Module) -> Names:
    """The names of a module: every expression with its scope, and what each scope binds."""
    names = Names()
    _Builder(names).visit_all(tree.body, names.module)
    return names


def _plain(dotted: str) -> str:
    """`random._os.system` is `os.system`: a library that imported a module hands it on."""
    parts = dotted.split(".")
    last = next((i for i in range(len(parts) - 1, 0, -1) if _SAME.get(parts[i], parts[i]) in _MODULES), 0)
    parts = parts[last:]
    return ".".join([_SAME.get(parts[0], parts[0]), *parts[1:]])


class _Builder:
    def __init__(self, names: Names) -> None:
        self._names = names

    def visit_all(self, nodes: Any, scope: Scope) -> None:
        for node in nodes:
            if isinstance(node, ast.AST):
                self._visit(node, scope)

    def _visit(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.expr):
            self._names.uses.append((node, scope))
        visit = getattr(self, f"_visit_{type(node).__name__}", None)
        if visit is not None:
            visit(node, scope)
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node, scope)
        else:
            self.visit_all(ast.iter_child_nodes(node), scope)

    def _visit_Name(self, node: ast.Name, scope: Scope) -> None:
        if not isinstance(node.ctx, ast.Load):
            scope.bind(node.id, Bound())

    def _visit_Assign(self, node: ast.Assign, scope: Scope) -> None:
        self._visit(node.value, scope)
        for target in node.targets:
            self._assign(target, node.value, scope)

    def _visit_AnnAssign(self, node: ast.AnnAssign, scope: Scope) -> None:
        self.visit_all([node.annotation, node.value], scope)
        if node.value is not None:
            self._assign(node.target, node.value, scope)
        else:
            self._visit(node.target, scope)

    def _visit_NamedExpr(self, node: ast.NamedExpr, scope: Scope) -> None:
        self._visit(node.value, scope)
        self._assign(node.target, node.value, scope)

    def _assign(self, target: ast.expr, value: ast.expr, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            scope.bind(target.id, Bound(value=value, scope=scope))
            return
        if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Tuple):
            self._visit(target, scope)
            return
        for one, part in zip_longest(target.elts, value.elts):
            if one is not None:
                self._assign(one, part or value, scope)

    def _visit_Import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            scope.bind(name, Bound(alias.name if alias.asname else name))

    def _visit_ImportFrom(self, node: ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if alias.name == "*":
                self._names.module.stars += [node.module] if node.module and not node.level else []
            elif node.level or not node.module:
                scope.bind(alias.asname or alias.name, Bound())
            else:
                scope.bind(alias.asname or alias.name, Bound(f"{node.module}.{alias.name}"))

    def _visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        scope.bind(node.name, Bound())
        self.visit_all(node.decorator_list, scope)
        self._function(node.args, [*node.body], scope)
        self.visit_all([node.returns], scope)

    _visit_AsyncFunctionDef = _visit_FunctionDef

    def _visit_Lambda(self, node: ast.Lambda, scope: Scope) -> None:
        self._function(node.args, [node.body], scope)

    def _function(self, arguments: ast.arguments, body: list[Any], scope: Scope) -> None:
        inner = Scope(scope)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for argument in [*every, arguments.vararg, arguments.kwarg]:
            if argument is not None:
                inner.bind(argument.arg, Bound())
                self.visit_all([argument.annotation], scope)
        self._defaults(arguments, inner, scope)
        self.visit_all(body, inner)

    def _defaults(self, arguments: ast.arguments, inner: Scope, scope: Scope) -> None:
        """`def f(run=os.system)`: the parameter may mean its default."""
        self.visit_all([*arguments.defaults, *arguments.kw_defaults], scope)
        positional = [*arguments.posonlyargs, *arguments.args]
        with_default = positional[len(positional) - len(arguments.defaults) :]
        pairs = [
            *zip(with_default, arguments.defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if default is not None:
                inner.bind(argument.arg, Bound(value=default, scope=scope))

    def _visit_ClassDef(self, node: ast.ClassDef, scope: Scope) -> None:
        scope.bind(node.name, Bound())
        self.visit_all([*node.decorator_list, *node.bases, *node.keywords], scope)
        self.visit_all(node.body, Scope(scope, is_class=True))

    def _comprehension(self, node: Any, scope: Scope) -> None:
        inner = Scope(scope)
        self.visit_all(node.generators, inner)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.visit_all(parts, inner)

    def _visit_ExceptHandler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.name:
            scope.bind(node.name, Bound())
        self.visit_all(ast.iter_child_nodes(node), scope)

    def _visit_Global(self, node: ast.Global, scope: Scope) -> None:
        for name in node.names:
            scope.bind(name, Bound())
            scope.bound[name] += self._names.module.bound.get(name, [])
