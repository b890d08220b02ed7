"""What is allowed in declarations and still looks like a mistake: one function per fact, with its place and its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from mixpeek_orchestration.core.finding import Finding, Severity
from mixpeek_orchestration.core.place import Place
from mixpeek_orchestration.retrieval.templates import inputs_used
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest
from mixpeek_orchestration.warehouse.declarations.places import nearest
from mixpeek_orchestration.warehouse.specs import CollectionSpec

Said = tuple[str, str, str]
"""The path that a finding is about, what is the matter, and what to do."""


def linted(
    manifest: Manifest, places: Mapping[str, Place], *, own_extractors: Iterable[str] = ()
) -> list[Finding]:
    """The findings of all rules, in the order of the source.

    `own_extractors` are the names that the namespace has published: one that nothing uses is told.
    """
    found = []
    for rule, (severity, facts) in RULES.items():
        for path, message, fix in facts(manifest):
            place = nearest(places, path)
            found.append(Finding(place.file, place.line, rule, message, fix, severity))
    file = nearest(places, "").file
    used = {spec.feature_extractor.feature_extractor_name for spec in manifest.collections}
    for name in sorted(set(own_extractors) - used):
        message = f"The extractor {name!r} is published, and no collection uses it."
        fix = f"Use it in a collection, or remove it with mixpeek plugin delete {name}."
        found.append(Finding(file, 0, UNUSED_EXTRACTOR, message, fix, Severity.NOTE))
    return sorted(found)


def _unused_buckets(manifest: Manifest) -> Iterator[Said]:
    read = _read(manifest, "bucket")
    for index, spec in enumerate(manifest.buckets):
        if spec.bucket_name not in read:
            yield (
                f"buckets.{index}",
                f"The bucket {spec.bucket_name!r} is read by no collection.",
                "Let a collection read it, or remove it.",
            )


def _unused_collections(manifest: Manifest) -> Iterator[Said]:
    read = _read(manifest, "collection") | {name for spec in manifest.retrievers for name in spec.identifiers}
    for index, spec in enumerate(manifest.collections):
        if spec.collection_name not in read:
            yield (
                f"collections.{index}",
                f"The collection {spec.collection_name!r} is read by no collection and no retriever.",
                "Search it with a retriever, or remove it: its extraction costs and nobody sees it.",
            )


def _read(manifest: Manifest, kind: str) -> set[str]:
    """The buckets or collections that collections read."""
    sources = [spec.source for spec in manifest.collections if spec.source.type == kind]
    return {name for source in sources for name in source.identifiers}


def _missing_input_schemas(manifest: Manifest) -> Iterator[Said]:
    for index, spec in enumerate(manifest.retrievers):
        used = _inputs(manifest, index)
        if used and not spec.input_schema:
            yield (
                f"retrievers.{index}",
                f"The retriever {spec.retriever_name!r} uses the inputs {', '.join(sorted(used))} and has no input_schema.",
                "Declare them in input_schema: a misspelt input is refused then, not searched for as nothing.",
            )


def _unused_inputs(manifest: Manifest) -> Iterator[Said]:
    for index, spec in enumerate(manifest.retrievers):
        for name in sorted(set(spec.input_schema or {}) - _inputs(manifest, index)):
            yield (
                f"retrievers.{index}.input_schema.{name}",
                f"The input {name!r} of retriever {spec.retriever_name!r} is used by no stage.",
                "Use it in a template, or remove it.",
            )


def _retrievers_of_nothing(manifest: Manifest) -> Iterator[Said]:
    for index, spec in enumerate(manifest.retrievers):
        if not spec.identifiers:
            yield (
                f"retrievers.{index}",
                f"The retriever {spec.retriever_name!r} names no collections.",
                "Name them in collection_identifiers.",
            )


def _unpinned_versions(manifest: Manifest) -> Iterator[Said]:
    for index, spec in enumerate(manifest.collections):
        if spec.feature_extractor.version is None:
            yield (
                f"collections.{index}.feature_extractor",
                f"The collection {spec.collection_name!r} takes whichever version of "
                f"{spec.feature_extractor.feature_extractor_name} is active when it is made.",
                "Say the version, so that it is the same wherever this is applied.",
            )


def _unused_properties(manifest: Manifest) -> Iterator[Said]:
    for index, bucket in enumerate(manifest.buckets):
        readers = [
            spec
            for spec in manifest.collections
            if spec.source.type == "bucket" and bucket.bucket_name in spec.source.identifiers
        ]
        if not readers or any(_reads_all(spec) for spec in readers):
            continue
        used = {root for spec in readers for root in _roots(spec)}
        used |= set(bucket.unique_key.fields if bucket.unique_key else ())
        for name in sorted(set(bucket.bucket_schema.properties) - used):
            yield (
                f"buckets.{index}.bucket_schema.properties.{name}",
                f"The property {name!r} of bucket {bucket.bucket_name!r} reaches no collection.",
                "Map it to an input or carry it along with field_passthrough, or remove it.",
            )


def _disabled_sources(manifest: Manifest) -> Iterator[Said]:
    disabled = {spec.collection_name for spec in manifest.collections if not spec.enabled}
    for index, spec in enumerate(manifest.collections):
        if spec.enabled and spec.source.type == "collection":
            for name in spec.source.identifiers:
                if name in disabled:
                    yield (
                        f"collections.{index}.source",
                        f"The collection {spec.collection_name!r} reads {name!r}, which is disabled.",
                        "Enable both or none: it will see nothing new.",
                    )


def _inputs(manifest: Manifest, index: int) -> set[str]:
    return {
        name
        for stage in manifest.retrievers[index].stages
        for name in inputs_used(stage.config.parameters or stage.parameters or {})
    }


def _reads_all(spec: CollectionSpec) -> bool:
    """Whether what a collection reads is not written down: mappings are completed from the source."""
    return spec.feature_extractor.include_all_source_fields or not spec.feature_extractor.input_mappings


def _roots(spec: CollectionSpec) -> Iterator[str]:
    """The properties of the source that a collection names."""
    choice = spec.feature_extractor
    paths = [carried.source_path for carried in choice.field_passthrough]
    for mapped in choice.input_mappings.values():
        paths += [mapped] if isinstance(mapped, str) else mapped
    yield from (path.removeprefix("metadata.").split(".")[0] for path in paths)


UNUSED_EXTRACTOR: Final = "UNUSED_EXTRACTOR"
RULES: Final[Mapping[str, tuple[Severity, Callable[[Manifest], Iterator[Said]]]]] = {
    "UNUSED_BUCKET": (Severity.WARNING, _unused_buckets),
    "UNUSED_COLLECTION": (Severity.WARNING, _unused_collections),
    "MISSING_INPUT_SCHEMA": (Severity.WARNING, _missing_input_schemas),
    "UNUSED_INPUT": (Severity.WARNING, _unused_inputs),
    "RETRIEVER_WITHOUT_COLLECTIONS": (Severity.WARNING, _retrievers_of_nothing),
    "DISABLED_SOURCE": (Severity.WARNING, _disabled_sources),
    "UNPINNED_VERSION": (Severity.NOTE, _unpinned_versions),
    "UNUSED_PROPERTY": (Severity.NOTE, _unused_properties),
}
"""The rules about declarations alone, with how much they matter."""
