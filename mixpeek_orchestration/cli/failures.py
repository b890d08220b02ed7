"""`mixpeek failures`: what failed, in groups and item by item."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mixpeek_orchestration.cli.work import Namespace

if TYPE_CHECKING:
    from mixpeek_orchestration.core.collection import Collection
    from mixpeek_orchestration.core.failure import FailureGroup
    from mixpeek_orchestration.core.ports.failures import Failure
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

_WORDS: Final = {
    "class": "error_class",
    "step": "step",
    "extractor": "extractor",
    "kind": "kind",
    "batch": "batch_id",
    "generation": "generation_id",
}


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(failures)


def failures(
    collection: Annotated[
        str | None, typer.Argument(help="Collection, by name or id; all without it.")
    ] = None,
    open_only: Annotated[
        bool, typer.Option("--open/--all", help="Only what is open, or also what was resolved.")
    ] = True,
    by: Annotated[str, typer.Option("--by", help=f"Group by some of {', '.join(_WORDS)}, with commas.")] = (
        "class,step,extractor,kind"
    ),
    limit: Annotated[
        int, typer.Option("--limit", min=0, max=1000, help="How many failures to list below the groups.")
    ] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print groups and failures as JSON.")] = False,
    namespace: Namespace = "default",
) -> None:
    """Show what failed: groups with their counts, and the newest failures one by one."""
    from mixpeek_orchestration.cli.local import chosen_collections, local_warehouse

    group_by = [_WORDS.get(word.strip(), word.strip()) for word in by.split(",")]
    with local_warehouse() as warehouse:
        found = [
            _shown(warehouse, chosen, open_only=open_only, group_by=group_by, limit=limit)
            for chosen in chosen_collections(warehouse, namespace, collection)
        ]
    if as_json:
        typer.echo(json.dumps([_as_json(*shown) for shown in found], indent=2, ensure_ascii=False))
        return
    for shown in found:
        for line in _lines(*shown, open_only=open_only):
            typer.echo(line)
    if not found:
        typer.echo("There is no collection yet.")


_Shown = tuple["Collection", int, "list[FailureGroup]", "list[Failure]", "dict[str, str]"]


def _shown(
    warehouse: Warehouse, collection: Collection, *, open_only: bool, group_by: list[str], limit: int
) -> _Shown:
    service = warehouse.failed
    which = service.query(collection, open_only=open_only)
    groups = service.of(collection, open_only=open_only, group_by=group_by)
    items = len(warehouse.catalog.failures.items(which))
    newest = service.page(which, limit=limit) if limit else []
    objects = warehouse.catalog.objects.get_many([failure.root_object for failure in newest])
    return collection, items, groups, newest, {root: found.key or "" for root, found in objects.items()}


def _lines(
    collection: Collection,
    items: int,
    groups: list[FailureGroup],
    newest: list[Failure],
    keys: dict[str, str],
    *,
    open_only: bool,
) -> list[str]:
    from mixpeek_orchestration.core.failure_table import counted, group_line

    what = "an open failure" if open_only else "a failure, open or resolved"
    if not groups:
        return [f"{collection.name}: no item has {what}"]
    lines = [f"{collection.name}: {counted(items)} with {what}"]
    lines += [f"  {group_line(group)}" for group in groups]
    lines += [
        f"    {line}" for failure in newest for line in _failure_lines(failure, keys.get(failure.root_object))
    ]
    if open_only:
        lines.append(f"  try again: mixpeek replay {collection.name} --all")
    return lines


def _failure_lines(failure: Failure, key: str | None) -> list[str]:
    """`key` is what the object is called outside, such as the path of its file."""
    error = failure.error
    place = f" of {key}" if key else ""
    row = f" row {error.row}" if error.row >= 0 else ""
    ended = f", resolved {failure.resolved_at[:19]}" if failure.resolved_at else ""
    by = f" by run {failure.resolved_by}" if failure.resolved_by else ""
    message = " ".join(error.message.split())[:160]
    return [f"{error.item}{place}{row}{ended}{by}", f"  {error.error_class}: {message}"]


def _as_json(
    collection: Collection,
    items: int,
    groups: list[FailureGroup],
    newest: list[Failure],
    keys: dict[str, str],
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "collection_id": collection.collection_id,
        "collection": collection.name,
        "items": items,
        "groups": [{**group.key, **_without_key(asdict(group))} for group in groups],
        "failures": [
            {
                **asdict(failure),
                "error": {**asdict(failure.error), "kind": failure.error.kind},
                "object_key": keys.get(failure.root_object) or None,
            }
            for failure in newest
        ],
    }


def _without_key(group: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "key"}
