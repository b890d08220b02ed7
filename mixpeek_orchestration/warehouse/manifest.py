"""`mixpeek.yaml`: resources declared in one file, compared with what exists, then applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from mixpeek_orchestration.core.bucket import ManagedBy
from mixpeek_orchestration.core.errors import Cycle, InvalidInput, NotFound
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.retrieval.stages.registry import FORMER_NAMES, STAGES
from mixpeek_orchestration.warehouse.buckets import Buckets
from mixpeek_orchestration.warehouse.collections import Collections
from mixpeek_orchestration.warehouse.retrievers import Retrievers
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec, Spec

OWNER: ManagedBy = "yaml"


class Manifest(Spec):
    """A namespace's resources as one file declares them. Resources refer to each other by name."""

    namespace: str = Field(
        default="default", description="The namespace, by name or id; made when it is missing."
    )
    buckets: list[BucketSpec] = Field(default_factory=list)
    collections: list[CollectionSpec] = Field(default_factory=list)
    retrievers: list[RetrieverSpec] = Field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """One resource and what applying the manifest does to it."""

    kind: Literal["bucket", "collection", "retriever"]
    name: str
    action: Literal["create", "update", "unchanged"]

    @property
    def line(self) -> str:
        sign = {"create": "+", "update": "~", "unchanged": "="}[self.action]
        return f"{sign} {self.kind} {self.name} ({self.action})"


def read_manifest(path: Path) -> Manifest:
    """The manifest in a YAML file; raises `InvalidInput` with the place of what is wrong."""
    try:
        data = yaml.safe_load(path.read_text())
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no file {path}.", field="file", value=str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not YAML: {error}", field="file", value=str(path)) from error
    if not isinstance(data, dict):
        raise InvalidInput(
            f"{path} does not hold a mapping.", field="file", fix="Start with 'namespace: default'."
        )
    return validated(Manifest, data)


def schema() -> dict[str, Any]:
    """The JSON schema of `mixpeek.yaml`, for editors: generated from the models that parse the file."""
    whole = Manifest.model_json_schema(by_alias=True)
    definitions = whole["$defs"]
    for stage in STAGES.values():
        parameters = stage.parameter_schema()
        definitions |= parameters.pop("$defs", {})
        definitions[_definition_of(stage.stage_id)] = parameters
    for place in ("StageConfig", "StageInput"):
        definitions[place]["allOf"] = [_parameters_of(stage_id) for stage_id in STAGES]
        definitions[place]["properties"]["stage_id"] = {"enum": [*STAGES, *FORMER_NAMES, None]}
    _also_spelled(definitions["ExtractorSpec"], "parameters", "params")
    _also_spelled(definitions["StageConfig"], "stage_id", "stage_name")
    _also_spelled(definitions["StageInput"], "stage_name", "name")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": "mixpeek.yaml"}


def _also_spelled(definition: dict[str, Any], newest: str, older: str) -> None:
    """Let an older spelling of a field pass, in place of the newest one where that is required."""
    definition["properties"][older] = definition["properties"][newest]
    if newest in definition.get("required", ()):
        definition["required"].remove(newest)
        definition["anyOf"] = [{"required": [newest]}, {"required": [older]}]


def _parameters_of(stage_id: str) -> dict[str, Any]:
    """The rule that a stage's parameters have that stage's schema."""
    return {
        "if": {"properties": {"stage_id": {"const": stage_id}}, "required": ["stage_id"]},
        "then": {"properties": {"parameters": {"$ref": f"#/$defs/{_definition_of(stage_id)}"}}},
    }


def _definition_of(stage_id: str) -> str:
    return f"{stage_id}_parameters"


class Declarations:
    """Applies manifests."""

    def __init__(self, buckets: Buckets, collections: Collections, retrievers: Retrievers) -> None:
        self._buckets = buckets
        self._collections = collections
        self._retrievers = retrievers

    def changes(self, namespace_id: str, manifest: Manifest) -> list[Change]:
        """What `apply` would do, in its order; nothing is written. A resource missing from the file is left alone."""
        return [change for change, _ in self._steps(namespace_id, manifest)]

    def check(self, manifest: Manifest, *, namespace_id: str = "") -> None:
        """Raises `InvalidInput` for what can be known to be wrong without making anything."""
        for index, spec in enumerate(manifest.collections):
            self._collections.check_extractor(namespace_id, spec, at=f"collections.{index}")
        for index, retriever in enumerate(manifest.retrievers):
            retriever.check_stages(at=f"retrievers.{index}")

    def apply(self, namespace_id: str, manifest: Manifest) -> list[Change]:
        """What was done. What `check` finds stops it before anything is written; a resource that is refused later
        (a name that clashes, another owner) stops it there, and those before it are kept."""
        self.check(manifest, namespace_id=namespace_id)
        done = []
        for change, act in self._steps(namespace_id, manifest):
            act()
            done.append(change)
        return done

    def _steps(self, namespace_id: str, manifest: Manifest) -> list[tuple[Change, Callable[[], object]]]:
        buckets = {b.name: b for b in self._buckets.all(namespace_id)}
        collections = {c.name: c for c in self._collections.all(namespace_id)}
        retrievers = {r.name: r for r in self._retrievers.all(namespace_id)}
        steps = [
            self._step("bucket", spec.bucket_name, spec, buckets, self._buckets, namespace_id)
            for spec in manifest.buckets
        ]
        steps += [
            self._step("collection", spec.collection_name, spec, collections, self._collections, namespace_id)
            for spec in upstream_first(manifest.collections)
        ]
        steps += [
            self._step("retriever", spec.retriever_name, spec, retrievers, self._retrievers, namespace_id)
            for spec in manifest.retrievers
        ]
        return steps

    @staticmethod
    def _step(
        kind: Any, name: str, spec: Any, existing: dict[str, Any], service: Any, namespace_id: str
    ) -> tuple[Change, Callable[[], object]]:
        old = existing.get(name)
        if old is None:
            return Change(kind, name, "create"), lambda: service.create(namespace_id, spec, managed_by=OWNER)
        if _matches(service, old, spec):
            return Change(kind, name, "unchanged"), lambda: None
        return Change(kind, name, "update"), lambda: service.update(old, spec, managed_by=OWNER)


def _matches(service: Any, old: Any, spec: Any) -> bool:
    """Whether a resource is what its spec says; one that refers to what the file is about to make is not yet."""
    try:
        return bool(service.matches(old, spec))
    except (NotFound, InvalidInput):
        return False


def upstream_first(specs: Iterable[CollectionSpec]) -> list[CollectionSpec]:
    """The collections of a file, each after those it reads; raises `Cycle` naming the circle."""
    by_name: dict[str, CollectionSpec] = {}
    for spec in specs:
        if by_name.setdefault(spec.collection_name, spec) is not spec:
            raise InvalidInput(
                f"Two collections are named {spec.collection_name!r}.",
                field="collections",
                value=spec.collection_name,
                fix="Rename one of them.",
            )
    graph = {
        name: [up for up in spec.source.identifiers if spec.source.type == "collection" and up in by_name]
        for name, spec in by_name.items()
    }
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise Cycle(
            f"These collections would read from each other: {circle}.",
            field="collections",
            value=circle,
            fix="Let one of them read a bucket or a collection outside the circle.",
        ) from error
