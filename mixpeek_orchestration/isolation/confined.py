"""Command-line tools in a jail of their own: hostile input must not turn ffmpeg into a way out.

The command starts our interpreter, which shuts the jail and then becomes the tool.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mixpeek_orchestration.isolation import paths
from mixpeek_orchestration.isolation.jail import Jail
from mixpeek_orchestration.isolation.levels import Level, Limits
from mixpeek_orchestration.isolation.support import probe, require

_BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from mixpeek_orchestration.isolation.confined import become; become(sys.argv[2:])"
)
_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")


def confined(
    command: Sequence[str], *, readable: Sequence[Path], writable: Sequence[Path], limits: Limits
) -> list[str]:
    """The command with the same effect on these folders and none anywhere else: no network, no other program.

    Raises `Unschedulable` when this machine cannot confine it.
    """
    require(Level.UNTRUSTED, probe())
    program = os.path.realpath(command[0])
    jail = Jail(
        level=Level.UNTRUSTED,
        limits=limits,
        readable=(*paths.readable_by_all(), program, *map(str, readable)),
        writable=tuple(map(str, writable)),
        devices=paths.devices(),
        executable=(program, *_scripts(program), *_LIBRARIES),
    )
    root = str(paths.package_root().parent)
    shut = [json.dumps(jail.to_wire()), str(os.getpid())]
    return [sys.executable, "-P", "-s", "-c", _BOOT, root, *shut, program, *command[1:]]


def become(arguments: list[str]) -> None:
    """The process is the tool from now on, in its jail."""
    jail, parent, *command = arguments
    Jail.from_wire(json.loads(jail)).enter(int(parent))
    os.execv(command[0], command)


def _scripts(program: str) -> tuple[str, ...]:
    """The interpreter of a program that is a script."""
    with open(program, "rb") as file:
        first = file.readline(256)
    if not first.startswith(b"#!"):
        return ()
    return (os.path.realpath(first[2:].split()[0].decode(errors="replace")),)
