"""What the services wrote."""

from __future__ import annotations

from pathlib import Path

from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.cli.stack.services import Stack
from mixpeek_orchestration.core.errors import NotFound

KEEPER = "keeper"


def log_of(layout: Layout, service: str) -> Path:
    """The log file of a service."""
    return layout.logs / f"{service}.log"


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log; none when nothing was written yet."""
    if not path.exists():
        return []
    return path.read_text(errors="replace").splitlines()[-count:]


def tail_command(stack: Stack, service: str | None, *, lines: int, follow: bool) -> list[str]:
    """The command that prints the logs; following, it stays with a file that is rotated."""
    names = [one.name for one in stack.services] + [KEEPER]
    if service is not None and service not in names:
        raise NotFound(
            f"There is no service {service!r}.",
            field="service",
            value=service,
            fix=f"One of: {', '.join(names)}.",
        )
    files = [log_of(stack.layout, name) for name in ([service] if service else names)]
    written = [str(path) for path in files if path.exists()]
    if not written:
        raise NotFound(
            "Nothing was written yet.", value=str(stack.layout.logs), fix="Start it with `mixpeek up`."
        )
    return ["tail", "-n", str(lines), *(["-F"] if follow else []), "--", *written]
