"""The steps of a package as its pipeline names them, and the functions that a batch is handed to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

from mixpeek_orchestration.extractors.lint.literals import Called, ClassOf, FunctionOf, Imported, Values
from mixpeek_orchestration.extractors.lint.package import PIPELINE, LintedPackage
from mixpeek_orchestration.extractors.lint.shapes import Function, Shape, classes, shape_of

PROCESSORS = ("BatchProcessor", "BaseBatchInferenceService")
METHODS = ("__call__", "process", "_process_batch")


@dataclass(frozen=True)
class ForeignStep:
    """A step whose service is not the package's own: a built-in one, by class name or id, or one of a library."""

    file: str
    call: ast.expr
    service: str


@dataclass(frozen=True)
class Steps:
    """`shapes` and `functions` are the steps that the package defines; `complete` is whether the source shows what
    every step is."""

    shapes: tuple[Shape, ...]
    functions: tuple[tuple[str, Function], ...]
    foreign: tuple[ForeignStep, ...]
    complete: bool


def read_steps(package: LintedPackage, values: Values) -> Steps:
    """The steps that the pipeline names, else the processors that the package defines."""
    shapes: dict[int, Shape] = {}
    plain: list[tuple[str, Function]] = []
    foreign: list[ForeignStep] = []
    complete = True
    for file, call, service in [*_defined(package, values), *_listed(package, values)]:
        if isinstance(service, ClassOf):
            shapes[id(service.node)] = shape_of(values, service)
        elif isinstance(service, FunctionOf):
            plain.append((service.file, service.node))
        elif isinstance(service, Imported):
            foreign.append(ForeignStep(file, call, service.dotted.rpartition(".")[2]))
        elif isinstance(service, Called) and service.target.endswith(".get_batch_service"):
            foreign.append(ForeignStep(file, call, str(next(iter(service.arguments), ""))))
        else:
            complete = False
    if not shapes and not plain and not foreign:
        found = _processors(package, values)
        return Steps(found, (), (), complete=bool(found))
    return Steps(tuple(shapes.values()), tuple(plain), tuple(foreign), complete)


def _defined(package: LintedPackage, values: Values) -> Iterator[tuple[str, ast.expr, Any]]:
    """The services of all StepDefinitions."""
    for file, tree in package.batch_modules():
        for node in ast.walk(tree):
            if _is_definition(node):
                named = (word.value for word in node.keywords if word.arg == "service_class")
                service = node.args[0] if node.args else next(named, None)
                yield file, node, values.of(file, service)


def _listed(package: LintedPackage, values: Values) -> Iterator[tuple[str, ast.expr, Any]]:
    """The steps that pipeline.py lists without a StepDefinition: classes, instances and functions."""
    tree = package.trees.get(PIPELINE)
    nodes = list(ast.walk(tree)) if tree else []
    definitions = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and _is_definition(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for step in _entries(nodes):
        if _is_definition(step) or (isinstance(step, ast.Name) and step.id in definitions):
            continue
        made = values.of(PIPELINE, step.func) if isinstance(step, ast.Call) else None
        yield PIPELINE, step, made if isinstance(made, ClassOf) else values.of(PIPELINE, step)


def _entries(nodes: list[ast.AST]) -> Iterator[ast.expr]:
    """What is written in lists called `steps`."""
    for node in nodes:
        given: list[ast.expr] = []
        if isinstance(node, ast.keyword) and node.arg == "steps":
            given = [node.value]
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            given = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "steps"]
        elif isinstance(node, ast.Assign) and any(_name(target) == "steps" for target in node.targets):
            given = [node.value]
        for value in given:
            yield from value.elts if isinstance(value, ast.List) else ()


def _is_definition(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and _name(node.func) == "StepDefinition"


def _processors(package: LintedPackage, values: Values) -> tuple[Shape, ...]:
    """All classes that look like a processor, where no StepDefinition says which ones are used."""
    shapes = [shape_of(values, one) for file, tree in package.batch_modules() for one in classes(tree, file)]
    return tuple(s for s in shapes if s.derives_from(*PROCESSORS) or "__call__" in s.methods)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
