"""An extractor described: everything the warehouse knows about a package with one set of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.fingerprint import code_fp, fields_fp
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.extractors.closure import module_parts, refuse_unknown_imports
from mixpeek_orchestration.extractors.declaration import ExtractorManifest, Feature
from mixpeek_orchestration.extractors.declared_models import declared_parts
from mixpeek_orchestration.extractors.environments import interpreter_for
from mixpeek_orchestration.extractors.loader import load_module
from mixpeek_orchestration.extractors.manifest import Manifest, read_manifest
from mixpeek_orchestration.extractors.model_files import ModelSpec
from mixpeek_orchestration.extractors.model_files import model_cache as default_model_cache
from mixpeek_orchestration.extractors.older_columns import older_columns
from mixpeek_orchestration.extractors.package_source import MANIFEST, PIPELINE, REALTIME, PackageSource
from mixpeek_orchestration.extractors.parameters import validated_parameters
from mixpeek_orchestration.extractors.pipelines.building import BuiltPipeline, build_pipeline
from mixpeek_orchestration.extractors.requirements import check_system_packages, read_requirements, versions
from mixpeek_orchestration.isolation.asking import parent


def load_manifest(source: PackageSource) -> Manifest:
    """The manifest of the package, checked."""
    try:
        return read_manifest(load_module(source, "manifest"))
    except InvalidPackage as error:
        if isinstance(error.__cause__, ValidationError):
            raise _of_typed_manifest(error.__cause__) from error
        raise


def _of_typed_manifest(error: ValidationError) -> InvalidPackage:
    """What pydantic says of `ExtractorManifest(...)` or `Feature(...)`, by field."""
    first = error.errors(include_url=False)[0]
    path = ".".join(map(str, first["loc"]))
    return InvalidPackage(
        f"{error.title} in manifest.py is wrong at {path!r}: {first['msg']}.",
        field=path or error.title,
        value=first["input"],
        fix=f"{error.title} has the fields {', '.join(_typed_fields(error.title))}.",
    )


def _typed_fields(title: str) -> list[str]:
    known: dict[str, type[BaseModel]] = {"ExtractorManifest": ExtractorManifest, "Feature": Feature}
    return list(known[title].model_fields) if title in known else []


def load_pipeline(
    source: PackageSource,
    manifest: Manifest,
    parameters: Mapping[str, Any],
    platform: Platform | None = None,
) -> BuiltPipeline:
    """The pipeline of the package for parameters that are already valid; refuses unknown imports first, because the
    ones inside functions would otherwise fail in the middle of a run."""
    refuse_unknown_imports(source, PIPELINE)
    return build_pipeline(load_module(source, "pipeline"), manifest, parameters, platform)


def describe_package(
    source: PackageSource, given: Mapping[str, Any], *, model_cache: Path | str = ""
) -> ExtractorDescription:
    """The description of the package at this moment, with `given` parameters completed by its defaults.

    Where a dependency is not installed here, the package is described by the interpreter of an environment that has
    it, and runs there afterwards.
    """
    manifest = load_manifest(source)
    if parent() is None:  # a worker's parent has seen to what the worker may not do
        python = interpreter_for(manifest.dependencies, Path(model_cache or default_model_cache()))
        if python:
            return _described_elsewhere(source, given, python, model_cache)
        if not manifest.container_image:
            check_system_packages(manifest.system_packages)
    parameters = validated_parameters(manifest, given)
    built = load_pipeline(source, manifest, parameters)
    parts = code_parts(source, manifest, parameters, built.models)
    return ExtractorDescription(
        name=manifest.name,
        version=manifest.version,
        description=manifest.description,
        path=str(source.path),
        parameters=parameters,
        supported_input_types=manifest.supported_input_types,
        input_fields=manifest.input_fields,
        output_fields=manifest.output_fields,
        vectors=built.vectors,
        steps=tuple(step.description for step in built.steps),
        models=tuple(model.described() for model in built.models),
        code_parts=parts,
        code_fp=code_fp(parts),
        realtime_fp=realtime_fp(source, manifest),
        inference_type=manifest.inference_type,
        position_fields=manifest.position_fields,
        dependencies=manifest.dependencies,
        input_schema=manifest.input_schema,
        output_schema=manifest.output_schema,
        parameter_schema=manifest.parameter_schema,
        model_cache=str(model_cache),
        category=manifest.category,
        author=manifest.author,
        features=built.features,
        serve_config=manifest.serve_config,
        input_mappings=manifest.input_mappings,
        system_packages=manifest.system_packages,
        container_image=manifest.container_image,
        example_input=manifest.example_input,
        feature_uri=manifest.feature_uri,
        older_columns=older_columns(source, manifest.input_fields, parameters),
    )


def _described_elsewhere(
    source: PackageSource, given: Mapping[str, Any], python: str, model_cache: Path | str
) -> ExtractorDescription:
    from mixpeek_orchestration.extractors.jailed.jailed import describe_jailed

    described = describe_jailed(source.path, given, level="trusted", python=python, model_cache=model_cache)
    return replace(described, python=python, isolation="trusted", model_cache=str(model_cache))


def code_parts(
    source: PackageSource,
    manifest: Manifest,
    parameters: Mapping[str, Any],
    models: tuple[ModelSpec, ...],
) -> dict[str, str]:
    """The named parts under `code_fp`. The manifest decides about columns and ids, whether the pipeline imports it or
    not."""
    parts = module_parts(source, MANIFEST) | module_parts(source, PIPELINE)
    parts["parameters"] = fields_fp(parameters)
    parts |= dependency_parts(manifest)
    parts |= declared_parts(source.trees.values())
    parts |= {
        f"model:{model.model_id}": f"{model.revision}|{model.backend}|{model.digest}" for model in models
    }
    return parts


def realtime_fp(source: PackageSource, manifest: Manifest) -> str:
    """The fingerprint of the realtime half, empty without one."""
    if REALTIME not in source.modules:
        return ""
    refuse_unknown_imports(source, REALTIME)
    return code_fp(module_parts(source, REALTIME) | dependency_parts(manifest))


def dependency_parts(manifest: Manifest) -> dict[str, str]:
    """The installed version of every declared dependency; raises `InvalidPackage` for one that is missing."""
    installed = versions(read_requirements(manifest.dependencies))
    return {f"dependency:{name}": version for name, version in installed.items()}
