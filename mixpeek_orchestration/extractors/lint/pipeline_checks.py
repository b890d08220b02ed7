"""Checks of pipeline.py and of the classes that it makes steps of."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint import contract
from mixpeek_orchestration.extractors.lint.declared import Declaration, schema_fields
from mixpeek_orchestration.extractors.lint.findings import finding, shown
from mixpeek_orchestration.extractors.lint.literals import ClassOf, Imported, Values
from mixpeek_orchestration.extractors.lint.package import PIPELINE, LintedPackage
from mixpeek_orchestration.extractors.lint.shapes import (
    Function,
    Shape,
    classes,
    functions,
    missing_parameters,
    own_nodes,
    returned,
    returns_nothing,
    shape_of,
    takes,
)
from mixpeek_orchestration.extractors.lint.steps import PROCESSORS, Steps

_OPTIONS = ("container", "base_steps", "dataset_size", "content_flags")
_CONSTRUCTOR = ("config", "secrets", "container", "llm")
_OF_MODELS = ("dict", "json", "copy", "parse_obj", "schema")
_POSITIONAL = ("service_class", "resource_type")
_KEYS = ("steps", "prepare", "models", "features")
_SIGNATURE = "Write def build_steps(extractor_request, container=None, **kwargs)."


def pipeline_findings(
    package: LintedPackage, declared: Declaration, values: Values, steps: Steps
) -> Iterator[Finding]:
    """What is wrong with how the package wires its steps."""
    tree = package.trees.get(PIPELINE)
    if tree is not None:
        yield from _entry(tree, values)
    for shape in steps.shapes:
        yield from _step(shape)
    for file, module in package.batch_modules():
        yield from _calls(file, module, declared, values)


def _entry(tree: ast.Module, values: Values) -> Iterator[Finding]:
    found = functions(tree)
    build = found.get("build_steps") or found.get("extract")
    if build is None:
        if _may_do_without(tree, values):
            return
        yield finding("PIP001", PIPELINE, 1, "pipeline.py has no function build_steps.", _SIGNATURE)
        return
    missing = missing_parameters(build, 1, _OPTIONS)
    if missing or not takes(build, 1):
        what = f"needs {missing[0]!r}, which nobody passes" if missing else "does not take the request"
        yield finding("PIP002", PIPELINE, build, f"{build.name} {what}.", _SIGNATURE)
    if isinstance(build, ast.AsyncFunctionDef):
        yield finding(
            "PIP003", PIPELINE, build, f"{build.name} is async: its result is a coroutine.", "Write def."
        )
    if returns_nothing(build):
        fix = 'End with return {"steps": build_pipeline_steps(pipeline)}.'
        yield finding("PIP003", PIPELINE, build, f"{build.name} returns nothing.", fix)
    for value in returned(build):
        yield from _result(value, build, found) if isinstance(value, ast.Dict) else ()
    yield from _parameters(build, values)


def _may_do_without(tree: ast.Module, values: Values) -> bool:
    """Whether one processor or builder says enough, or the function comes from somewhere else."""
    names = values.bindings(PIPELINE)
    if names.keys() & {"build_steps", "extract", "*"}:
        return True
    own = list(classes(tree, PIPELINE))
    imported = [values.constant(PIPELINE, name) for name in names]
    shapes = [shape_of(values, one) for one in [*own, *imported] if isinstance(one, ClassOf)]
    return any(s.derives_from(*PROCESSORS, "BaseExtractorBuilder") or not s.known for s in shapes)


def _result(value: ast.Dict, build: Function, found: dict[str, Function]) -> Iterator[Finding]:
    for name, given in zip(value.keys, value.values, strict=True):
        said = name.value if isinstance(name, ast.Constant) else None
        if said == "steps" and isinstance(given, ast.List | ast.Tuple) and not given.elts:
            yield finding(
                "PIP003", PIPELINE, given, f"{build.name} returns no steps.", "Return at least one step."
            )
        if said == "prepare" and not _hands_back(given, found):
            fix = "Do the work in a step, and leave `prepare` out."
            yield finding(
                "PIP011", PIPELINE, given, "`prepare` does not hand the dataset back unchanged.", fix
            )
    keys = [key.value if isinstance(key, ast.Constant) else None for key in value.keys]
    if "steps" not in keys and None not in keys:
        message = f"{build.name} returns a dict without `steps`."
        yield finding("PIP003", PIPELINE, value, message, 'Return {"steps": […]}.')
    for key in keys:
        if key is not None and key not in _KEYS:
            message = f"{build.name} returns the unknown key {shown(key)}."
            yield finding("PIP003", PIPELINE, value, message, f"Its result has the keys {', '.join(_KEYS)}.")


def _hands_back(given: ast.expr, found: dict[str, Function]) -> bool:
    """Whether `prepare` returns its argument, as far as the source shows it."""
    if isinstance(given, ast.Lambda) and given.args.args:
        return isinstance(given.body, ast.Name) and given.body.id == given.args.args[0].arg
    function = found.get(given.id) if isinstance(given, ast.Name) else None
    if function is None or not function.args.args:
        return True
    argument = function.args.args[0].arg
    return all(isinstance(one, ast.Name) and one.id == argument for one in returned(function))


def _parameters(build: Function, values: Values) -> Iterator[Finding]:
    """Attributes that build_steps reads of its parameters, and that their schema does not have."""
    models: dict[str, tuple[str, frozenset[str]]] = {}
    for node in own_nodes(build):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and isinstance(node.targets[0], ast.Name)
        ):
            model = values.of(PIPELINE, node.value.func)
            fields = schema_fields(values, model) if isinstance(model, ClassOf) else None
            if isinstance(model, ClassOf) and fields and _is_model(values, model):
                models[node.targets[0].id] = (model.node.name, fields | shape_of(values, model).members)
    for node in own_nodes(build):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in models:
            name, fields = models[node.value.id]
            if (
                node.attr not in fields
                and not node.attr.startswith(("model_", "_"))
                and node.attr not in _OF_MODELS
            ):
                message = f"{name} has no field {node.attr!r}."
                yield finding("PIP012", PIPELINE, node, message, _near(node.attr, fields))


def _is_model(values: Values, model: ClassOf) -> bool:
    shape = shape_of(values, model)
    return shape.known and shape.derives_from("BaseModel") and len(shape.outside) == 1


def _step(shape: Shape) -> Iterator[Finding]:
    file, node = shape.defined.file, shape.defined.node
    init = shape.methods.get("__init__")
    if init and not init[1].decorator_list:
        # `self` and the config are passed; secrets, container and llm where they are asked for.
        missing = missing_parameters(init[1], 2, _CONSTRUCTOR)
        if missing:
            message = f"The constructor of {shape.name} needs {missing[0]!r}, which nobody passes."
            yield finding("PIP006", init[0], init[1], message, "Write def __init__(self, config, **kwargs).")
    closed = shape.known and not shape.outside
    typed = shape.derives_from(*PROCESSORS)
    wanted = "process" if shape.derives_from("BatchProcessor") else "_process_batch"
    if closed and "__call__" not in shape.methods:
        near = "process" if "process" in shape.methods else next(iter(shape.methods), "")
        fix = "Derive from BatchProcessor." if near == "process" else "Define def __call__(self, batch)."
        yield finding("PIP007", file, node, f"The step {shape.name} cannot be called with a batch.", fix)
    elif (
        shape.known and typed and len(shape.outside) == 1 and not {wanted, "__call__"} & shape.methods.keys()
    ):
        message = f"The step {shape.name} does not define {wanted}(self, batch)."
        yield finding(
            "PIP007", file, node, message, f"Define def {wanted}(self, batch) that returns the batch."
        )


def _calls(file: str, tree: ast.Module, declared: Declaration, values: Values) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _call(file, node, declared, values)
        elif isinstance(node, ast.Attribute):
            yield from _attribute(file, node, values)


def _call(file: str, node: ast.Call, declared: Declaration, values: Values) -> Iterator[Finding]:
    target = values.of(file, node.func)
    name = target.dotted.rpartition(".")[2] if isinstance(target, Imported) else ""
    if name in ("StepDefinition", "PipelineDefinition"):
        yield from _arguments(file, node, name)
    if name == "StepDefinition":
        yield from _literals(file, node, values)
    if name == "PipelineDefinition" and file == PIPELINE:
        yield from _same_name(node, declared, values)
    first = values.of(file, node.args[0]) if node.args else None
    if name == "get_batch_service" and isinstance(first, str) and first not in contract.services():
        yield finding(
            "PIP008",
            file,
            node,
            f"There is no built-in service {first!r}.",
            _near(first, contract.services()),
        )
    if name == "run_tool" and isinstance(first, str) and first not in contract.TOOLS:
        yield finding("PIP010", file, node, f"run_tool does not run {first!r}.", _near(first, contract.TOOLS))


def _arguments(file: str, node: ast.Call, name: str) -> Iterator[Finding]:
    known = contract.definition_arguments(name)
    for word in node.keywords:
        if word.arg is not None and word.arg not in known:
            message = f"{name} has no argument {word.arg!r}."
            yield finding("PIP004", file, word.value, message, _near(word.arg, known))


def _literals(file: str, node: ast.Call, values: Values) -> Iterator[Finding]:
    positional = [ast.keyword(name, one) for name, one in zip(_POSITIONAL, node.args, strict=False)]
    for word in [*positional, *node.keywords]:
        value = values.of(file, word.value)
        if word.arg == "service_class" and isinstance(value, str | int | list | dict):
            message = f"service_class is {shown(value)}, which cannot be called with a batch."
            yield finding(
                "PIP007", file, word.value, message, "Give the class itself: service_class=MyProcessor."
            )
        positive = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if (
            word.arg in ("batch_size", "concurrency")
            and isinstance(value, str | int | float)
            and not positive
        ):
            message = f"{word.arg} is {shown(value)}, not a positive whole number."
            yield finding("PIP004", file, word.value, message, "Write for example 32, or leave it out.")
        if not isinstance(value, str) or isinstance(word.value, ast.Attribute):
            continue  # attributes of ResourceType and RowCondition are looked at where they stand
        last = value.rpartition(".")[2]
        if word.arg == "resource_type" and last.lower() not in contract.RESOURCE_TYPES:
            yield finding(
                "PIP005",
                file,
                word.value,
                f"{shown(value)} is not a resource type.",
                "Write cpu, gpu or api.",
            )
        if word.arg == "condition" and last.upper() not in contract.row_conditions():
            fix = _near(last.upper(), contract.row_conditions())
            yield finding("PIP005", file, word.value, f"{shown(value)} is not a row condition.", fix)


def _attribute(file: str, node: ast.Attribute, values: Values) -> Iterator[Finding]:
    if isinstance(node.value, ast.Name) and node.value.id == "container":
        if (
            node.attr not in contract.CONTAINER
            and not node.attr.startswith("__")
            and isinstance(node.ctx, ast.Load)
        ):
            message = f"The container has no service {node.attr!r}."
            yield finding("PIP009", file, node, message, _near(node.attr, contract.CONTAINER))
        return
    owner = values.of(file, node.value)
    name = owner.dotted.rpartition(".")[2] if isinstance(owner, Imported) else ""
    if name == "RowCondition" and node.attr.isupper() and node.attr not in contract.row_conditions():
        fix = _near(node.attr, contract.row_conditions())
        yield finding("PIP005", file, node, f"RowCondition has no {node.attr}.", fix)
    if name == "ResourceType" and node.attr.isupper() and node.attr.lower() not in contract.RESOURCE_TYPES:
        yield finding("PIP005", file, node, f"ResourceType has no {node.attr}.", "Write CPU, GPU or API.")


def _same_name(node: ast.Call, declared: Declaration, values: Values) -> Iterator[Finding]:
    from mixpeek_orchestration.core.errors import InvalidInput
    from mixpeek_orchestration.core.feature_uri import canonical_version

    said = {word.arg: values.of(PIPELINE, word.value) for word in node.keywords}
    name, version = said.get("name"), said.get("version")
    if isinstance(name, str) and isinstance(declared.name, str) and name != declared.name:
        message = f"The pipeline is named {name!r}, the extractor {declared.name!r}."
        yield finding("MAN018", PIPELINE, node, message, "Take the name from the manifest.")
    manifest_version = declared.get("version")
    if isinstance(version, str) and isinstance(manifest_version, str):
        try:
            differs = canonical_version(version) != canonical_version(manifest_version)
        except InvalidInput:
            return
        if differs:
            message = f"The pipeline has version {version!r}, the manifest {manifest_version!r}."
            yield finding("MAN018", PIPELINE, node, message, "Take the version from the manifest.")


def _near(value: str, known: tuple[str, ...] | frozenset[str]) -> str:
    close = difflib.get_close_matches(value, known, n=1, cutoff=0.5)
    listed = ", ".join(sorted(known))
    return f"Did you mean {close[0]!r}? There are: {listed}." if close else f"There are: {listed}."
