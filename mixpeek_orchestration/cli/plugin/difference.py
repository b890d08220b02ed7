"""`plugin diff`: what differs between two versions of an extractor, or between a version and a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mixpeek_orchestration.cli.plugin.connected import ExtractorName, Session, connected
from mixpeek_orchestration.core.errors import MixpeekError

if TYPE_CHECKING:
    from mixpeek_orchestration.core.source_files import FileDifference

_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def add_to(plugin: typer.Typer, flat: typer.Typer) -> None:  # noqa: ARG001 - nothing of it is known at the top level
    """Register the commands of this module."""
    plugin.command()(connected(diff))


def diff(
    session: Session,
    name: ExtractorName,
    before: Annotated[str, typer.Argument(metavar="A", help="A version.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Another version, or a folder.")] = ".",
) -> None:
    """Show what differs between two versions, or between a version and a folder (the current one by default)."""
    from mixpeek_orchestration.core.source_files import differences

    old, new = _files(session, name, before), _files(session, name, after)
    found = differences(old, new)
    document = {"name": name, "from": before, "to": after, "files": [one.as_dict() for one in found]}
    session.answer(document, [line for one in found for line in _lines(one)] or ["no difference"])


def _files(session: Session, name: str, what: str) -> dict[str, bytes]:
    """The files of a version; of a folder what would be published of it."""
    from mixpeek_orchestration.core.source_files import files_in

    if not _is_version(what):
        from mixpeek_orchestration.extractors.archives.archive import pack

        return files_in(pack(Path(what), "zip"))
    _, archive = session.server.archive(f"{name}@{what}")
    return files_in(archive)


def _is_version(text: str) -> bool:
    from mixpeek_orchestration.core.feature_uri import canonical_version

    try:
        canonical_version(text)
    except MixpeekError:
        return False
    return True


def _lines(one: FileDifference) -> list[str]:
    if not one.diff:
        return [f"{one.path}: {one.change}"]
    return [typer.style(line, fg=_COLORS.get(line[:1])) for line in one.diff.splitlines()]
