"""Checks of realtime.py: the service is found, can be made and called, and answers under the documented keys."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint.contract import ANSWERS
from mixpeek_orchestration.extractors.lint.declared import Declaration
from mixpeek_orchestration.extractors.lint.feature_checks import vector_features
from mixpeek_orchestration.extractors.lint.findings import finding
from mixpeek_orchestration.extractors.lint.literals import ClassOf, Values
from mixpeek_orchestration.extractors.lint.package import REALTIME, LintedPackage
from mixpeek_orchestration.extractors.lint.shapes import (
    Function,
    Shape,
    classes,
    missing_parameters,
    returned,
    returns_nothing,
    shape_of,
    takes,
)

_METHODS: Final = ("infer", "run_inference", "_process_single", "__call__", "predict")
_ENDINGS: Final = ("InferenceService", "RealtimeService", "RealtimeHandler")
_OFFERED: Final = ("container", "secrets")
_BASES: Final = ("InferenceService", "BaseInferenceService")
_EMBEDDERS: Final = frozenset(
    {"SentenceTransformer", "from_pretrained", "prefetch_hf_model", "get_batch_service"}
)
_WRITE: Final = "Define async def infer(self, inputs, parameters)."


def realtime_findings(package: LintedPackage, declared: Declaration, values: Values) -> Iterator[Finding]:
    """What would keep the package from answering queries."""
    tree = package.trees.get(REALTIME)
    if tree is None or "get_inference_service" in values.bindings(REALTIME):
        return
    service = _service(tree, values)
    if service is None:
        if not _comes_from_elsewhere(values):
            message = "realtime.py defines no inference service."
            yield finding(
                "RT003", REALTIME, 1, message, "Write class InferenceService(BaseInferenceService)."
            )
        return
    yield from _made(service)
    method = next((service.methods[name] for name in _METHODS if name in service.methods), None)
    if method is None:
        if service.known and (not service.outside or service.derives_from(*_BASES)):
            found = f"{service.name} has none of {', '.join(_METHODS)}."
            yield finding("RT004", service.defined.file, service.defined.node, found, _WRITE)
        return
    yield from _called(service, method)
    if declared.get("inference_type") in (None, "embedding"):
        yield from _same_model(package)
    yield from _answers(service, method, declared)


def _service(tree: ast.Module, values: Values) -> Shape | None:
    """The class that is served: the last of the module that looks like one, as the host chooses it."""
    shapes = [shape_of(values, one) for one in classes(tree, REALTIME)]
    found = [s for s in shapes if s.name.endswith(_ENDINGS) or s.derives_from(*_BASES)]
    return found[-1] if found else None


def _comes_from_elsewhere(values: Values) -> bool:
    """Whether the module imports a service, or has a class whose bases are not all known."""
    for name in values.bindings(REALTIME):
        value = values.constant(REALTIME, name)
        if isinstance(value, ClassOf):
            shape = shape_of(values, value)
            found = name.endswith(_ENDINGS) or shape.derives_from(*_BASES)
            if found or not shape.known or (shape.outside and value.file != REALTIME):
                return True
    return "*" in values.bindings(REALTIME)


def _made(service: Shape) -> Iterator[Finding]:
    init = service.methods.get("__init__")
    missing = missing_parameters(init[1], 1, _OFFERED) if init and not init[1].decorator_list else []
    if init and missing:
        message = f"The constructor of {service.name} needs {missing[0]!r}, which nobody passes."
        yield finding("RT005", init[0], init[1], message, "Write def __init__(self).")


def _called(service: Shape, method: tuple[str, Function]) -> Iterator[Finding]:
    file, function = method
    if function.decorator_list:
        return
    given = 2 if function.name == "predict" else 3
    missing = missing_parameters(function, given)
    if missing or not takes(function, 2):
        what = "the request" if given == 2 else "inputs and parameters"
        message = f"{service.name}.{function.name} is called with {what}"
        message += f", and needs {missing[0]!r} too." if missing else ", and does not take them."
        fix = "Write def predict(self, request)." if given == 2 else _WRITE.replace("infer", function.name)
        yield finding("RT005", file, function, message, fix)
    if returns_nothing(function):
        message = f"{service.name}.{function.name} returns nothing."
        yield finding("RT006", file, function, message, 'Return a dict, for example {"embedding": […]}.')


def _answers(service: Shape, method: tuple[str, Function], declared: Declaration) -> Iterator[Finding]:
    file, function = method
    accepted = ANSWERS.get(str(declared.get("inference_type")))
    if accepted is None:
        return
    names = {name for name, _ in vector_features(declared) or []}
    wanted = accepted | names | {f"{name}_embedding" for name in names}
    for value in returned(function):
        if not isinstance(value, ast.Dict):
            continue
        keys = [key.value if isinstance(key, ast.Constant) else None for key in value.keys]
        if keys and None not in keys and not wanted & set(keys):
            kind = declared.get("inference_type")
            message = f"{service.name}.{function.name} answers with {', '.join(map(str, keys))}; {kind} needs {_listed(accepted)}."
            yield finding("RT006", file, value, message, f'Return {{"{_first(kind)}": …}}.')


def _same_model(package: LintedPackage) -> Iterator[Finding]:
    """Where both halves load models by literal names of their own, they have one in common."""
    documents = {name for _, tree in package.batch_modules() for name, _ in _models(tree)}
    queries = dict(_models(package.trees[REALTIME]))
    if documents and queries and not documents & queries.keys():
        name, node = next(iter(queries.items()))
        message = f"Queries are embedded with {name}, documents with {' and '.join(sorted(documents))}."
        yield finding(
            "RT007", REALTIME, node, message, "Load the model in one function that both halves import."
        )


def _models(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            value = node.args[0].value
            if name in _EMBEDDERS and isinstance(value, str):
                yield value.rpartition("/")[2], node


def _listed(accepted: frozenset[str]) -> str:
    return " or ".join(sorted(accepted))


def _first(kind: str) -> str:
    return {"embedding": "embedding", "rerank": "scores", "classify": "labels"}.get(kind, "text")
