"""Rewrites the imports of a package's modules, and says which modules of the package they reach.

One pass over the syntax tree serves three purposes, so that they cannot disagree: what is compiled, what
`code_fp` covers, and what is refused because this version does not have it.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Final

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.import_roots import ROOTS, resolve_name, resolve_root
from mixpeek_orchestration.extractors.package_source import PackageSource

_ROOTS_MODULE: Final = "mixpeek_orchestration.extractors.import_roots"
_ENGINE: Final = re.compile(r"engine\.(?:plugins\.)?extractors\.(?P<name>\w+)(?:\.(?P<below>.+))?")
_LAYOUT: Final = frozenset({"manifest", "pipeline", "realtime", "processors"})
_BY_NAME: Final = frozenset({"import_module", "__import__"})
"""Calls that import the module they are given the name of."""
_BY_SEARCH: Final = frozenset(
    {"iter_modules", "walk_packages", "resolve_name", "spec_from_file_location", "run_path", "run_module"}
)
"""Calls that find modules in ways that only running them would tell."""
_IMPORT_ERRORS: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass
class RewrittenModule:
    """A module's tree with its imports rewritten, and the package modules (dotted) that it imports.

    One that `may_reach_any` computes names of modules, so that all of the package's must count as reached.
    """

    tree: ast.Module
    reaches: set[str] = field(default_factory=set)
    may_reach_any: bool = False
    problems: list[InvalidPackage] = field(default_factory=list)


def rewrite(source: PackageSource, file: str, package: str) -> RewrittenModule:
    """The module `file` as it is compiled when the package is loaded under the private name `package`."""
    writer = _Rewriter(source, file, package)
    tree = ast.parse(source.modules[file], filename=str(source.path / file))
    writer.result.tree = ast.fix_missing_locations(writer.visit(tree))
    return writer.result


def dotted_name(file: str) -> str:
    """`processors/core.py` is `processors.core`, `processors/__init__.py` is `processors`, `__init__.py` is `""`."""
    parts = file.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class _Rewriter(ast.NodeTransformer):
    def __init__(self, source: PackageSource, file: str, package: str) -> None:
        self.source = source
        self.file = file
        self.package = package
        self.result = RewrittenModule(ast.Module(body=[], type_ignores=[]))
        self._tolerated = 0

    # An import that the author guards is the author's business: it fails at run time as an ImportError.
    def visit_Try(self, node: ast.Try) -> ast.AST:
        guarded = any(_catches_import_error(handler) for handler in node.handlers)
        self._tolerated += guarded
        node.body = self._visited(node.body)
        self._tolerated -= guarded
        node.handlers = [self.visit(handler) for handler in node.handlers]
        node.orelse = self._visited(node.orelse)
        node.finalbody = self._visited(node.finalbody)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        for_types_only = ast.unparse(node.test).rsplit(".", 1)[-1] == "TYPE_CHECKING"
        self._tolerated += for_types_only
        visited = self.generic_visit(node)
        self._tolerated -= for_types_only
        return visited

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in _BY_NAME and node.args:
            self._named_import(node.args[0])
        elif called in _BY_SEARCH:
            self.result.may_reach_any = True
        return self.generic_visit(node)

    def _named_import(self, name: ast.expr) -> None:
        """What `import_module` is given counts as an import where it is written out, and as any import elsewhere."""
        if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            self.result.may_reach_any = True
            return
        level = len(name.value) - len(name.value.lstrip("."))
        dotted = name.value[level:]
        own = f"{self._package_above(level)}.{dotted}".strip(".") if level else self._own_module(dotted)
        if own is not None and (self._has(own) or self.source.is_folder(own)):
            self.result.reaches.add(own)

    def _package_above(self, level: int) -> str:
        """The package that relative names of this many dots start from."""
        here = dotted_name(self.file).split(".") if dotted_name(self.file) else []
        depth = len(here) + (1 if self.file.endswith("__init__.py") else 0) - level
        return ".".join(here[: max(depth, 0)])

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return [ast.copy_location(new, node) for alias in node.names for new in self._import(alias, node)]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | list[ast.stmt]:
        if node.level:
            return self._relative(node)
        module = node.module or ""
        own = self._own_module(module)
        if own is not None:
            return self._from_own(own, module, node)
        if module.split(".", 1)[0] not in ROOTS:
            return node
        return [self._from_root(module, alias, node) for alias in node.names]

    def _from_own(self, own: str, module: str, node: ast.ImportFrom) -> list[ast.stmt]:
        """From a module of the package; `pipeline` below `engine.extractors.<name>` is the SDK all the same."""
        is_root = [
            module.split(".", 1)[0] in ROOTS and resolve_name(module, alias.name) is not None
            for alias in node.names
        ]
        ours = [alias for alias, root in zip(node.names, is_root, strict=True) if not root]
        found = [
            self._from_root(module, alias, node)
            for alias, root in zip(node.names, is_root, strict=True)
            if root
        ]
        if ours:
            self._reach(own, [alias.name for alias in ours], node)
            found.append(_from(node, self._private(own), ours))
        return found

    def _import(self, alias: ast.alias, node: ast.Import) -> list[ast.stmt]:
        own = self._own_module(alias.name)
        if own is not None:
            self._reach(own, [], node)
            return _import_own(alias, self._private(own), self.package)
        target = resolve_root(alias.name)
        if target is None:
            return [ast.Import(names=[alias])]
        if not target.exists:
            self._refuse(alias.name, None, node)
            return [ast.Import(names=[ast.alias(target.module, alias.asname)])]
        if alias.asname:
            return [ast.Import(names=[ast.alias(target.module, alias.asname)])]
        root = alias.name.split(".", 1)[0]
        return [ast.ImportFrom(module=_ROOTS_MODULE, names=[ast.alias(root)], level=0)]

    def _from_root(self, module: str, alias: ast.alias, node: ast.ImportFrom) -> ast.stmt:
        found, target = resolve_name(module, alias.name), resolve_root(module)
        if found is None:
            self._refuse(module, alias.name, node)
            return _from(node, target.module if target else module, [alias])
        where, is_module = found
        if not is_module:
            return _from(node, where.module, [alias])
        names = [ast.alias(where.module, alias.asname or alias.name)]
        return ast.copy_location(ast.Import(names=names), node)

    def _relative(self, node: ast.ImportFrom) -> ast.stmt:
        here = dotted_name(self.file).split(".") if dotted_name(self.file) else []
        is_package = self.file.endswith("__init__.py")
        depth = len(here) + (1 if is_package else 0) - node.level
        if depth < 0:
            self._problem(
                f"{'.' * node.level}{node.module or ''} leaves the package",
                node,
                "Import within the package.",
            )
            return node
        base = ".".join([*here[:depth], *([node.module] if node.module else [])])
        self._reach(base, [alias.name for alias in node.names], node)
        return node

    def _own_module(self, dotted: str) -> str | None:
        """The module within the package that an absolute import means; `None` if it is not one of ours."""
        first, _, rest = dotted.partition(".")
        if first in self.source.own_names:
            return rest
        within = _ENGINE.fullmatch(dotted)
        if within is not None and within["name"] in self.source.own_names and within["below"] != "pipeline":
            return within["below"] or ""
        return dotted if first in _LAYOUT and self.source.is_folder(first) | self._has(first) else None

    def _has(self, dotted: str) -> bool:
        return self.source.module_file(dotted) is not None

    def _reach(self, base: str, names: list[str], node: ast.stmt) -> None:
        below = [f"{base}.{name}" if base else name for name in names]
        self.result.reaches |= {base, *(name for name in below if self._has(name))}
        if base and not self._has(base) and not self.source.is_folder(base):
            self._problem(f"it has no module {base!r}", node, "Add the module or correct the import.")

    def _private(self, dotted: str) -> str:
        return f"{self.package}.{dotted}" if dotted else self.package

    def _refuse(self, module: str, name: str | None, node: ast.stmt) -> None:
        target = resolve_root(module)
        there = ", ".join(sorted(target.names)) if target is not None and target.exists else ""
        what = f"{name!r} from {module}" if name else module
        fix = (
            f"Available are: {there}." if there else "Import it from shared.extractors.sdk, or leave it out."
        )
        self._problem(f"{what} is not in the documented extractor SDK", node, fix, name or module)

    def _problem(self, what: str, node: ast.stmt, fix: str, value: str | None = None) -> None:
        if self._tolerated:
            return
        self.result.problems.append(
            InvalidPackage(
                f"The package imports what it cannot: {what} ({self.file}, line {node.lineno}).",
                field=f"{self.file}:{node.lineno}",
                value=value or ast.unparse(node),
                fix=fix,
            )
        )

    def _visited(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        visited = (self.visit(statement) for statement in statements)
        return [new for result in visited for new in (result if isinstance(result, list) else [result])]


def _catches_import_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(one).rsplit(".", 1)[-1] in _IMPORT_ERRORS for one in caught)


def _from(node: ast.ImportFrom, module: str, names: list[ast.alias]) -> ast.stmt:
    return ast.copy_location(ast.ImportFrom(module=module, names=names, level=0), node)


def _import_own(alias: ast.alias, private: str, package: str) -> list[ast.stmt]:
    if alias.asname:
        return [ast.Import(names=[ast.alias(private, alias.asname)])]
    root = alias.name.split(".", 1)[0]
    bound = f"{package}.{root}" if root in _LAYOUT else package
    return [ast.Import(names=[ast.alias(private, None)]), ast.Import(names=[ast.alias(bound, root)])]
