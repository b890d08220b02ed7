"""Checks of columns: what the manifest promises is written, and what steps read is there."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from mixpeek_orchestration.core.document import is_reserved
from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint.contract import COLUMNS, OLDER_COLUMNS
from mixpeek_orchestration.extractors.lint.declared import Declaration, schema_fields
from mixpeek_orchestration.extractors.lint.feature_checks import vector_features
from mixpeek_orchestration.extractors.lint.findings import finding
from mixpeek_orchestration.extractors.lint.frames import Kind, Visit
from mixpeek_orchestration.extractors.lint.literals import UNKNOWN, Values
from mixpeek_orchestration.extractors.lint.package import MANIFEST
from mixpeek_orchestration.extractors.lint.shapes import own_nodes
from mixpeek_orchestration.extractors.lint.writes import Writes

_LOOPS: Final = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
_MISSING: Final = frozenset({"KeyError", "LookupError", "Exception"})


def column_findings(
    declared: Declaration, values: Values, writes: Writes, visits: Sequence[Visit]
) -> Iterator[Finding]:
    """Outputs that no step writes, and columns that a step reads and nobody writes."""
    if not visits:
        return
    yield from _vectors(declared, writes)
    inputs = schema_fields(values, declared.get("input_schema"))
    yield from _outputs(declared, values, writes, inputs)
    for visit in visits:
        yield from _reserved(values, visit)
        if inputs is not None:
            yield from _reads(values, writes, visit, inputs)


def _vectors(declared: Declaration, writes: Writes) -> Iterator[Finding]:
    for name, line in vector_features(declared) or []:
        if writes.others or {name, f"{name}_embedding"} & writes.all:
            continue
        written = sorted(writes.stores)
        close = difflib.get_close_matches(name, written, n=1, cutoff=0.3)
        instead = f" It writes {', '.join(written)}." if written else ""
        message = f"No step writes the column {name} (or {name}_embedding) of the feature.{instead}"
        fix = f'Write batch["{name}"] = …' + (f' instead of batch["{close[0]}"].' if close else ".")
        yield finding("COL001", MANIFEST, line, message, fix)


def _outputs(
    declared: Declaration, values: Values, writes: Writes, inputs: frozenset[str] | None
) -> Iterator[Finding]:
    outputs = schema_fields(values, declared.get("output_schema", UNKNOWN))
    vectors = vector_features(declared)
    if writes.others or outputs is None or vectors is None or inputs is None:
        return
    names = {name for name, _ in vectors}
    there = writes.all | COLUMNS | inputs | names | {f"{name}_embedding" for name in names}
    # One vector may be described under the generic name, as the documentation does it.
    there |= {"embedding", "vector"} if names else set()
    for output in sorted(outputs - there):
        message = f"No step writes the output {output}."
        fix = f'Write batch["{output}"], or take it out of output_schema.'
        yield finding("COL002", MANIFEST, declared.line("output_schema"), message, fix)


def _reserved(values: Values, visit: Visit) -> Iterator[Finding]:
    dropped = {
        inner.value
        for node in own_nodes(visit.function)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("drop", "pop")
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant)
    }
    for node in own_nodes(visit.function):
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Store):
            continue
        name = values.of(visit.file, node.slice)
        if not isinstance(name, str) or not is_reserved(name) or name in dropped:
            continue
        if visit.kind(node.value) is Kind.FRAME:
            message = f"The column {name} is reserved."
            yield finding("COL005", visit.file, node, message, "Give it a name without `_` before it.")


def _reads(values: Values, writes: Writes, visit: Visit, inputs: frozenset[str]) -> Iterator[Finding]:
    there = COLUMNS | OLDER_COLUMNS | inputs | _asked_for(values, visit)
    if _catches_missing(visit):
        return
    in_loops = {id(i) for n in own_nodes(visit.function) if isinstance(n, _LOOPS) for i in ast.walk(n)}
    for node, name in sorted(_read_columns(values, visit), key=lambda read: read[0].lineno):
        if name in there:
            continue
        stores = writes.stores.get(name, [])
        if name not in writes.all:
            if not writes.others:
                yield _nobody_writes(visit, node, name, inputs)
            continue
        later = stores and all(file == visit.file and line > node.lineno for file, line in stores)
        here = all(visit.function.lineno <= line <= (visit.function.end_lineno or 0) for _, line in stores)
        if later and here and name not in writes.named and id(node) not in in_loops:
            message = f"The column {name} is read here and first written in line {stores[0][1]}."
            yield finding("COL004", visit.file, node, message, "Write it first.")


def _nobody_writes(visit: Visit, node: ast.expr, name: str, inputs: frozenset[str]) -> Finding:
    fields = ", ".join(sorted(inputs))
    aliases = f", and the fields of input_schema: {fields}" if fields else "; input_schema has no fields"
    message = f"The column {name} is read, and nobody writes it. A batch has data{aliases}."
    fix = 'Read batch["data"]: it holds the text, or the URL of a file.'
    return finding("COL003", visit.file, node, message, fix)


def _read_columns(values: Values, visit: Visit) -> Iterator[tuple[ast.expr, str]]:
    for node in own_nodes(visit.function):
        if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
            continue
        if visit.kind(node.value) not in (Kind.FRAME, Kind.ROW) or isinstance(node.value, ast.Attribute):
            continue
        names = _texts(values.of(visit.file, node.slice))
        yield from ((node, name) for name in names)


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _asked_for(values: Values, visit: Visit) -> set[str]:
    """Columns that the function asks for before it uses them: `"x" in batch`, `batch.columns`."""
    return {
        name
        for node in own_nodes(visit.function)
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.In | ast.NotIn) for op in node.ops)
        for name in _texts(values.of(visit.file, node.left))
    }


def _catches_missing(visit: Visit) -> bool:
    handlers = (node for node in own_nodes(visit.function) if isinstance(node, ast.ExceptHandler))
    return any(handler.type is None or _MISSING & _names(handler.type) for handler in handlers)


def _names(node: ast.expr) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
