"""Entries of workers, for tests."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any


class Entry:
    """Does what a test asks."""

    def __init__(self, start: str = "") -> None:
        if start == "raise":
            raise ValueError("not today")
        if start == "leave":
            os._exit(5)
        if start == "sleep":
            time.sleep(3600)
        self.prepared: list[str] = []

    def prepare(self, what: str) -> None:
        self.prepared.append(what)

    def preparations(self) -> list[str]:
        return self.prepared

    def echo(self, **given: Any) -> dict[str, Any]:
        return given

    def doubled(self, table: Any) -> Any:
        import pyarrow as pa

        return pa.concat_tables([table, table])

    def unsayable(self) -> object:
        return object()

    def leave(self) -> None:
        os._exit(7)

    def hang(self) -> None:
        time.sleep(3600)

    def leave_a_file(self) -> list[str]:
        Path("left").write_text("x")
        return os.listdir(".")

    def copies(self) -> list[str]:
        """Everyday work with files."""
        import shutil
        import tarfile
        import tempfile

        folder = Path(tempfile.mkdtemp())
        (folder / "a").touch()
        (folder / "a").write_text("x")
        shutil.copy2(folder / "a", folder / "b")
        shutil.copytree(folder, "tree")
        with tarfile.open("t.tar", "w") as archive:
            archive.add("tree")
        with tarfile.open("t.tar") as archive:
            archive.extractall("out", filter="data")
        shutil.move("out/tree/b", "moved")
        shutil.rmtree("tree")
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x")
        return sorted(str(one) for one in Path().rglob("*") if one.is_file() and one.name != "flag")

    def files(self) -> list[str]:
        return os.listdir(".")

    async def slowly(self, seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    async def wait_for(self, name: str) -> str:
        while not Path(name).exists():
            await asyncio.sleep(0.01)
        return name

    async def touch(self, name: str) -> None:
        Path(name).touch()

    async def block(self) -> None:
        await asyncio.sleep(3600)

    def ask(self, name: str, **arguments: Any) -> Any:
        from mixpeek_orchestration.isolation.asking import parent

        asked = parent()
        assert asked is not None
        answer = asked.ask(name, **arguments)
        return answer.decode() if isinstance(answer, bytes) else answer

    def send(self, name: str, content: str) -> Any:
        from mixpeek_orchestration.isolation.asking import parent

        asked = parent()
        assert asked is not None
        return asked.ask(name, content.encode())
