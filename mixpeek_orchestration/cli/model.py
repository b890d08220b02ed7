"""`mixpeek model …`: a namespace's own weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mixpeek_orchestration.cli.errors import ErrorsForPeople

if TYPE_CHECKING:
    from mixpeek_orchestration.core.own_model import OwnModel

model = typer.Typer(
    name="model",
    cls=ErrorsForPeople,
    help="Weights of your own, which extractors load with load_namespace_model.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Namespace = Annotated[
    str, typer.Option("--namespace", envvar="MIXPEEK_NAMESPACE", help="Namespace, by name or id.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_PIECE = 8 << 20
_FORMATS = {
    ".safetensors": "safetensors",
    ".onnx": "onnx",
    ".pt": "pytorch",
    ".pth": "pytorch",
    ".bin": "pytorch",
}


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(model)


@model.command("push")
def push(
    name: Annotated[str, typer.Argument(help="The name that extractors load it by.")],
    path: Annotated[Path, typer.Argument(exists=True, help="A file of weights, an archive, or a folder.")],
    version: Annotated[
        str | None, typer.Option("--version", help="The version; the next patch without it.")
    ] = None,
    model_format: Annotated[
        str | None,
        typer.Option("--format", help="pytorch, safetensors, onnx or huggingface; told by the files."),
    ] = None,
    description: Annotated[str | None, typer.Option("--description", "-m", help="What it is.")] = None,
    namespace: Namespace = "default",
    as_json: AsJson = False,
) -> None:
    """Keep weights as a new version; versions never change."""
    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.core.validation import validated
    from mixpeek_orchestration.warehouse.models.specs import ModelSpec

    with local_warehouse() as warehouse:
        namespace_id = warehouse.namespace_id(namespace)
        said = {
            "name": name,
            "version": version or _next_version(warehouse.models.all(namespace_id), name),
            "model_format": model_format or _format_of(path),
            "description": description,
        }
        with _pieces(path) as content:
            kept = warehouse.models.add(namespace_id, validated(ModelSpec, said), content)
    line = f"{kept.model_id}: {kept.size_bytes:,} bytes, digest {kept.digest[:12]}"
    _tell(_plain(kept), line, as_json)


@model.command("list")
def list_models(namespace: Namespace = "default", as_json: AsJson = False) -> None:
    """The models of a namespace, oldest first."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        found = warehouse.models.all(warehouse.namespace_id(namespace))
    lines = [f"{m.model_id}  {m.model_format}  {m.size_bytes:,} bytes  {m.created_at[:19]}" for m in found]
    _tell({"models": [_plain(m) for m in found]}, "\n".join(lines) or "There are no models.", as_json)


@model.command("delete")
def delete(
    identifier: Annotated[str, typer.Argument(help="NAME@VERSION or the id NAME_1_0_0.")],
    namespace: Namespace = "default",
    as_json: AsJson = False,
) -> None:
    """Forget a version and its bytes."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        gone = warehouse.models.delete(warehouse.namespace_id(namespace), identifier)
    _tell({"model_id": gone.model_id, "deleted": True}, f"{gone.model_id} is deleted.", as_json)


@contextmanager
def _pieces(path: Path) -> Iterator[Iterator[bytes]]:
    """The bytes of a file, or of a folder packed on the way."""
    import tempfile

    from mixpeek_orchestration.warehouse.models.archives import packed

    with tempfile.TemporaryFile() if path.is_dir() else path.open("rb") as file:
        if path.is_dir():
            packed(path, file)
            file.seek(0)
        yield iter(lambda: file.read(_PIECE), b"")


def _format_of(path: Path) -> str:
    """The format that the files tell: a folder with a config.json is a huggingface model."""
    from mixpeek_orchestration.core.errors import InvalidInput

    if path.is_dir() and (path / "config.json").is_file():
        return "huggingface"
    names = [path] if path.is_file() else sorted(path.rglob("*"))
    found = next((_FORMATS[one.suffix] for one in names if one.suffix in _FORMATS), None)
    if found is None:
        raise InvalidInput(
            f"The format of {path} is not told by its files.",
            field="--format",
            value=str(path),
            fix="Say --format pytorch, safetensors, onnx or huggingface.",
        )
    return found


def _next_version(models: list[OwnModel], name: str) -> str:
    versions = [tuple(map(int, m.version.split("."))) for m in models if m.name == name]
    if not versions:
        return "1.0.0"
    major, minor, patch = max(versions)
    return f"{major}.{minor}.{patch + 1}"


def _plain(kept: OwnModel) -> dict[str, Any]:
    return {
        "model_id": kept.model_id,
        "name": kept.name,
        "version": kept.version,
        "model_format": kept.model_format,
        "digest": kept.digest,
        "size_bytes": kept.size_bytes,
        "created_at": kept.created_at,
    }


def _tell(document: dict[str, Any], line: str, as_json: bool) -> None:
    typer.echo(json.dumps(document) if as_json else line)
