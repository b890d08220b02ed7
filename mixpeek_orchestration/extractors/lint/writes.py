"""The columns that the code of a package may write, and whether there may be others that its source does not name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mixpeek_orchestration.extractors.lint.contract import DIMENSIONS
from mixpeek_orchestration.extractors.lint.frames import Kind, Visit, callee
from mixpeek_orchestration.extractors.lint.literals import Imported, Unknown, Values
from mixpeek_orchestration.extractors.lint.package import LintedPackage
from mixpeek_orchestration.extractors.lint.shapes import own_nodes
from mixpeek_orchestration.extractors.lint.steps import ForeignStep, Steps

_OUTPUT: Final = "output_column_name"
_FRAMES: Final = frozenset({"batch", "df", "frame", "table", "columns", "out", "output", "result", "results"})
_OPEN_CALLS: Final = ("read_", "json_normalize", "get_dummies", "from_dict", "from_records", "concat_columns")
_HARMLESS: Final = frozenset(
    {"len", "list", "isinstance", "print", "zip", "enumerate", "id", "type", "repr", "str", "tuple", "sorted"}
)


@dataclass
class Writes:
    """`stores` are assignments to columns, by name with file and line; `named` are names that may become columns
    (keys of dicts, keywords); `others` is whether columns may be written that the source does not name."""

    stores: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    others: bool = False

    @property
    def all(self) -> set[str]:
        """Every name that may be a written column."""
        return self.named | self.stores.keys()


def read_writes(package: LintedPackage, values: Values, steps: Steps, visits: Sequence[Visit]) -> Writes:
    """What all modules that work on batches may write."""
    writes = Writes(others=not package.is_whole)
    held = {name for visit in visits for name, kind in visit.kinds.items() if kind is Kind.FRAME}
    for file, tree in package.batch_modules():
        reader = _Reader(file, values, writes, held | _FRAMES, tree)
        for node in ast.walk(tree):
            reader.read(node)
    for step in steps.foreign:
        _of_service(step, values, writes)
    writes.others |= not steps.complete or any(_hands_on(package, values, visit) for visit in visits)
    return writes


class _Reader:
    def __init__(self, file: str, values: Values, writes: Writes, frames: set[str], tree: ast.Module) -> None:
        self._file = file
        self._values = values
        self._writes = writes
        self._frames = frames
        self._appended = {
            node.func.value.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "append"
            and isinstance(node.func.value, ast.Name)
            and node.args
            and isinstance(node.args[0], ast.Dict)
        }

    def read(self, node: ast.AST) -> None:
        """Adds what the node writes."""
        match node:
            case ast.Subscript(ctx=ast.Store()):
                self._store(node)
            case ast.Attribute(ctx=ast.Store(), attr="columns"):
                self._writes.others = True
            case ast.Dict(keys=keys):
                self._keys(keys)
            case ast.Call():
                self._call(node)

    def _store(self, node: ast.Subscript) -> None:
        key = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        value = self._values.of(self._file, key)
        names = value if isinstance(value, list) else [value]
        for name in names:
            if isinstance(name, str):
                self._writes.stores.setdefault(name, []).append((self._file, node.lineno))
        if any(isinstance(name, Unknown) for name in names) and not isinstance(key, ast.Slice):
            self._writes.others |= _root(node.value) in self._frames

    def _keys(self, keys: Sequence[ast.expr | None]) -> None:
        for key in keys:
            name = self._values.of(self._file, key) if key is not None else None
            if isinstance(name, str):
                self._writes.named.add(name)
            elif isinstance(name, Unknown):
                self._writes.others = True

    def _call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("assign", "dict"):
            self._writes.named |= {word.arg for word in node.keywords if word.arg}
            self._writes.others |= any(
                w.arg is None and not isinstance(w.value, ast.Dict) for w in node.keywords
            )
        elif name == "insert" and len(node.args) > 1:
            self._name(self._values.of(self._file, node.args[1]))
        elif name == "rename":
            self._rename(node)
        elif name == "DataFrame":
            self._frame(node)
        elif name.startswith(_OPEN_CALLS) or name in ("eval", "to_frame", "set_axis"):
            self._writes.others |= name != "eval" or bool(node.args)

    def _rename(self, node: ast.Call) -> None:
        for word in node.keywords:
            renamed = self._values.of(self._file, word.value) if word.arg == "columns" else None
            if isinstance(renamed, dict):
                for new in renamed.values():
                    self._name(new)
            elif isinstance(renamed, Unknown):
                self._writes.others = True

    def _frame(self, node: ast.Call) -> None:
        data = node.args[0] if node.args else next((w.value for w in node.keywords if w.arg == "data"), None)
        plain = data is None or isinstance(data, ast.Dict | ast.DictComp)
        listed = isinstance(data, ast.List) and all(isinstance(one, ast.Dict) for one in data.elts)
        built = isinstance(data, ast.ListComp) and isinstance(data.elt, ast.Dict)
        appended = isinstance(data, ast.Name) and data.id in self._appended
        self._writes.others |= isinstance(data, ast.DictComp) or not (plain or listed or built or appended)
        for word in node.keywords:
            if word.arg == "columns":
                columns = self._values.of(self._file, word.value)
                for name in columns if isinstance(columns, list) else [columns]:
                    self._name(name)

    def _name(self, name: Any) -> None:
        if isinstance(name, str):
            self._writes.named.add(name)
        elif isinstance(name, Unknown):
            self._writes.others = True


def _of_service(step: ForeignStep, values: Values, writes: Writes) -> None:
    """An embedding service writes the column that its config names; of other services more may come."""
    output: Any = None
    for node in ast.walk(step.call):
        if isinstance(node, ast.keyword) and node.arg == _OUTPUT:
            output = values.of(step.file, node.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == _OUTPUT:
                    output = values.of(step.file, value)
    embeds = step.service.endswith("EmbeddingBatch") or step.service.rpartition("/")[2] in DIMENSIONS
    if isinstance(output, str):
        writes.named.add(output)
    writes.others |= not (embeds and isinstance(output, str))


def _hands_on(package: LintedPackage, values: Values, visit: Visit) -> bool:
    """Whether the function gives the frame to code from elsewhere, which may add columns."""
    for node in own_nodes(visit.function):
        if not isinstance(node, ast.Call) or callee(package, visit, node) is not None:
            continue
        if isinstance(node.func, ast.Name) and node.func.id in _HARMLESS:
            continue
        if any(visit.kind(one) is Kind.FRAME for one in _arguments(node)):
            target = values.of(visit.file, node.func)
            if not (isinstance(target, Imported) and target.dotted.startswith(("pandas.", "numpy."))):
                return True
    return False


def _arguments(node: ast.Call) -> Iterator[ast.expr]:
    yield from node.args
    yield from (word.value for word in node.keywords)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
