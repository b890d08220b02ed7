"""The syncs that a bucket's own declaration names."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.syncs import SyncCatalog
from mixpeek_orchestration.core.sync import Sync, SyncRules
from mixpeek_orchestration.warehouse.blobs import declared_blob

METADATA: Final = frozenset({"path", "title"})
"""What a synced object says about its file; a bucket's unique key must be made of it."""


def check_rules(bucket: Bucket, rules: SyncRules) -> None:
    """Raises `InvalidInput` for rules that the bucket cannot follow."""
    if rules.blob_property is not None:
        declared_blob(bucket, rules.blob_property, field="blob_property")
    missing = [name for name in bucket.unique_key if name not in METADATA]
    if missing:
        raise InvalidInput(
            f"Bucket {bucket.name!r} names its objects by {', '.join(bucket.unique_key)}, which files do not say.",
            field="bucket_id",
            value=bucket.bucket_id,
            fix="Sync into a bucket without a unique key, or with one of path.",
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
            syncs.change(owned[path].sync_id, lambda old, rules=rules: _with_rules(old, rules))  # type: ignore[misc]
    for path, sync in owned.items():
        if path not in declared:
            syncs.delete(sync.sync_id)


def _declared(bucket: Bucket, rules: SyncRules) -> Sync:
    return Sync(random_id("sync"), bucket.namespace_id, bucket.bucket_id, rules, managed_by=bucket.managed_by)


def _with_rules(sync: Sync, rules: SyncRules) -> Sync:
    """Other rules can mean other files: the next run is due at once."""
    state = replace(sync.state, next_run_at=0.0, is_complete=False)
    return replace(sync, rules=rules, state=state)
