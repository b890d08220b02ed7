"""`mixpeek demo`: real files in, real search results out, through the whole local stack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mixpeek_orchestration.core.batch import Batch
    from mixpeek_orchestration.core.bucket import Bucket
    from mixpeek_orchestration.settings import Settings
    from mixpeek_orchestration.warehouse.buckets.folders import Document
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

DECLARATIONS = Path(__file__).with_name("demo.yaml")
BUCKET, RETRIEVER = "readmes", "readme-search"
README_QUESTIONS = (
    "How do I run asynchronous HTTP requests?",
    "fast dataframe library with lazy evaluation",
    "validate data with type hints",
)
_POLL_S = 0.5
_TIMEOUT_S = 1800.0


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(demo)


def demo(
    source: Annotated[
        Path | None,
        typer.Option(
            "--source",
            help="A folder of text and Markdown files; the installed packages' READMEs without it.",
        ),
    ] = None,
    question: Annotated[
        list[str] | None,
        typer.Option("--question", "-q", help="Ask this; repeat for more. Three by default."),
    ] = None,
) -> None:
    """Start the stack, ingest real files, let Dagster materialize them, search them, say how to go on."""
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.cli.stack.record import settings_of_stack
    from mixpeek_orchestration.cli.stack_commands import up
    from mixpeek_orchestration.settings import Settings

    documents = own_files(source) if source else installed_readmes()
    up()
    settings = settings_of_stack(Settings())
    with local_warehouse() as warehouse:
        declare(warehouse)
        bucket = warehouse.buckets.get(warehouse.namespace_id("default"), BUCKET)
        batch = submit(warehouse, bucket, documents)
        finished = follow(warehouse, bucket, batch)
        for text in question or (README_QUESTIONS if source is None else _own_questions(source)):
            ask(settings, text)
    typer.echo(f"\nDagster UI  http://{settings.host}:{settings.webserver_port}")
    typer.echo(f"API         http://{settings.host}:{settings.api_port}/docs (key in {settings.credentials})")
    typer.echo("Stop it all with: mixpeek down (or make down)")
    if finished.status != "COMPLETED":
        raise typer.Exit(2)


def declare(warehouse: Warehouse) -> None:
    """Apply the demo's declarations and print what changes."""
    from mixpeek_orchestration.warehouse.declarations.manifest import read_manifest

    manifest = read_manifest(DECLARATIONS)
    for change in warehouse.declarations.apply(warehouse.ensure_namespace(manifest.namespace), manifest):
        typer.echo(change.line)


def own_files(source: Path) -> Iterable[Document]:
    """The text and Markdown files of a folder; refuses one without any before anything is started."""
    from itertools import chain

    from mixpeek_orchestration.core.errors import InvalidInput
    from mixpeek_orchestration.warehouse.buckets.folders import TEXT_SUFFIXES

    files = _texts_below(source)
    first = next(files, None)
    if first is None:
        raise InvalidInput(
            f"{source} has no text or Markdown files.",
            field="source",
            value=str(source),
            fix=f"Name a folder with files that end in {', '.join(TEXT_SUFFIXES)}.",
        )
    return chain([first], files)


def _texts_below(source: Path) -> Iterator[Document]:
    from mixpeek_orchestration.bootstrap import open_place
    from mixpeek_orchestration.warehouse.buckets.folders import text_files

    return text_files(open_place(str(source)), named=str(source))


def installed_readmes() -> Iterable[Document]:
    """The long descriptions of the installed packages, by package name."""
    import importlib.metadata

    from mixpeek_orchestration.warehouse.buckets.folders import Document

    found = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        text = distribution.metadata.get("Description") or distribution.metadata.get_payload()
        if name and isinstance(text, str) and text.strip() and text.strip() != "UNKNOWN":
            found[name] = Document(f"{name}/README.md", text, "text/markdown", {"title": name})
    return [found[name] for name in sorted(found)]


def submit(warehouse: Warehouse, bucket: Bucket, documents: Iterable[Document]) -> Batch:
    """A submitted batch of all these documents, put into the bucket first."""
    from mixpeek_orchestration.warehouse.buckets.folders import ingest
    from mixpeek_orchestration.warehouse.specs import BatchSpec

    ingested = ingest(warehouse.objects, bucket, documents, property_name="text")
    typer.echo(f"{bucket.name}: {ingested.line}")
    for key, reason in ingested.refused.items():
        typer.secho(f"  refused {key}: {reason}", fg="yellow")
    spec = BatchSpec(object_ids=list(ingested.object_ids), batch_name="demo", auto_submit=True)
    batch = warehouse.batches.create(bucket, spec)
    typer.echo(f"batch {batch.batch_id}: {batch.object_count} objects submitted")
    return batch


def follow(warehouse: Warehouse, bucket: Bucket, batch: Batch) -> Batch:
    """The batch when it has ended; prints its status, the documents so far, and the line each tier ends in."""
    import time

    deadline, told = time.monotonic() + _TIMEOUT_S, ""
    while True:
        batch = warehouse.batches.get(bucket, batch.batch_id)
        written = sum(
            warehouse.collections.count(warehouse.collections.by_id(c)) for c in batch.collection_ids
        )
        state = f"batch {batch.batch_id}: {batch.status.lower()}, {written} documents in the collection"
        if state != told:
            typer.echo(state)
            told = state
        if batch.is_terminal or time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    for collection_id, report in batch.tiers.items():
        typer.echo(f"{warehouse.collections.by_id(collection_id).name}: {report.line}")
    if batch.error:
        typer.secho(f"  {batch.error}", fg="red")
    return batch


def ask(settings: Settings, question: str) -> None:
    """Run the demo's retriever over HTTP and print its best passages."""
    from mixpeek_orchestration.cli.client import execute_retriever
    from mixpeek_orchestration.cli.tables import hit_lines

    typer.secho(f"\n{question}", bold=True)
    for line in hit_lines(execute_retriever(settings, RETRIEVER, {"query": question})):
        typer.echo(line)


def _own_questions(source: Path) -> tuple[str, ...]:
    """Three questions for somebody's own files: the first lines of the first ones, which their text should answer."""
    from itertools import islice

    lines = (document.text.strip().partition("\n")[0].lstrip("# ")[:80] for document in _texts_below(source))
    return tuple(islice(filter(None, lines), 3))
