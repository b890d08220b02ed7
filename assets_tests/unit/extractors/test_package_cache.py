"""Published packages on a machine: unpacked once, verified, and fetched where a recipe finds none."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from assets_tests.unit.serving.echo_package import echo_recipe, write_echo
from mixpeek_orchestration.core.errors import Broken, NotFound, NotReady
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.extractors.archives.archive import canonical
from mixpeek_orchestration.extractors.archives.cache import OPENER, PackageCache, on_this_machine
from mixpeek_orchestration.extractors.recipe import build_steps
from mixpeek_orchestration.stores.objects import open_objects

NAME = "echo"


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_objects({"url": str(tmp_path / "objects")})


@pytest.fixture
def archive(tmp_path: Path, store: ObjectStore) -> str:
    """The hash of a stored package."""
    return store.put(canonical(write_echo(tmp_path / "source", NAME)))


def test_an_archive_is_unpacked_once(tmp_path: Path, store: ObjectStore, archive: str) -> None:
    """Threads that ask at once get one whole folder, and afterwards nothing needs the store."""
    cache = PackageCache(tmp_path / "cache", lambda: store)
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(cache.folder(archive, NAME))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / "cache" / archive / NAME] * 4
    assert canonical(found[0]) == store.get(archive)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [archive]
    store.delete(archive)
    assert cache.folder(archive, NAME) == found[0]


def test_what_is_not_the_package_is_never_used(tmp_path: Path, store: ObjectStore, archive: str) -> None:
    """Other content under the hash is broken, a missing one is not found, and neither leaves a folder."""
    other = store.put(canonical(write_echo(tmp_path / "other", "other")))

    class Swapped:
        def get(self, content_hash: str) -> bytes:
            return store.get({archive: other}.get(content_hash, content_hash))

    cache = PackageCache(tmp_path / "cache", Swapped)  # type: ignore[arg-type]
    with pytest.raises(Broken, match="another one"):
        cache.folder(archive, NAME)
    with pytest.raises(NotFound):
        cache.folder("0" * 64, NAME)
    assert list((tmp_path / "cache").iterdir()) == []


def recipe_of(tmp_path: Path, archive: str, path: Path) -> Recipe:
    found = echo_recipe(tmp_path / "source", NAME)
    config = {"url": str(tmp_path / "objects"), OPENER: open_objects}
    return replace(found, path=str(path), archive=archive, object_store=config)


def test_a_machine_without_the_package_fetches_it(tmp_path: Path, archive: str) -> None:
    """A recipe is enough to build the same steps there."""
    recipe = recipe_of(tmp_path, archive, tmp_path / "elsewhere" / archive / NAME)
    shutil.rmtree(tmp_path / "source" / NAME)
    assert [step.description.name for step in build_steps(recipe)] == ["Measure"]
    assert Path(recipe.path).is_dir()


def test_where_the_planner_s_folder_cannot_be_made_another_one_is_used(
    tmp_path: Path, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker may have other rights than whoever planned."""
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    recipe = recipe_of(tmp_path, archive, tmp_path / "file" / "packages" / archive / NAME)
    assert Path(on_this_machine(recipe).path).is_relative_to(tmp_path / f"mixpeek-packages-{_user()}")


def test_a_recipe_that_cannot_be_found_says_what_to_do(tmp_path: Path, archive: str) -> None:
    """Without a store there is nowhere to fetch it from."""
    recipe = replace(recipe_of(tmp_path, archive, tmp_path / "nowhere" / archive / NAME), object_store={})
    with pytest.raises(NotReady, match="not on this machine"):
        on_this_machine(recipe)


def test_a_recipe_with_a_package_is_left_alone(tmp_path: Path, archive: str) -> None:
    """A working copy, and a published one that is there, stay where they are."""
    recipe = echo_recipe(tmp_path / "source", NAME)
    assert on_this_machine(recipe) is recipe
    published = replace(recipe, archive=archive)
    assert on_this_machine(published) is published


def _user() -> int:
    import os

    return os.getuid()
