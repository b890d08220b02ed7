"""Collections: checked against their source and their extractor before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

from mixpeek_orchestration.core.bucket import ManagedBy
from mixpeek_orchestration.core.collection import (
    Collection,
    ExtractorChoice,
    FieldPassthrough,
    Generation,
    Source,
)
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, MixpeekError, NotFound
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.migration import is_same_extraction
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry
from mixpeek_orchestration.core.tiers import tier_of
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.collection_inputs import (
    check_filters,
    check_passthrough,
    checked_mappings,
    described_for,
    document_fields,
)
from mixpeek_orchestration.warehouse.declarations.changes import needs_migration
from mixpeek_orchestration.warehouse.declarations.ownership import check_owner
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.runs.generations import writer_lease
from mixpeek_orchestration.warehouse.specs import CollectionSpec, ExtractorSpec

_DELETE_WAIT_S = 30.0


class Collections:
    """The collections of the warehouse."""

    def __init__(self, catalog: Catalog, documents: DocumentStore, registry: ExtractorRegistry) -> None:
        self._catalog = catalog
        self._documents = documents
        self._registry = registry

    def create(self, namespace_id: str, spec: CollectionSpec, *, managed_by: ManagedBy = "api") -> Collection:
        """A new collection with its first, empty generation.

        Raises `InvalidInput` naming the field for an unknown extractor, parameter, input or source path,
        `NotFound` for a source that does not exist, `Cycle` and `NameConflict`.
        """
        collection, description = self._checked(namespace_id, spec, random_id("col"), managed_by)
        # The generation comes first: a crash in between leaves one that nobody has, not a collection without one.
        generation = self._catalog.resources.put_generation(first_generation(collection, description))
        try:
            return self._catalog.resources.put_collection(
                replace(collection, active_generation=generation.generation_id)
            )
        except MixpeekError:
            self._catalog.resources.delete_generation(generation.generation_id)
            raise

    def update(self, old: Collection, spec: CollectionSpec, *, managed_by: ManagedBy) -> Collection:
        """The collection with what the spec says now. Extractor, version and parameters cannot change in place."""
        check_owner(old.managed_by, managed_by, kind="collection", name=old.name)
        new, description = self._checked(old.namespace_id, _pinned(spec, old), old.collection_id, managed_by)
        generation = self.generation(old)
        if first_generation(new, description).vectors != generation.vectors or not _same_extraction(old, new):
            raise needs_migration(old.name)
        if new.extractor.input_mappings != old.extractor.input_mappings:
            self._check_not_migrating(old)
        kept = replace(new, active_generation=old.active_generation, created_at=old.created_at)
        return self._catalog.resources.put_collection(kept)

    def refilled(
        self, collection: Collection, asked: ExtractorSpec
    ) -> tuple[ExtractorChoice, ExtractorDescription]:
        """What another extractor, version or parameters would fill this collection with, checked as for a new one. It
        reads what the collection reads unless it says or needs something else.

        Raises `InvalidInput` naming what does not fit the source.
        """
        description = self._registry.describe(
            asked.feature_extractor_name,
            asked.version,
            asked.parameters,
            namespace_id=collection.namespace_id,
        )
        now_read = collection.extractor.input_mappings
        inputs = set(description.input_fields)
        kept = now_read if not inputs or inputs >= set(now_read) else {}
        said = extractor_choice(asked, asked.version or description.version)
        choice = replace(
            said,
            parameters=description.parameters,
            input_mappings=said.input_mappings or kept,
            passthrough=collection.extractor.passthrough,
            include_all_source_fields=collection.extractor.include_all_source_fields,
        )
        available = self._available(collection.source)
        mappings = checked_mappings(choice, description, available, collection.source.type)
        check_passthrough(choice, description, available)
        return replace(choice, input_mappings=mappings), description

    def is_refilled(self, old: Collection, spec: CollectionSpec) -> bool:
        """Whether a spec asks for another extractor, version or parameters than fill a collection."""
        asked = _pinned(spec, old).feature_extractor
        description = self._registry.describe(
            asked.feature_extractor_name, asked.version, asked.parameters, namespace_id=old.namespace_id
        )
        name, version = asked.feature_extractor_name, asked.version or description.version
        return not is_same_extraction(self.generation(old), name, version, description.parameters)

    def check_extractor(self, namespace_id: str, spec: CollectionSpec, *, at: str) -> None:
        """Raises `InvalidInput` under `at` for an extractor, version or parameters that cannot work."""
        choice = spec.feature_extractor
        try:
            self._registry.describe(
                choice.feature_extractor_name,
                choice.version,
                choice.parameters,
                namespace_id=namespace_id,
            )
        except InvalidInput as error:
            error.field = f"{at}.{error.field}" if error.field else at
            raise

    def said(self, old: Collection, spec: CollectionSpec) -> Collection:
        """The collection as the spec would have it; equal to `old` when it says nothing new."""
        said, _ = self._checked(old.namespace_id, _pinned(spec, old), old.collection_id, old.managed_by)
        return replace(
            said,
            active_generation=old.active_generation,
            created_at=old.created_at,
            updated_at=old.updated_at,
        )

    def get(self, namespace_id: str, identifier: str) -> Collection:
        """By id or name; raises `NotFound`."""
        found = self._catalog.resources.collection(namespace_id, identifier)
        if found is None:
            raise NotFound(f"There is no collection {identifier!r}.", field="collection", value=identifier)
        return found

    def by_id(self, collection_id: str) -> Collection:
        """A collection of any namespace; raises `NotFound`."""
        everything = self._catalog.resources.collections()
        found = next((c for c in everything if c.collection_id == collection_id), None)
        if found is None:
            raise NotFound(
                f"There is no collection {collection_id!r}.", field="collection_id", value=collection_id
            )
        return found

    def all(self, namespace_id: str) -> list[Collection]:
        return self._catalog.resources.collections(namespace_id)

    def generation(self, collection: Collection) -> Generation:
        """The generation that answers for a collection."""
        resources = self._catalog.resources
        found = resources.generation(collection.active_generation)
        if found is None:
            # It may have been dropped since the collection was read; then that names another one by now.
            now_there = resources.collection(collection.namespace_id, collection.collection_id)
            found = resources.generation(now_there.active_generation) if now_there else None
        if found is None:
            raise NotFound(
                f"Collection {collection.name!r} has no active generation.", value=collection.collection_id
            )
        return found

    def description(self, collection: Collection) -> ExtractorDescription:
        """The extractor of a collection as it is now."""
        return described_for(collection, self._registry)

    def count(self, collection: Collection) -> int:
        return self._documents.count(self.generation(collection).table)

    def delete(self, namespace_id: str, identifier: str, *, managed_by: ManagedBy = "api") -> None:
        """Remove a collection and its documents; raises `Conflict` while another collection or retriever reads it."""
        collection = self.get(namespace_id, identifier)
        check_owner(collection.managed_by, managed_by, kind="collection", name=collection.name)
        resources = self._catalog.resources
        readers = [
            c.name for c in resources.collections(namespace_id) if collection.collection_id in c.source.ids
        ]
        readers += [
            r.name for r in resources.retrievers(namespace_id) if collection.collection_id in r.collection_ids
        ]
        if readers:
            raise Conflict(
                f"Collection {collection.name!r} is read by {', '.join(readers)}.",
                value=readers,
                fix="Delete those first.",
            )
        generations = resources.generations(collection.collection_id)
        with ExitStack() as writers:
            # A run that goes on would write its table again after it was dropped.
            for generation in generations:
                lease = writer_lease(generation)
                writers.enter_context(hold(self._catalog.leases, lease, wait_s=_DELETE_WAIT_S))
            resources.delete_collection(collection.collection_id)
            for generation in generations:
                self._documents.drop(generation.table)
                self._catalog.marks.forget(generation.generation_id)
            self._catalog.migrations.forget(collection.collection_id)

    def _check_not_migrating(self, collection: Collection) -> None:
        migration = self._catalog.migrations.open(collection.collection_id)
        if migration is not None:
            raise Conflict(
                f"Collection {collection.name!r} is being migrated to {migration.to_extractor}; what it reads cannot "
                "change meanwhile.",
                field="feature_extractor.input_mappings",
                value=migration.migration_id,
                fix="Drop the old generation, or abandon the migration, first.",
            )

    def _checked(
        self, namespace_id: str, spec: CollectionSpec, collection_id: str, managed_by: ManagedBy
    ) -> tuple[Collection, ExtractorDescription]:
        asked = spec.feature_extractor
        description = self._registry.describe(
            asked.feature_extractor_name, asked.version, asked.parameters, namespace_id=namespace_id
        )
        choice = extractor_choice(asked, asked.version or description.version)
        source = self._source(namespace_id, spec)
        moment = now()
        collection = Collection(
            collection_id=collection_id,
            namespace_id=namespace_id,
            name=spec.collection_name,
            source=source,
            extractor=replace(choice, parameters=description.parameters),
            description=spec.description,
            metadata=spec.metadata or {},
            enabled=spec.enabled,
            schedule=spec.schedule,
            managed_by=managed_by,
            created_at=moment,
            updated_at=moment,
        )
        others = [
            c for c in self._catalog.resources.collections(namespace_id) if c.collection_id != collection_id
        ]
        tier_of([*others, collection])
        available = self._available(source)
        check_filters(source, available)
        mappings = checked_mappings(choice, description, available, source.type)
        check_passthrough(choice, description, available)
        return replace(
            collection, extractor=replace(collection.extractor, input_mappings=mappings)
        ), description

    def _source(self, namespace_id: str, spec: CollectionSpec) -> Source:
        find = self._bucket if spec.source.type == "bucket" else self._upstream
        ids = tuple(find(namespace_id, name) for name in spec.source.identifiers)
        return Source(spec.source.type, ids, spec.source.source_filters or None)

    def _bucket(self, namespace_id: str, identifier: str) -> str:
        bucket = self._catalog.resources.bucket(namespace_id, identifier)
        if bucket is None:
            raise NotFound(f"There is no bucket {identifier!r}.", field="source.bucket_ids", value=identifier)
        return bucket.bucket_id

    def _upstream(self, namespace_id: str, identifier: str) -> str:
        found = self._catalog.resources.collection(namespace_id, identifier)
        if found is None:
            raise NotFound(
                f"There is no collection {identifier!r}.", field="source.collection_ids", value=identifier
            )
        return found.collection_id

    def _available(self, source: Source) -> Mapping[str, str]:
        """What a collection may read of its sources: paths and their types; of several, what all have."""
        each = [
            self._bucket_fields(source_id) if source.type == "bucket" else self._document_fields(source_id)
            for source_id in source.ids
        ]
        shared = set.intersection(*(set(fields.items()) for fields in each))
        return dict(sorted(shared))

    def _bucket_fields(self, bucket_id: str) -> dict[str, str]:
        bucket = next(b for b in self._catalog.resources.buckets() if b.bucket_id == bucket_id)
        return {name: prop.type for name, prop in bucket.properties.items()}

    def _document_fields(self, collection_id: str) -> dict[str, str]:
        return document_fields(self.by_id(collection_id), self._registry)


def _pinned(spec: CollectionSpec, old: Collection) -> CollectionSpec:
    """The spec with the version in the spelling that the collection was made with, where it names that or none."""
    asked = spec.feature_extractor
    if asked.feature_extractor_name != old.extractor.name:
        return spec
    if asked.version and canonical_version(asked.version) != canonical_version(old.extractor.version):
        return spec
    kept = asked.model_copy(update={"version": old.extractor.version})
    return spec.model_copy(update={"feature_extractor": kept})


def extractor_choice(spec: ExtractorSpec, version: str) -> ExtractorChoice:
    """The choice that a spec describes, at the version that was found for it; mappings in list form."""
    mappings = {
        name: (paths,) if isinstance(paths, str) else tuple(paths)
        for name, paths in spec.input_mappings.items()
    }
    passthrough = tuple(
        FieldPassthrough(p.source_path, p.target_path, p.default, p.required) for p in spec.field_passthrough
    )
    return ExtractorChoice(
        spec.feature_extractor_name,
        version,
        spec.parameters,
        mappings,
        passthrough,
        spec.include_all_source_fields,
    )


def first_generation(collection: Collection, description: ExtractorDescription) -> Generation:
    """The generation that a new collection starts with; its table is named by the collection's id."""
    return Generation(
        generation_id=f"{collection.collection_id}_g1",
        collection_id=collection.collection_id,
        number=1,
        table=f"{collection.collection_id}_g1",
        extractor_name=collection.extractor.name,
        extractor_version=collection.extractor.version,
        parameters=description.parameters,
        vectors=description.vectors,
        created_at=now(),
    )


def _same_extraction(old: Collection, new: Collection) -> bool:
    return (old.extractor.name, old.extractor.version, dict(old.extractor.parameters)) == (
        new.extractor.name,
        new.extractor.version,
        dict(new.extractor.parameters),
    )
