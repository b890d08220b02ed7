"""Where one home keeps the files of its stack, and the identity that its processes carry."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from mixpeek_orchestration.core.errors import Conflict

# Not where TMPDIR points: a socket path ends at 107 bytes, and another shell has to find the same one.
SHORT = Path("/tmp")


@dataclass(frozen=True)
class Layout:
    """The folders of one stack. State is under the home; sockets are in a short folder outside it."""

    root: Path

    @property
    def stack_id(self) -> str:
        """What marks the processes of this home and of no other."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:10]

    @property
    def folder(self) -> Path:
        return self.root / "stack"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def record(self) -> Path:
        """The ports that the stack was last started with."""
        return self.folder / "stack.json"

    @property
    def keeper_config(self) -> Path:
        return self.folder / "supervisord.conf"

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace.yaml"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def runtime(self) -> Path:
        """The short folder for sockets and temporary files, gone after `down`."""
        return SHORT / f"mixpeek-{os.getuid()}-{self.stack_id}"

    @property
    def temporary(self) -> Path:
        """The TMPDIR of the services; Dagster's sockets would stay behind in the common one."""
        return self.runtime / "tmp"

    @property
    def socket(self) -> Path:
        return self.runtime / "keeper.sock"

    def create_home(self) -> None:
        """The home exists, closed to others if it was not there before, and the stack's folder in it."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.folder, self.dagster_home, self.logs):
            folder.mkdir(mode=0o700, exist_ok=True)

    def create_runtime(self) -> None:
        """The folders for sockets and temporary files exist and are closed to others."""
        make_private(self.runtime)
        make_private(self.temporary)


def make_private(folder: Path) -> None:
    """The folder exists, is ours and closed to others. Its parent may be writable by everyone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Conflict(
            f"{folder} belongs to someone else or is not a folder, so sockets cannot be put there.",
            value=str(folder),
            fix="Remove it, or choose another MIXPEEK_HOME.",
        )
    folder.chmod(0o700)
