"""Checks of processors: they can be called, hand the batch on, raise what goes wrong, and work on whole batches."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.lint.findings import finding
from mixpeek_orchestration.extractors.lint.frames import Kind, Visit, callee, row_loops
from mixpeek_orchestration.extractors.lint.package import LintedPackage
from mixpeek_orchestration.extractors.lint.shapes import (
    Function,
    missing_parameters,
    own_nodes,
    returns_nothing,
    takes,
)
from mixpeek_orchestration.extractors.lint.steps import METHODS, PROCESSORS, Steps

_MODEL: Final = re.compile(
    r"(^|_)(model|models|encoder|embedder|classifier|pipe|pipeline|llm|client|session)$"
)
_TOKENIZER: Final = re.compile(r"(^|_)tokenizer$")
_SETTINGS: Final = frozenset(
    {
        *(
            "to",
            "eval",
            "train",
            "cuda",
            "cpu",
            "half",
            "parameters",
            "get",
            "decode",
            "keys",
            "items",
            "append",
        ),
        *(
            "config",
            "close",
            "join",
            "split",
            "lower",
            "strip",
            "replace",
            "format",
            "tolist",
            "numpy",
            "detach",
        ),
    }
)
_INFERENCE: Final = frozenset(
    {
        *("get_image_features", "get_text_features", "encode_image", "encode_text", "embed_documents"),
        *("embed_query", "generate_content", "transcribe"),
    }
)
_CLIENTS: Final = frozenset({"requests", "httpx", "openai", "anthropic"})
_VERBS: Final = frozenset({"get", "post", "put", "request", "patch", "head", "create"})
_LOADERS: Final = frozenset(
    {
        *("from_pretrained", "SentenceTransformer", "CrossEncoder", "InferenceSession", "WhisperModel"),
        *("load_hf_model", "load_namespace_model", "load_custom_model", "YOLO"),
    }
)
_NO_FRAMES_NAMES: Final = {
    ast.List: "a list",
    ast.ListComp: "a list",
    ast.GeneratorExp: "a generator",
    ast.Tuple: "a tuple",
    ast.Set: "a set",
    ast.SetComp: "a set",
    ast.JoinedStr: "text",
    ast.Constant: "a constant",
}
_NO_FRAMES: Final = tuple(_NO_FRAMES_NAMES)
_BROAD: Final = frozenset({"Exception", "BaseException"})
_AT_ONCE: Final = "Collect the rows in a list and call it once: self._model.encode(texts)."


def batch_findings(package: LintedPackage, steps: Steps, visits: Sequence[Visit]) -> Iterator[Finding]:
    """What is wrong, or slow, in what the package does with batches."""
    yield from _methods(steps)
    for visit in visits:
        yield from _loops(package, visit)
        yield from _applied(package, visit)
        yield from _edits(visit)
        if visit.is_entry:
            yield from _loads(visit)
    for file, tree in package.batch_modules():
        yield from _swallowed(file, tree)
    for file, tree in package.trees.items():
        yield from _at_import(file, tree)


def _methods(steps: Steps) -> Iterator[Finding]:
    methods = [
        (file, function, 2)
        for shape in steps.shapes
        for name in METHODS
        if name in shape.methods
        for file, function in [shape.methods[name]]
        if not function.decorator_list
    ]
    setups = [
        shape.methods["setup"]
        for shape in steps.shapes
        if "setup" in shape.methods and shape.derives_from(*PROCESSORS)
    ]
    for file, function in setups:
        if isinstance(function, ast.AsyncFunctionDef):
            yield finding(
                "BAT002", file, function, "setup is async, and nobody awaits it.", "Write def setup(self)."
            )
    for file, function, given in [*methods, *((file, function, 1) for file, function in steps.functions)]:
        missing = missing_parameters(function, given)
        if missing or not takes(function, given):
            what = f"needs {missing[0]!r} besides the batch" if missing else "does not take the batch"
            fix = f"Write def {function.name}({'self, ' if given == 2 else ''}batch)."
            yield finding("BAT003", file, function, f"{function.name} {what}.", fix)
        if isinstance(function, ast.AsyncFunctionDef):
            fix = "Write def, and make asynchronous calls with concurrent_api_calls from the SDK."
            yield finding("BAT002", file, function, f"{function.name} is async.", fix)
        elif returns_nothing(function):
            yield finding(
                "BAT001", file, function, f"{function.name} returns nothing.", "End with return batch."
            )
        else:
            yield from _results(file, function)


def _results(file: str, function: Function) -> Iterator[Finding]:
    """What a processor returns besides batches."""
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function)):
        return
    for statement in own_nodes(function):
        if not isinstance(statement, ast.Return):
            continue
        value = statement.value
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            message = f"{function.name} returns nothing here."
            yield finding(
                "BAT001", file, statement, message, "Return the batch, also when there is nothing to do."
            )
        elif isinstance(value, _NO_FRAMES):
            message = f"{function.name} returns {_NO_FRAMES_NAMES[type(value)]}."
            yield finding("BAT005", file, statement, message, "Assign it to a column and return the batch.")


def _loops(package: LintedPackage, visit: Visit) -> Iterator[Finding]:
    for loop, over, body in row_loops(visit):
        calls = [call for part in body for call in ast.walk(part) if isinstance(call, ast.Call)]
        for call in calls:
            if _is_tokenizing(call):
                message = f"{_called(call)} is called for each row."
                fix = "Give the tokenizer the whole list: self._tokenizer(texts)."
                yield finding("SEQ003", visit.file, call, message, fix)
                continue
            through = _through(package, visit, call)
            if not _is_model_call(call) and not through:
                continue
            is_iterrows = isinstance(over, ast.Call) and getattr(over.func, "attr", "") == "iterrows"
            rule = "SEQ002" if is_iterrows else "SEQ001"
            message = (
                f"{_called(call)} is called for each row (the loop in line {getattr(loop, 'lineno', 0)})"
            )
            message += f"; it calls {through}." if through else "."
            yield finding(rule, visit.file, call, message, _fix(call, through))


def _through(package: LintedPackage, visit: Visit, call: ast.Call) -> str:
    """The model call inside the package's own function that is called, if there is one."""
    target = callee(package, visit, call)
    if target is None or target[1] is visit.function:
        return ""
    inside = (node for node in own_nodes(target[1]) if isinstance(node, ast.Call) and _is_model_call(node))
    return next((_called(node) for node in inside), "")


