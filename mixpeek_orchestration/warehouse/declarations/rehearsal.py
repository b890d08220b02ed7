"""Trying declarations on a warehouse in memory, resource by resource: all that is wrong, not only the first thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from mixpeek_orchestration.core.errors import Cycle, MixpeekError
from mixpeek_orchestration.core.finding import Finding, Severity
from mixpeek_orchestration.core.place import Place
from mixpeek_orchestration.core.ports.resources import ResourceCatalog
from mixpeek_orchestration.core.validation import from_problems
from mixpeek_orchestration.warehouse.declarations.changes import Order, check_allowed
from mixpeek_orchestration.warehouse.declarations.declarations import Declarations
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest
from mixpeek_orchestration.warehouse.declarations.places import nearest

Places = Mapping[str, Place]
_PATHS = {"bucket": "buckets", "collection": "collections", "retriever": "retrievers"}


def problems_of(data: object, places: Places) -> list[Finding]:
    """Everything by which plain data is no manifest."""
    try:
        Manifest.model_validate(data)
    except ValidationError as error:
        known = sorted(Manifest.model_fields)
        wrong = [from_problems([problem], known=known) for problem in error.errors(include_url=False)]
        return [finding_of(one, places) for one in wrong]
    return []


def copy_definitions(source: ResourceCatalog, target: ResourceCatalog) -> None:
    """Everything that is declared in one catalog, in another one too. What was put into it is not copied."""
    for namespace in source.namespaces():
        target.put_namespace(namespace)
    for bucket in source.buckets():
        target.put_bucket(bucket)
    for collection in source.collections():
        target.put_collection(collection)
        for generation in source.generations(collection.collection_id):
            target.put_generation(generation)
    for retriever in source.retrievers():
        target.put_retriever(retriever)


def rehearsed(
    declarations: Declarations, namespace_id: str, manifest: Manifest, order: Order, places: Places
) -> list[Finding]:
    """What `apply` would refuse, by doing it. What reads something that is refused is not judged itself."""
    findings: list[Finding] = []
    broken: set[tuple[str, str]] = set()
    try:
        for step in declarations.steps(namespace_id, manifest, order):
            named = (step.change.kind, step.change.name)
            if broken & step.reads:
                broken.add(named)
                continue
            try:
                check_allowed([step.change], order)
                step.act()
            except MixpeekError as error:
                broken.add(named)
                findings.append(finding_of(error, places, at=path_of(manifest, *named)))
    except Cycle as error:
        findings.append(finding_of(error, places))
    return findings


def finding_of(error: MixpeekError, places: Places, *, at: str = "") -> Finding:
    """An error as a finding, at the place that it names itself, else at that of its field below `at`."""
    field = error.field or ""
    place = nearest(places, field if field.startswith(at) else f"{at}.{field}")
    file, _, line = str(error.context.get("place") or place).rpartition(":")
    located = (file, int(line)) if file and line.isdigit() else (place.file, place.line)
    return Finding(*located, error.code.upper(), error.message, error.fix or "", Severity.ERROR)


def path_of(manifest: Manifest, kind: str, name: str) -> str:
    """The path of a resource in its manifest; empty for one that is not in it."""
    specs: Iterable[object] = getattr(manifest, _PATHS[kind])
    index = next((i for i, spec in enumerate(specs) if getattr(spec, f"{kind}_name") == name), None)
    return "" if index is None else f"{_PATHS[kind]}.{index}"
