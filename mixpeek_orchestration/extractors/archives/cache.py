"""Published packages on this machine: each archive unpacked once, in a folder named by its hash, and certain to be it."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from mixpeek_orchestration.core.errors import Broken, NotReady
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.extractors.archives.archive import unpack

OPENER: Final = "open"
"""The key of a recipe's `object_store` under which the importable function is that opens it."""


class PackageCache:
    """Folders of published packages under one root. Any number of processes may use the same root."""

    def __init__(self, root: Path, open_objects: Callable[[], ObjectStore]) -> None:
        self._root = root
        self._open_objects = open_objects

    def folder(self, archive: str, name: str) -> Path:
        """The folder of the package: there, complete, and what was published.

        It is made beside its place and moved there in one step, so nobody ever sees half of it. Raises `Broken` when
        what is stored under the hash is something else, `NotFound` when nothing is.
        """
        package = self._root / archive / name
        if not package.is_dir():
            self._fetch(archive, name)
        return package

    def _fetch(self, archive: str, name: str) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._root / f".{archive[:16]}.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            unpacked = unpack(self._open_objects().get(archive), partial / name)
            if unpacked.archive_hash != archive:
                raise Broken(
                    f"What is stored as the package {name} is another one.",
                    value=archive,
                    fix="Restore the object store from a backup, or publish the version again.",
                )
            try:
                partial.rename(self._root / archive)
            except OSError:
                if not (self._root / archive / name).is_dir():
                    raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def on_this_machine(recipe: Recipe) -> Recipe:
    """The recipe with a path that exists here: a published package that only other machines have is fetched."""
    if not recipe.archive or Path(recipe.path).is_dir():
        return recipe
    opener = recipe.object_store.get(OPENER)
    if opener is None:
        raise NotReady(
            f"The package {recipe.name} {recipe.version} is not on this machine.",
            value=recipe.path,
            fix="Share the home folder between machines, or let recipes carry the object store.",
        )
    config = {key: value for key, value in recipe.object_store.items() if key != OPENER}
    package = Path(recipe.path)
    cache = PackageCache(_usable(package.parents[1]), lambda: opener(config))
    return replace(recipe, path=str(cache.folder(recipe.archive, package.name)))


def _usable(root: Path) -> Path:
    """The root that the planning machine uses, else a folder of this user's own."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir()) / f"mixpeek-packages-{os.getuid()}"
    return root
