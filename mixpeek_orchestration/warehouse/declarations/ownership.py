"""A resource is changed only by the way of declaring that owns it, until another one takes it over."""

from __future__ import annotations

from dataclasses import replace

from mixpeek_orchestration.core.bucket import Bucket, ManagedBy
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import ManagedElsewhere
from mixpeek_orchestration.core.ports.resources import ResourceCatalog
from mixpeek_orchestration.core.retriever import Retriever


def check_owner(owner: ManagedBy, caller: ManagedBy, *, kind: str, name: str) -> None:
    """Raises `ManagedElsewhere`, naming the owner, when `caller` is not it."""
    if owner != caller:
        raise ManagedElsewhere(
            f"The {kind} {name!r} is managed by {owner}, not by {caller}.",
            field="managed_by",
            value=owner,
            fix=f"Change it where it is declared ({owner}), or declare it and apply with --take-over.",
        )


def hand_over(
    resources: ResourceCatalog, resource: Bucket | Collection | Retriever, owner: ManagedBy
) -> None:
    """From now on the resource is owned by `owner`, and otherwise as it was."""
    match resource:
        case Bucket():
            resources.put_bucket(replace(resource, managed_by=owner))
        case Collection():
            resources.put_collection(replace(resource, managed_by=owner))
        case Retriever():
            resources.put_retriever(replace(resource, managed_by=owner))
