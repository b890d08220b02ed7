"""Command-line tools for packages: the function of the SDK."""

from __future__ import annotations

import os
from collections.abc import Sequence

from mixpeek_orchestration.core.ports.platform import ToolResult
from mixpeek_orchestration.extractors.container import running_platform
from mixpeek_orchestration.extractors.local_tools import run_locally


def run_tool(tool: str, args: Sequence[str | os.PathLike[str]] = (), timeout: float = 600.0) -> ToolResult:
    """How a command-line tool ended: `returncode`, `stdout`, `stderr`.

    It runs where the platform lets it run, and in this process where no step is running, as in a package's own tests.
    Raises `ItemFailure` for a tool or an argument that is not allowed and for a tool that is not installed, and
    `TransientItemFailure` when it was not done in time.
    """
    listed = [os.fspath(arg) for arg in args]
    platform = running_platform()
    return (
        run_locally(tool, listed, timeout) if platform is None else platform.run_tool(tool, listed, timeout)
    )
