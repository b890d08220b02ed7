"""`mixpeek explain`: why a document exists, from what, by which code, and what would make it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mixpeek_orchestration.cli.work import Namespace

if TYPE_CHECKING:
    from mixpeek_orchestration.core.explanation import Above, Explanation, Made
    from mixpeek_orchestration.core.reach import Reach


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(explain)


def explain(
    document_id: Annotated[
        str, typer.Argument(help="A document, by id; in any collection of the namespace.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    namespace: Namespace = "default",
) -> None:
    """Say why a document exists, from what and by which code, what has changed since, and what would make it again."""
    import json

    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        explanation = warehouse.explanations.find(warehouse.namespace_id(namespace), document_id)
        if as_json:
            typer.echo(json.dumps(explanation.as_dict(), indent=2))
            return
        for line in explanation_lines(explanation):
            typer.echo(line)


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """The way from the object to the document, what has changed at each step, what of it reaches the document, and what
    would make it again."""
    named = f" ({explanation.object_key})" if explanation.object_key else ""
    gone = "" if explanation.object_exists else ", deleted since"
    yield f"object {explanation.object_id}{named} of bucket {explanation.bucket}{gone}"
    for made in explanation.steps:
        yield from _made_lines(made)
    for above in explanation.stale_above:
        yield _above_line(above)
    yield "it would be made again by"
    for one in explanation.would_rerun:
        yield f"  {one}"


def _above_line(above: Above) -> str:
    name = above.made.collection
    told: dict[Reach, str] = {
        "removed": f"its source in {name} goes: it will be removed too",
        "may_be_removed": f"{name} runs first: this goes if it is filtered out then",
        "runs": f"{name} changes what this reads: it runs again after that",
        "may_run": f"{name} runs first: this runs again if what it reads comes out different",
        "rewritten": f"{name} changes what this carries: it is rewritten after that, nothing is extracted",
        "may_be_rewritten": f"{name} runs first: this is rewritten if what it carries comes out different",
        "none": f"{name} is not up to date, but nothing of that reaches this",
    }
    return f"above it, {told[above.reach]}"


def _made_lines(made: Made) -> Iterator[str]:
    yield f"→ {made.document_id}, document {made.position} of {made.source} in {made.collection} (tier {made.tier})"
    by = f"batch {made.batch_id}" if made.batch_id else "a run over the whole source"
    asked = f", asked for by {made.trigger}" if made.trigger else ""
    run = f", run {made.run_id}" if made.run_id else ""
    code = f"code {made.code_fp[:12]}" if made.code_fp else "with rows that failed"
    yield f"    made by {made.extractor}, {code}, in {by}{run}{asked}, at {made.updated_at[:19]}"
    yield f"    {made.verdict}"
    for change in made.changes:
        yield f"      {change.detail}"
