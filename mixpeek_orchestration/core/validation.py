"""From a failed pydantic validation to an error of ours: field, value seen, what to do. One for every door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from mixpeek_orchestration.core.errors import InvalidInput, UnknownField, Unsupported

Model = TypeVar("Model", bound=BaseModel)
# Pydantic's own type for a field that must stay null: whoever translates its errors knows one word for all of them.
UNSUPPORTED = "none_required"


def unsupported(what: str, instead: str) -> PydanticCustomError:
    """The error to raise inside a validator for something documented that is not built yet."""
    return PydanticCustomError(
        UNSUPPORTED, "{what} is documented but not built yet; {instead}", {"what": what, "instead": instead}
    )


def _refused_unless_off(value: object) -> None:
    if value in (None, False, [], {}):
        return
    raise unsupported("this", "leave it out")


Later = Annotated[
    None,
    BeforeValidator(_refused_unless_off),
    WithJsonSchema({"enum": [None, False, [], {}]}),
    Field(description="Known to the contract, not built yet: leave it out."),
]
"""A field that is documented but not built: only values that ask for nothing pass."""


def validated(
    model: type[Model], data: object, *, at: str = "", context: Mapping[str, Any] | None = None
) -> Model:
    """`data` as a `model`; raises `InvalidInput` (or a subclass) about the first thing that is wrong."""
    try:
        return model.model_validate(data, context=dict(context or {}))
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise from_problems(problems, at=at, known=sorted(model.model_fields)) from None


def joined_path(*parts: object) -> str:
    """A path in dotted form, without the parts that are empty."""
    return ".".join(str(part) for part in parts if part != "")


def from_problems(problems: Sequence[Any], *, at: str = "", known: Sequence[str] = ()) -> InvalidInput:
    """The error for pydantic's list of problems; all fields concerned are listed in `fields`.

    `known` are the fields of the outermost model, to be told when one of them was misspelt.
    """
    first = problems[0]
    path = joined_path(at, *first["loc"])
    fields = [joined_path(at, *problem["loc"]) for problem in problems]
    kind, value = first["type"], first.get("input")
    if kind == "extra_forbidden":
        fix = (
            f"Known here: {', '.join(known)}." if known and len(first["loc"]) == 1 else "Remove or rename it."
        )
        return UnknownField(
            f"The field {path!r} is not known.", field=path, value=value, fix=fix, fields=fields
        )
    if kind == UNSUPPORTED:
        said = first.get("ctx") or {"what": "this", "instead": "leave it out"}
        return Unsupported(
            f"{path}: {said['what']} is documented but not built yet.",
            field=path,
            value=value,
            fix=f"{said['instead'][:1].upper()}{said['instead'][1:]}.",
            fields=fields,
        )
    if kind == "missing":
        return InvalidInput(f"The field {path!r} is missing.", field=path, fix="Add it.", fields=fields)
    message = first["msg"].removeprefix("Value error, ")
    return InvalidInput(
        f"{path or 'The input'}: {message}.",
        field=path or None,
        value=value,
        fix=_advice(message),
        fields=fields,
    )


def _advice(message: str) -> str:
    """What to do about pydantic's message, which mostly says what it should be."""
    wanted = message.removeprefix("Input should be ")
    return "Correct it as the message says." if wanted == message else f"Send {wanted}."