def _fix(call: ast.Call, through: str) -> str:
    name = through or _called(call)
    if name.partition(".")[0] in _CLIENTS or "llm" in name or "client" in name:
        return "Make the calls together: concurrent_api_calls(texts, analyze, max_concurrent=10)."
    return _AT_ONCE


def _applied(package: LintedPackage, visit: Visit) -> Iterator[Finding]:
    """Models inside `.apply(…)` and `.map(…)`, which are loops too."""
    for node in own_nodes(visit.function):
        match node:
            case ast.Call(func=ast.Attribute(value=rows, attr="apply" | "map" as how), args=[given, *_]):
                if visit.kind(rows) is not None:
                    yield from _applied_function(package, visit, node, how, given)


def _applied_function(
    package: LintedPackage, visit: Visit, node: ast.Call, how: str, given: ast.expr
) -> Iterator[Finding]:
    calls = [one for one in ast.walk(given) if isinstance(one, ast.Call)]
    if isinstance(given, ast.Attribute | ast.Name):
        calls.append(ast.Call(func=given, args=[], keywords=[]))
    for call in calls:
        through, tokenizing = _through(package, visit, call), _is_tokenizing(call)
        if tokenizing or through or _is_model_call(call):
            message = f"{through or _called(call)} is called for each row (through .{how})."
            rule = "SEQ003" if tokenizing else "SEQ001"
            yield finding(rule, visit.file, node, message, _fix(call, through))


def _edits(visit: Visit) -> Iterator[Finding]:
    loops = (node for node in own_nodes(visit.function) if isinstance(node, ast.For | ast.While))
    stores = {
        id(node): node
        for loop in loops
        for node in ast.walk(loop)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    }
    for node in stores.values():
        by_index = isinstance(node.value, ast.Attribute) and node.value.attr in ("at", "iat", "loc", "iloc")
        if by_index and isinstance(node.value, ast.Attribute) and visit.kind(node.value.value) is Kind.FRAME:
            message = f"{ast.unparse(node.value)}[…] is assigned in a loop."
            fix = 'Collect the values in a list and assign the column once: batch["x"] = values.'
            yield finding("SEQ004", visit.file, node, message, fix)


def _loads(visit: Visit) -> Iterator[Finding]:
    for node in _unconditional(visit.function.body):
        if isinstance(node, ast.Call) and _last(node.func) in _LOADERS:
            message = f"{_called(node)} runs for every batch."
            fix = "Load it in setup(), or keep it: if self._model is None: self._model = …"
            yield finding("SEQ005", visit.file, node, message, fix)


def _at_import(file: str, tree: ast.Module) -> Iterator[Finding]:
    for node in _unconditional(tree.body):
        if not isinstance(node, ast.Call):
            continue
        requests = (
            isinstance(node.func, ast.Attribute) and node.func.attr in _VERBS and _root(node.func) in _CLIENTS
        )
        if requests or _last(node.func) in _LOADERS:
            message = f"{_called(node)} runs when {file} is imported."
            yield finding("SEQ006", file, node, message, "Do it in setup(), or on first use.")


def _unconditional(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """What runs whenever the body runs: nothing under a condition, and no function inside."""
    waiting: list[ast.AST] = list(body)
    skipped = (ast.If, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.IfExp, ast.BoolOp)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, skipped):
            yield node
            waiting += ast.iter_child_nodes(node)


def _swallowed(file: str, tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        broad = node.type is None or (isinstance(node.type, ast.Name) and node.type.id in _BROAD)
        silent = all(
            isinstance(one, ast.Pass | ast.Continue)
            or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
            for one in node.body
        )
        if broad and silent:
            fix = "Let it rise: it costs this row only. Catch what you can act on, by its class."
            yield finding("BAT004", file, node, "Every error is caught and forgotten.", fix)


def _is_model_call(call: ast.Call) -> bool:
    func = call.func
    if isinstance(func, ast.Name):
        return bool(_MODEL.search(func.id))
    if not isinstance(func, ast.Attribute):
        return False
    receiver = _last(func.value)
    if func.attr in _INFERENCE:
        return True
    if receiver in _CLIENTS or _root(func) in _CLIENTS:
        return func.attr in _VERBS
    if _MODEL.search(receiver.lower()):
        return func.attr not in _SETTINGS
    # self._model(...): the attribute itself is the model.
    return bool(_MODEL.search(func.attr)) and _last(func.value) == "self"


def _is_tokenizing(call: ast.Call) -> bool:
    func = call.func
    if _TOKENIZER.search(_last(func)):
        return True
    methods = ("encode", "encode_plus", "tokenize", "__call__")
    return (
        isinstance(func, ast.Attribute)
        and func.attr in methods
        and bool(_TOKENIZER.search(_last(func.value)))
    )


def _called(call: ast.Call) -> str:
    text = ast.unparse(call.func)
    return text if len(text) <= 60 else f"…{text[-57:]}"


def _last(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
