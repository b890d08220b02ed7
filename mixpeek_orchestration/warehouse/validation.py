"""From a failed pydantic validation to an error of ours: field, value seen, what to do."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mixpeek_orchestration.core.errors import InvalidInput, UnknownField, Unsupported

Model = TypeVar("Model", bound=BaseModel)


def parsed(model: type[Model], data: Any, *, at: str = "") -> Model:
    """`data` as a `model`; raises `InvalidInput` (or a subclass) about the first thing that is wrong."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise from_validation_error(error.errors(include_url=False, include_context=False), at=at) from error


def from_validation_error(problems: list[Any], *, at: str = "") -> InvalidInput:
    """The error for pydantic's list of problems; all fields concerned are listed in `fields`."""
    first = problems[0]
    path = ".".join(str(part) for part in (at, *first["loc"]) if part != "")
    everything = [".".join(map(str, problem["loc"])) for problem in problems]
    kind, message = first["type"], first["msg"].removeprefix("Value error, ")
    value = first.get("input")
    if kind == "extra_forbidden":
        return UnknownField(
            f"The field {path!r} is not known.",
            field=path,
            value=value,
            fix="Remove or rename it.",
            fields=everything,
        )
    if kind == "none_required":
        return Unsupported(
            f"The field {path!r} is known to the contract but not built yet.",
            field=path,
            value=value,
            fix="Leave it out.",
            fields=everything,
        )
    if kind == "missing":
        return InvalidInput(f"The field {path!r} is missing.", field=path, fix="Add it.", fields=everything)
    return InvalidInput(
        f"{path or 'The input'}: {message}.", field=path, value=value, fix=_advice(message), fields=everything
    )


def _advice(message: str) -> str:
    """What to do about pydantic's message, which mostly says what it should be."""
    wanted = message.removeprefix("Input should be ")
    return "Correct it as the message says." if wanted == message else f"Send {wanted}."
