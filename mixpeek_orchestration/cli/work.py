"""Commands on data: `ingest`, `materialize`, `search`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Namespace = Annotated[
    str, typer.Option("--namespace", envvar="MIXPEEK_NAMESPACE", help="Namespace, by name or id.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    for command in (ingest, materialize, search):
        app.command()(command)


def ingest(
    bucket: Annotated[str, typer.Argument(help="Bucket, by name or id.")],
    folder: Annotated[Path, typer.Argument(help="A folder with text and Markdown files.")],
    property_name: Annotated[
        str, typer.Option("--property", help="The text property that holds the file.")
    ] = "text",
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove objects whose file is gone from the folder.")
    ] = False,
    namespace: Namespace = "default",
) -> None:
    """Put the text files of a folder into a bucket; a file's path names its object."""
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.warehouse.buckets.folders import ingest as ingest_documents
    from mixpeek_orchestration.warehouse.buckets.folders import remove_missing, text_files

    with local_warehouse() as warehouse:
        target = warehouse.buckets.get(warehouse.namespace_id(namespace), bucket)
        files = text_files(warehouse.parts.open_source(str(folder)), named=str(folder))
        result = ingest_documents(
            warehouse.objects, target, files, property_name=property_name, progress=typer.echo
        )
        typer.echo(f"{target.name}: {result.line}")
        for key, reason in result.refused.items():
            typer.secho(f"  refused {key}: {reason}", fg="yellow")
        if delete:
            removed = remove_missing(warehouse.objects, target, result)
            typer.echo(f"{target.name}: {removed} removed")


def materialize(
    collection: Annotated[
        str | None, typer.Argument(help="Collection, by name or id; all without it, by tier.")
    ] = None,
    namespace: Namespace = "default",
) -> None:
    """Bring collections up to date with their sources, in this process."""
    from mixpeek_orchestration.cli.local import chosen_collections, local_warehouse
    from mixpeek_orchestration.core.identity import random_id

    run_id = random_id("cli")
    with local_warehouse() as warehouse, warehouse.runs.hold(run_id):
        outcomes = set()
        everything = chosen_collections(warehouse, namespace, collection)
        if everything and not warehouse.spending.budget(everything[0].namespace_id).is_unlimited:
            # All tiers before the first one: a run that is refused half way has been paid for in vain.
            warehouse.spending.admit(warehouse.estimates.outlook(everything, below=False).forecast)
        for chosen in everything:
            reports = warehouse.materialize(chosen.collection_id, None, run_id=run_id, progress=typer.echo)
            outcomes |= {report.outcome for report in reports.values()}
        if outcomes & {"FAILED", "COMPLETED_WITH_ERRORS"}:
            raise typer.Exit(2)


def search(
    retriever: Annotated[str, typer.Argument(help="Retriever, by name or id.")],
    query: Annotated[str, typer.Argument(help="What to search for.")],
    top: Annotated[int, typer.Option("--top", "-k", min=1, max=100, help="How many results.")] = 5,
    input_name: Annotated[
        str, typer.Option("--input", help="The retriever's input that the query goes into.")
    ] = "query",
    namespace: Namespace = "default",
) -> None:
    """Run a retriever and print the best results with score, source object and text."""
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.cli.tables import hit_lines

    with local_warehouse() as warehouse:
        answer = warehouse.search(namespace, retriever, {input_name: query}, limit=top)
        for line in hit_lines(answer):
            typer.echo(line)
