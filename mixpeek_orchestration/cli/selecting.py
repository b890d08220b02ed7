"""What commands take to say which part of a source they mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mixpeek_orchestration.core.selection import Selection

Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="Only source objects with this: `field=value`, or filters as JSON. Several all have to hold.",
    ),
]
ObjectIds = Annotated[
    list[str] | None, typer.Option("--object-id", help="Only this source object; can be given several times.")
]
Limit = Annotated[
    int, typer.Option("--limit", min=0, help="Only the first so many source objects with something to run.")
]
Sample = Annotated[
    int,
    typer.Option("--sample", min=0, help="Only so many source objects, spread evenly: to learn the price."),
]
Force = Annotated[bool, typer.Option("--force", help="Also what is up to date.")]


def selection_of(
    *,
    filters: list[str] | None,
    object_ids: list[str] | None,
    limit: int = 0,
    sample: int = 0,
    force: bool = False,
) -> Selection:
    """The selection that options describe."""
    from mixpeek_orchestration.core.selection import Selection

    return Selection(
        object_ids=tuple(object_ids or ()),
        filters=read_filters(filters or []),
        limit=limit,
        sample=sample,
        force=force,
    )


def read_filters(said: list[str]) -> dict[str, Any] | None:
    """The filters that options say, all of which have to hold; raises `InvalidInput` for what is neither."""
    parts = [_filter(one) for one in said]
    if len(parts) <= 1:
        return parts[0] if parts else None
    return {"AND": parts}


def _filter(said: str) -> dict[str, Any]:
    from mixpeek_orchestration.core.errors import InvalidInput

    if said.lstrip().startswith("{"):
        try:
            found: dict[str, Any] = json.loads(said)
        except ValueError as error:
            raise InvalidInput(
                f"The filter is not JSON: {error}.",
                field="--filter",
                value=said,
                fix="Check quotes and braces.",
            ) from error
        return found
    field, sign, value = said.partition("=")
    if not sign or not field.strip():
        raise InvalidInput(
            "The filter names no field.", field="--filter", value=said, fix="Write field=value, or JSON."
        )
    return {"AND": [{"field": field.strip(), "operator": "eq", "value": _value(value.strip())}]}


def _value(text: str) -> Any:
    """Numbers and truth values as such, everything else as text; quotes make text of anything."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool) else text
