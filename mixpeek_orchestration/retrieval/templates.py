"""Templates in stage parameters: `{{INPUT.query}}`, rendered once, in a sandbox, with nothing but the inputs in sight.

A value that is one expression and nothing else keeps the type of what it refers to. What a caller sends is never
read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mixpeek_orchestration.core.errors import InvalidInput, Unsupported

_INPUT = frozenset({"input", "inputs"})
_LATER = frozenset({"doc", "context", "stage", "secret", "secrets"})
_PURE = re.compile(r"^\s*\{\{-?(?P<expression>.*?)-?\}\}\s*$", re.DOTALL)
# A retriever is a saved search, not a program: what could run for long is not in the language.
_REFUSED: tuple[type[nodes.Node], ...] = (
    nodes.For,
    nodes.Macro,
    nodes.CallBlock,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Extends,
    nodes.Pow,
    nodes.Mul,
)


class _Names:
    """A namespace whose only attributes are the names in it, so that an input may be called `items` or `keys`."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]


class _CaseInsensitive(Context):
    """Finds `INPUT`, `inputs` and `Input` alike."""

    def resolve_or_missing(self, key: str) -> Any:
        return super().resolve_or_missing("input" if key.lower() in _INPUT else key)


class _Environment(ImmutableSandboxedEnvironment):
    context_class = _CaseInsensitive


@cache
def _environment() -> _Environment:
    return _Environment(undefined=StrictUndefined, autoescape=False)


def is_template(value: object) -> bool:
    """Whether a value is text with a template in it."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> nodes.Template:
    return _environment().parse(text)


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Callable[[Mapping[str, Any]], Any]:
    """What renders `text` with given inputs."""
    environment = _environment()
    pure = _PURE.match(text)
    if pure and _is_one_expression(_parsed(text)):
        evaluate = environment.compile_expression(pure["expression"], undefined_to_none=False)
        return lambda inputs: evaluate(input=_Names(inputs))
    template = environment.from_string(text)
    return lambda inputs: template.render(input=_Names(inputs))


def _is_one_expression(template: nodes.Template) -> bool:
    if len(template.body) != 1 or not isinstance(template.body[0], nodes.Output):
        return False
    parts = [node for node in template.body[0].nodes if not _is_blank(node)]
    return len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData)


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.TemplateData) and not node.data.strip()


def check_templates(value: object, *, at: str) -> None:
    """Nothing, if every template in `value` can be rendered one day; raises `InvalidInput` naming the first that
    cannot, `Unsupported` for one that needs a namespace that is not built yet."""
    for path, text in _texts(value, at):
        try:
            tree = _parsed(text)
        except TemplateSyntaxError as error:
            raise InvalidInput(
                f"{path} is not a template: {error.message}.",
                field=path,
                value=text,
                fix="Write {{INPUT.<name>}}.",
            ) from None
        _check_names(tree, path, text)
        if next(tree.find_all(_REFUSED), None) is not None:
            raise InvalidInput(
                f"{path} has a loop, a macro, an include or a multiplication, which templates may not have.",
                field=path,
                value=text,
                fix="Use expressions, filters and conditions only.",
            )


def _check_names(tree: nodes.Template, path: str, text: str) -> None:
    for name in (node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"):
        if name.lower() in _LATER:
            raise Unsupported(
                f"{path} uses {name}, which is documented but not built yet.",
                field=path,
                value=text,
                fix="Use {{INPUT.<name>}}.",
            )
        if name.lower() not in _INPUT:
            raise InvalidInput(
                f"{path} uses {name!r}, which is not a namespace of templates.",
                field=path,
                value=text,
                fix=f"Write {{{{INPUT.{name}}}}} for the input of that name.",
            )


def inputs_used(value: object) -> set[str]:
    """The names of the inputs that templates in `value` refer to."""
    used: set[str] = set()
    for _, text in _texts(value, ""):
        tree = _parsed(text)
        for attribute in tree.find_all(nodes.Getattr):
            if isinstance(attribute.node, nodes.Name) and attribute.node.name.lower() in _INPUT:
                used.add(attribute.attr)
        for item in tree.find_all(nodes.Getitem):
            if isinstance(item.node, nodes.Name) and isinstance(item.arg, nodes.Const):
                used.add(str(item.arg.value))
    return used


class _Absent:
    """Stands for the value of a template that refers to an optional input which was not sent."""


_ABSENT: Final = _Absent()


def rendered(
    value: Any, inputs: Mapping[str, Any], *, at: str, optional: frozenset[str] = frozenset()
) -> Any:
    """`value` with every template in it replaced; raises `InvalidInput` naming the input that is missing.

    A field whose whole value is an `optional` input that was not sent is left out, so that its default holds.
    """
    if isinstance(value, Mapping):
        parts = {k: rendered(part, inputs, at=f"{at}.{k}", optional=optional) for k, part in value.items()}
        return {key: part for key, part in parts.items() if part is not _ABSENT}
    if isinstance(value, list | tuple):
        parts_in_order = [
            rendered(part, inputs, at=f"{at}.{i}", optional=optional) for i, part in enumerate(value)
        ]
        return [part for part in parts_in_order if part is not _ABSENT]
    return _rendered_text(value, inputs, at, optional) if is_template(value) else value


def _rendered_text(text: str, inputs: Mapping[str, Any], at: str, optional: frozenset[str]) -> Any:
    try:
        result = _compiled(text)(inputs)
        if not isinstance(result, Undefined):
            return result
    except UndefinedError:
        pass  # told below, by the name of the input
    except (SecurityError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise InvalidInput(f"{at} could not be rendered: {error}.", field=at, value=text) from None
    missing = inputs_used(text) - set(inputs)
    if missing and missing <= optional and _PURE.match(text):
        return _ABSENT
    raise _missing(text, sorted(missing), at)


def _missing(text: str, missing: Sequence[str], at: str) -> InvalidInput:
    named = f"the input {missing[0]!r}" if missing else "something that the inputs do not have"
    return InvalidInput(
        f"{at} needs {named}.",
        field=f"inputs.{missing[0]}" if missing else at,
        value=text,
        fix="Send it in `inputs`, or give it a default.",
    )


def _texts(value: object, at: str) -> list[tuple[str, str]]:
    """Every text with a template in it, with its path."""
    if isinstance(value, Mapping):
        return [found for key, part in value.items() for found in _texts(part, f"{at}.{key}")]
    if isinstance(value, list | tuple):
        return [found for index, part in enumerate(value) for found in _texts(part, f"{at}.{index}")]
    return [(at, value)] if isinstance(value, str) and is_template(value) else []
