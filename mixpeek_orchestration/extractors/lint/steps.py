"""The steps of a package as its pipeline names them, and the functions that a batch is handed to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mixpeek_orchestration.extractors.lint.literals import UNKNOWN, ClassOf, Imported, Values
from mixpeek_orchestration.extractors.lint.package import PIPELINE, LintedPackage
from mixpeek_orchestration.extractors.lint.shapes import Function, Shape, classes, functions, shape_of

PROCESSORS = ("BatchProcessor", "BaseBatchInferenceService")
METHODS = ("__call__", "process", "_process_batch")


@dataclass(frozen=True)
class Steps:
    """`shapes` are the step classes that the package defines. `foreign` are steps from elsewhere, with the calls that
    define them; `complete` is whether the source shows what every step is."""

    shapes: tuple[Shape, ...]
    functions: tuple[tuple[str, Function], ...]
    foreign: tuple[ast.Call, ...]
    complete: bool


def read_steps(package: LintedPackage, values: Values) -> Steps:
    """The steps named in the StepDefinitions of all modules, else the processors that pipeline.py defines."""
    shapes: dict[int, Shape] = {}
    plain: list[tuple[str, Function]] = []
    foreign: list[ast.Call] = []
    complete = True
    for file, call, service in _definitions(package, values):
        if isinstance(service, ClassOf):
            shapes[id(service.node)] = shape_of(values, service)
        elif isinstance(service, Imported):
            foreign.append(call)
        else:
            function = _function(package, file, call)
            plain += [function] if function else []
            complete &= function is not None
    if not shapes and not plain and not foreign:
        found = _processors(package, values)
        return Steps(found, (), (), complete=bool(found))
    return Steps(tuple(shapes.values()), tuple(plain), tuple(foreign), complete and not _other_steps(package))


def _definitions(package: LintedPackage, values: Values) -> Iterator[tuple[str, ast.Call, Any]]:
    for file, tree in package.batch_modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) == "StepDefinition":
                named = (word.value for word in node.keywords if word.arg == "service_class")
                service = node.args[0] if node.args else next(named, None)
                yield file, node, values.of(file, service) if service is not None else UNKNOWN


def _function(package: LintedPackage, file: str, call: ast.Call) -> tuple[str, Function] | None:
    named = [word.value for word in call.keywords if word.arg == "service_class"]
    service = [*call.args[:1], *named][0] if call.args or named else None
    found = functions(package.trees[file]).get(service.id) if isinstance(service, ast.Name) else None
    return (file, found) if found else None


def _processors(package: LintedPackage, values: Values) -> tuple[Shape, ...]:
    """All classes that look like a processor, where no StepDefinition says which ones are used."""
    shapes = [shape_of(values, one) for file, tree in package.batch_modules() for one in classes(tree, file)]
    return tuple(s for s in shapes if s.derives_from(*PROCESSORS) or "__call__" in s.methods)


def _other_steps(package: LintedPackage) -> bool:
    """Whether pipeline.py may add steps that are no StepDefinition: instances, classes, functions."""
    tree = package.trees.get(PIPELINE)
    nodes = list(ast.walk(tree)) if tree else []
    given = [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "steps"]
    for node in nodes:
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            given += [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "steps"]
    listed = [one for value in given if isinstance(value, ast.List) for one in value.elts]
    return any(not (isinstance(one, ast.Call) and _name(one.func) == "StepDefinition") for one in listed)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
