"""Progress on stderr: bars in a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mixpeek_orchestration.cli.plugin.connected import Session


@contextmanager
def transfer(session: Session, total: int) -> Iterator[Callable[[int], None]]:
    """A bar for bytes; the block calls what it gets with the size of every piece."""
    if not session.shows_progress:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda size: bar.advance(task, size)


@contextmanager
def waiting(session: Session, what: str) -> Iterator[Callable[[str], None]]:
    """A spinner with the present state beside it; the block calls what it gets when the state changes."""
    if not session.shows_progress:
        yield lambda state: session.say(f"{what}: {state}")
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as spinner:
        yield lambda state: spinner.update(f"{what}: {state}")
