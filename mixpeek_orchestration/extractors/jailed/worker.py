"""The worker that a package runs in, with exactly what it may reach and have done for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psutil

from mixpeek_orchestration.core.errors import InvalidPackage, ItemFailure, WorkerDied
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.extractors import model_files
from mixpeek_orchestration.extractors.jailed.assets import AssetDoor
from mixpeek_orchestration.extractors.jailed.platform import confined_tools, fetched_model, platform_services
from mixpeek_orchestration.extractors.jailed.urls import asset_policy
from mixpeek_orchestration.isolation.levels import Level, Limits
from mixpeek_orchestration.isolation.worker import Access, Worker

_ENTRY: Final = "mixpeek_orchestration.extractors.jailed.entry:PackageInWorker"
_SHARE_OF_MACHINE: Final = 0.8


def package_worker(
    recipe: Recipe, *, limits: Limits | None = None, platform: Platform | None = None
) -> Worker:
    """A worker for the package of the recipe, not started yet."""
    level, limits = Level(recipe.isolation), limits or Limits()
    namespace_id = "" if platform is None else platform.namespace_id
    cache = _own_cache(recipe, namespace_id)
    services: dict[str, Callable[..., Any]] = {
        "prefetch_model": fetched_model(online=level is not Level.UNTRUSTED)
    }
    plain = {"name": recipe.name, "version": recipe.version, "path": recipe.path, "code_fp": recipe.code_fp}
    plain_recipe = {**plain, "parameters": dict(recipe.parameters), "model_cache": str(cache)}
    worker = Worker(
        _ENTRY,
        {"recipe": plain_recipe, "namespace_id": namespace_id},
        level=level,
        limits=limits,
        access=Access(
            readable=(Path(recipe.path), _hub()),
            writable=(cache,),
            broker=services,
            environment=_hub_environment(level, cache),
        ),
        python=Path(recipe.python) if recipe.python else None,
    )
    policy = asset_policy(
        recipe.object_store, internet=level is not Level.UNTRUSTED, endpoint=_s3_endpoint(os.environ)
    )
    door = AssetDoor(policy, worker.assets, limits.file_bytes)
    services["download"] = door.download
    services["run_tool"] = confined_tools(worker, Path(recipe.path))
    if platform is not None:
        services.update(platform_services(platform, door))
    return worker


def _own_cache(recipe: Recipe, namespace_id: str) -> Path:
    """The only place outside of its worker's folder that a package writes to: what it derives from weights. Nobody else
    reads it, so that no package can leave something there for another, nor from one namespace for another."""
    base = Path(recipe.model_cache).expanduser() if recipe.model_cache else model_files.model_cache()
    folder = base / "packages" / digest("package", namespace_id, recipe.archive or recipe.path)[:32]
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _hub() -> Path:
    """Where Hugging Face keeps models here. Its neighbour, the token, is not in it."""
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface"))
    return Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()


def _hub_environment(level: Level, cache: Path) -> dict[str, str]:
    """A reviewed package may download models, for itself; an untrusted one reads those that are here."""
    if level is Level.TRUSTED:
        return {}
    if level is Level.REVIEWED:
        return {"HF_HUB_CACHE": str(cache / "hub")}
    return {"HF_HUB_CACHE": str(_hub()), "HF_HUB_OFFLINE": "1"}


def _s3_endpoint(environment: Mapping[str, str]) -> str | None:
    return environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")


def enough_for(limits: Limits, declared_bytes: int) -> Limits:
    """The limits with the memory that a package declares, as far as this machine has it."""
    most = int(psutil.virtual_memory().total * _SHARE_OF_MACHINE)
    return replace(limits, resident_bytes=max(limits.resident_bytes, min(declared_bytes, most)))


@contextmanager
def before_any_row(what: str) -> Iterator[None]:
    """Inside the block, what fails or ends the worker is the fault of the package and of no row: `InvalidPackage`."""
    try:
        yield
    except WorkerDied as died:
        raise InvalidPackage(
            f"{what} ended its process: {died.message}",
            field=what,
            value=died.value,
            fix="Mend what exits, hangs or needs too much memory before the first row.",
        ) from died
    except ItemFailure as failed:
        raise InvalidPackage(
            f"{what} failed: {failed.message}",
            field=what,
            value=failed.value,
            fix="Mend what fails before the first row.",
        ) from failed
