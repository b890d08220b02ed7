"""`mixpeek erase`: an object out of every store and old version, with the proof."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from mixpeek_orchestration.cli.work import Namespace

if TYPE_CHECKING:
    from mixpeek_orchestration.core.bucket import Bucket
    from mixpeek_orchestration.warehouse.warehouse import Warehouse


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(erase)


def erase(
    object_id: Annotated[str, typer.Argument(help="The object, by id; it may be deleted already.")],
    bucket: Annotated[
        str | None,
        typer.Option("--bucket", help="Its bucket, by name or id; found by itself unless it is gone."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")] = "",
    show: Annotated[
        bool, typer.Option("--show", help="Only show the newest erasure of the object and its proof.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the proof as JSON.")] = False,
    namespace: Namespace = "default",
) -> None:
    """Erase an object: its documents in every tier and old version, its bytes, and all that the catalog says of it.

    It cannot be undone. The files that are left are decoded to prove it.
    """
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.core.erasure import proof_document, proof_lines

    with local_warehouse() as warehouse:
        namespace_id = warehouse.namespace_id(namespace)
        if show:
            erasure = warehouse.erasures.of(namespace_id, object_id)
        else:
            chosen = _bucket_of(warehouse, namespace_id, object_id, bucket)
            silent = as_json or show
            erasure = warehouse.erasures.erase(
                chosen, object_id, reason=reason, progress=(lambda _: None) if silent else typer.echo
            )
        if as_json:
            typer.echo(json.dumps(proof_document(erasure), indent=2))
        else:
            for line in proof_lines(erasure):
                typer.echo(line)


def _bucket_of(warehouse: Warehouse, namespace_id: str, object_id: str, bucket: str | None) -> Bucket:
    """The bucket that was named, else the one that has the object, or had it."""
    from mixpeek_orchestration.core.errors import NotFound

    found = bucket or warehouse.catalog.erasures.bucket_of(object_id)
    if found is None:
        raise NotFound(f"No bucket has or had an object {object_id!r}.", field="object_id", value=object_id)
    return warehouse.buckets.get(namespace_id, found)
