"""Builds steps in a worker from what travelled there: reference, fingerprint and parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.fingerprint import code_fp
from mixpeek_orchestration.core.ports.platform import Platform, PlatformReference
from mixpeek_orchestration.extractors.archives.cache import on_this_machine
from mixpeek_orchestration.extractors.declared_models import with_digests
from mixpeek_orchestration.extractors.description import code_parts, load_manifest, load_pipeline
from mixpeek_orchestration.extractors.model_files import use_model_cache
from mixpeek_orchestration.extractors.package_source import PackageSource, read_package
from mixpeek_orchestration.extractors.parameters import validated_parameters
from mixpeek_orchestration.extractors.pipelines.building import BuiltPipeline, Step

if TYPE_CHECKING:
    from mixpeek_orchestration.extractors.jailed.jailed import JailedStep

__all__ = ["Step", "build_steps"]


def build_steps(recipe: Recipe) -> list[Step | JailedStep]:
    """The steps of the recipe's package, not instantiated yet.

    Raises `Conflict` when the package here is not the one that was planned with.
    """
    here = on_this_machine(recipe)
    if runs_apart(here):
        from mixpeek_orchestration.extractors.jailed.jailed import jailed_steps

        return list(jailed_steps(here))
    return list(built_from(here)[1].steps)


def runs_apart(recipe: Recipe) -> bool:
    """Whether the package runs in a process of its own: one that is not trusted, or that has its own interpreter."""
    return recipe.isolation != "trusted" or bool(recipe.python)


def built_from(recipe: Recipe) -> tuple[PackageSource, BuiltPipeline, Platform | None]:
    """The package and its pipeline, certain to be the planned ones, and the services that they may use."""
    if recipe.model_cache:
        use_model_cache(recipe.model_cache)
    source = read_package(Path(recipe.path))
    manifest = load_manifest(source)
    parameters = validated_parameters(manifest, recipe.parameters)
    reference: PlatformReference | None = recipe.platform
    platform = None if reference is None else reference.open()
    built = load_pipeline(source, manifest, parameters, platform)
    found = code_fp(with_digests(code_parts(source, manifest, parameters, built.models), platform))
    if found != recipe.code_fp:
        raise Conflict(
            f"The extractor {recipe.name} {recipe.version} here is not the one that was planned with.",
            field="code_fp",
            value=found,
            fix="Plan again; on several machines, give all of them the same copy of the package.",
            planned=recipe.code_fp,
        )
    return source, built, platform
