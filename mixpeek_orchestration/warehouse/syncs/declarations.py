"""The syncs that a bucket's own declaration names."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.document import is_reserved
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.syncs import SyncCatalog
from mixpeek_orchestration.core.syncs import plan as sync_plan
from mixpeek_orchestration.core.syncs.filters import mapped_property
from mixpeek_orchestration.core.syncs.mapping import LABELLED
from mixpeek_orchestration.core.syncs.sync import Sync, SyncRules
from mixpeek_orchestration.warehouse.buckets.blobs import declared_blob

METADATA: Final = frozenset({"path", "title"})
"""What a synced object says about its file; a bucket's unique key must be made of it."""


def check_rules(bucket: Bucket, rules: SyncRules) -> None:
    """Raises `InvalidInput` for rules that the bucket cannot follow."""
    if rules.blob_property is not None:
        declared_blob(bucket, rules.blob_property, field="blob_property")
    _check_mapping(bucket, rules)
    missing = [name for name in bucket.unique_key if name not in METADATA]
    if missing:
        raise InvalidInput(
            f"Bucket {bucket.name!r} names its objects by {', '.join(bucket.unique_key)}, which files do not say.",
            field="bucket_id",
            value=bucket.bucket_id,
            fix="Sync into a bucket without a unique key, or with one of path.",
        )


def _check_mapping(bucket: Bucket, rules: SyncRules) -> None:
    for blob in rules.mapping.blobs:
        name = mapped_property(bucket.properties, blob) or blob.property_name or blob.name
        declared = declared_blob(bucket, name, field=f"schema_mapping.mappings.{blob.name}")
        if blob.blob_type not in ("", declared.type):
            raise _unmappable(blob.name, f"The property {name!r} is of type {declared.type}.", blob.blob_type)
    for one in rules.mapping.fields:
        if is_reserved(one.name) or "." in one.name:
            raise _unmappable(one.name, "A field cannot have this name.", one.name)
        if one.name in bucket.properties and bucket.properties[one.name].is_blob:
            raise _unmappable(one.name, "This is a blob property, which holds a file.", one.source)
        if one.source in LABELLED and "://" not in rules.source_path:
            raise _unmappable(one.name, f"The files of a folder have no {one.source}.", one.source)


def _unmappable(name: str, why: str, value: str) -> InvalidInput:
    return InvalidInput(
        f"{name!r} cannot be mapped like this. {why}",
        field=f"schema_mapping.mappings.{name}",
        value=value,
        fix="Map it otherwise, or leave it out.",
    )


def check_declared(bucket: Bucket) -> None:
    """Raises `InvalidInput` for declared syncs that the bucket cannot follow, or that came over HTTP."""
    if bucket.syncs and bucket.managed_by == "api":
        raise InvalidInput(
            "The syncs of a bucket that is made over HTTP are made on their own.",
            field="syncs",
            fix="POST them to /v1/buckets/{bucket_id}/syncs.",
        )
    seen: list[str] = []
    for rules in bucket.syncs:
        check_rules(bucket, rules)
        doubled = [path for path in seen if overlap(path, rules.source_path)]
        if doubled:
            raise InvalidInput(
                f"Two syncs of bucket {bucket.name!r} follow {doubled[0]}.",
                field="syncs",
                value=rules.source_path,
                fix="Follow it once.",
            )
        seen.append(rules.source_path)


def overlap(one: str, other: str) -> bool:
    """Whether one place is the other, or lies below it."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def declare(syncs: SyncCatalog, bucket: Bucket) -> None:
    """The syncs that the bucket declares exist with these rules; those that it declared before and does not any more
    are forgotten. What came through them stays."""
    declared = {rules.source_path: rules for rules in bucket.syncs}
    existing = syncs.all(bucket_id=bucket.bucket_id)
    owned = {sync.rules.source_path: sync for sync in existing if sync.managed_by != "api"}
    for path, rules in declared.items():
        if path not in owned:
            syncs.put(_declared(bucket, rules))
        elif owned[path].rules != rules:
            syncs.change(owned[path].sync_id, lambda old, rules=rules: with_rules(old, rules))  # type: ignore[misc]
    for path, sync in owned.items():
        if path not in declared:
            syncs.delete(sync.sync_id)


def _declared(bucket: Bucket, rules: SyncRules) -> Sync:
    return Sync(random_id("sync"), bucket.namespace_id, bucket.bucket_id, rules, managed_by=bucket.managed_by)


def with_rules(sync: Sync, rules: SyncRules) -> Sync:
    """The sync by other rules, due at once: they can mean other files, and another mapping other objects of all."""
    remapped = sync_plan.makes_other_objects(sync.rules, rules)
    full = sync.state.full_requested or remapped
    state = replace(sync.state, next_run_at=0.0, is_complete=False, full_requested=full)
    if remapped:
        state = replace(state, requests=state.requests + 1)
    return replace(sync, rules=rules, state=state)
