"""`mixpeek lineage`: a picture of what flows from buckets to retrievers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mixpeek_orchestration.cli.work import Namespace


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(lineage)


def lineage(
    collection: Annotated[
        str | None,
        typer.Argument(help="Collection, by name or id: draw only what leads to it and comes of it."),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", dir_okay=False, help="Write the picture to this file.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Print it as a tree; the default.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print nodes, edges and numbers as JSON.")] = False,
    staleness: Annotated[
        bool, typer.Option(help="Ask the planner what is new and stale; --no-staleness is faster.")
    ] = True,
    namespace: Namespace = "default",
) -> None:
    """Draw buckets, collections by tier, endpoints and retrievers, with counts, staleness and open failures."""
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.core.lineage.picture import lineage_svg
    from mixpeek_orchestration.core.lineage.text import lineage_text

    with local_warehouse() as warehouse:
        graph = warehouse.pictures.lineage(
            warehouse.namespace_id(namespace), around=collection, staleness=staleness
        )
    if svg:
        svg.write_text(lineage_svg(graph, title=f"Lineage of {namespace}"), encoding="utf-8")
        typer.echo(f"{svg}: {len(graph.nodes)} resources", err=as_json)
    if as_json:
        typer.echo(json.dumps(graph.as_dict(), indent=2, ensure_ascii=False))
    if text or not (svg or as_json):
        for line in lineage_text(graph) or ["Nothing was declared here yet."]:
            typer.echo(line)
