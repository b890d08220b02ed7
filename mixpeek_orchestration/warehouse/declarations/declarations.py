"""Applying declarations, whichever way they were written: compared with what exists, checked, then done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.difference import FieldChange, differences
from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError, NotFound
from mixpeek_orchestration.core.ports.resources import ResourceCatalog
from mixpeek_orchestration.retrieval.spec import RetrieverSpec
from mixpeek_orchestration.warehouse.buckets.buckets import Buckets
from mixpeek_orchestration.warehouse.collections import Collections
from mixpeek_orchestration.warehouse.declarations.canonical import AnySpec, canonical_spec
from mixpeek_orchestration.warehouse.declarations.changes import (
    BY_FILE,
    Change,
    Kind,
    Order,
    check_allowed,
    needs_migration,
)
from mixpeek_orchestration.warehouse.declarations.exports import Exports
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest, upstream_first
from mixpeek_orchestration.warehouse.declarations.ownership import hand_over
from mixpeek_orchestration.warehouse.declarations.removals import Removals
from mixpeek_orchestration.warehouse.migrations.migrations import Migrations
from mixpeek_orchestration.warehouse.retrievers import Retrievers
from mixpeek_orchestration.warehouse.specs import CollectionSpec


@dataclass(frozen=True)
class Step:
    """A change and the call that makes it; `reads` are the kinds and names of what its resource reads."""

    change: Change
    act: Callable[[], object]
    reads: frozenset[tuple[str, str]] = frozenset()


class Declarations:
    """Applies manifests to namespaces."""

    def __init__(
        self,
        resources: ResourceCatalog,
        buckets: Buckets,
        collections: Collections,
        retrievers: Retrievers,
        removals: Removals,
        migrations: Migrations | None = None,
    ) -> None:
        self._resources = resources
        self._buckets = buckets
        self._collections = collections
        self._retrievers = retrievers
        self._removals = removals
        self._migrations = migrations

    def export(self, namespace_id: str, namespace: str) -> Manifest:
        """What exists in a namespace, as a manifest that makes it again."""
        return Exports(self._resources, namespace_id).manifest(namespace)

    def changes(self, namespace_id: str, manifest: Manifest, order: Order = BY_FILE) -> list[Change]:
        """What `apply` would do, in its order; nothing is written."""
        return [step.change for step in self.steps(namespace_id, manifest, order)]

    def check(self, manifest: Manifest, *, namespace_id: str = "") -> None:
        """Raises `InvalidInput` for what can be known to be wrong without making anything."""
        upstream_first(manifest.collections)
        for index, spec in enumerate(manifest.collections):
            self._collections.check_extractor(namespace_id, spec, at=f"collections.{index}")
        for index, retriever in enumerate(manifest.retrievers):
            retriever.check_stages(at=f"retrievers.{index}")

    def apply(self, namespace_id: str, manifest: Manifest, order: Order = BY_FILE) -> list[Change]:
        """What was done.

        What `check` finds, a foreign owner and a removal that costs something stop it before anything is written; a
        resource that is refused later (a name that clashes) stops it there, and those before it are kept.
        """
        self.check(manifest, namespace_id=namespace_id)
        steps = list(self.steps(namespace_id, manifest, order))
        check_allowed([step.change for step in steps], order)
        for step in steps:
            step.act()
        return [step.change for step in steps]

    def steps(self, namespace_id: str, manifest: Manifest, order: Order) -> Iterator[Step]:
        """What applying does, step by step: readers after what they read, removals last."""
        exports = Exports(self._resources, namespace_id)
        buckets = {b.name: b for b in self._buckets.all(namespace_id)}
        collections = {c.name: c for c in self._collections.all(namespace_id)}
        retrievers = {r.name: r for r in self._retrievers.all(namespace_id)}
        for bucket in manifest.buckets:
            one = _One("bucket", bucket.bucket_name, bucket, self._buckets, namespace_id)
            yield self._step(one, buckets, exports, order)
        for collection in upstream_first(manifest.collections):
            one = _One("collection", collection.collection_name, collection, self._collections, namespace_id)
            yield self._step(one, collections, exports, order)
        for retriever in manifest.retrievers:
            one = _One("retriever", retriever.retriever_name, retriever, self._retrievers, namespace_id)
            yield self._step(one, retrievers, exports, order)
        for change in self._removals.changes(namespace_id, manifest, order):
            yield Step(change, partial(self._removals.act, namespace_id, change))

    def _step(self, one: _One, existing: Mapping[str, Any], exports: Exports, order: Order) -> Step:
        old = existing.get(one.name)
        if old is None:
            return Step(Change(one.kind, one.name, "create"), lambda: one.create(order), one.reads)
        try:
            fields = _field_changes(one, old, exports)
        except MixpeekError as error:
            change = Change(one.kind, one.name, "update", managed_by=old.managed_by)
            return Step(change, partial(_refuse, error), one.reads)
        if fields and isinstance(one.spec, CollectionSpec) and self._collections.is_refilled(old, one.spec):
            return self._refilling(one, one.spec, old, fields, order)
        if fields:
            change = Change(one.kind, one.name, "update", tuple(fields), old.managed_by)
            return Step(change, lambda: one.update(old, order), one.reads)
        if order.take_over and old.managed_by != order.owner:
            change = Change(one.kind, one.name, "take over", managed_by=old.managed_by)
            return Step(change, lambda: hand_over(self._resources, old, order.owner), one.reads)
        change = Change(one.kind, one.name, "unchanged", managed_by=old.managed_by)
        return Step(change, lambda: None, one.reads)

    def _refilling(
        self, one: _One, spec: CollectionSpec, old: Collection, fields: list[FieldChange], order: Order
    ) -> Step:
        """Another extractor, version or parameters: a migration, unless it is under way already."""
        migrations = self._migrations
        if migrations is not None and migrations.is_under_way(old, spec.feature_extractor):
            change = Change(one.kind, one.name, "migrating", tuple(fields), old.managed_by)
            return Step(change, lambda: None, one.reads)
        change = Change(one.kind, one.name, "migrate", tuple(fields), old.managed_by)
        if migrations is None or not order.migrate:
            return Step(change, partial(_refuse, needs_migration(one.name)), one.reads)
        known = replace(old, managed_by=order.owner) if order.take_over else old
        return Step(change, lambda: migrations.declared(known, spec, managed_by=order.owner), one.reads)


@dataclass(frozen=True)
class _One:
    """A declared resource and the service that keeps its kind."""

    kind: Kind
    name: str
    spec: AnySpec
    service: Any
    namespace_id: str

    @property
    def reads(self) -> frozenset[tuple[str, str]]:
        """The kinds and names of what it reads, as its spec calls them."""
        match self.spec:
            case CollectionSpec(source=source):
                return frozenset((source.type, name) for name in source.identifiers)
            case RetrieverSpec():
                return frozenset(("collection", name) for name in self.spec.identifiers)
            case _:
                return frozenset()

    def create(self, order: Order) -> object:
        return self.service.create(self.namespace_id, self.spec, managed_by=order.owner)

    def update(self, old: Any, order: Order) -> object:
        known = replace(old, managed_by=order.owner) if order.take_over else old
        return self.service.update(known, self.spec, managed_by=order.owner)


def _field_changes(one: _One, old: Any, exports: Exports) -> list[FieldChange]:
    """What the spec changes, field by field; of one that refers to what is about to be made, what it says itself."""
    before = canonical_spec(exports.spec(old))
    try:
        said = one.service.said(old, one.spec)
    except (NotFound, InvalidInput):
        return list(differences(before, _overlaid(before, canonical_spec(one.spec))))
    if said == old:
        return []
    told = list(differences(before, canonical_spec(exports.spec(said))))
    return told or list(differences(asdict(old), asdict(said)))


def _refuse(error: MixpeekError) -> None:
    """What is known to be wrong is raised when it is its turn, so that the rest is told before."""
    raise error


def _overlaid(before: Any, said: Any) -> Any:
    """What would be there if what is not said stayed."""
    if not isinstance(before, dict) or not isinstance(said, dict):
        return said
    return {**before, **{name: _overlaid(before.get(name), value) for name, value in said.items()}}
