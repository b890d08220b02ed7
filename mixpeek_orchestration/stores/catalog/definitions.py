"""What holds for every named definition, whichever catalog keeps it: names, ids, timestamps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.errors import Conflict, NameConflict, NotFound
from mixpeek_orchestration.core.migration import Migration
from mixpeek_orchestration.core.own_model import OwnModel
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.ports.resources import Namespace
from mixpeek_orchestration.core.retriever import Retriever
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import normal

D = TypeVar("D", Namespace, Bucket, Collection, Retriever)


@dataclass(frozen=True)
class Kind(Generic[D]):
    """One kind of definition: its class, what people call it, and the field that identifies it."""

    type: type[D]
    noun: str
    identifier: str

    def id_of(self, definition: D) -> str:
        return str(getattr(definition, self.identifier))


NAMESPACE = Kind(Namespace, "namespace", "namespace_id")
BUCKET = Kind(Bucket, "bucket", "bucket_id")
COLLECTION = Kind(Collection, "collection", "collection_id")
RETRIEVER = Kind(Retriever, "retriever", "retriever_id")


def settled(new: D, old: D | None) -> D:
    """The definition as it is to be kept over `old`; `old` itself when only `updated_at` would move.

    The first `created_at` stays. A collection keeps the generation that is active: only a compare-and-swap moves it,
    and what it is filled by with it.
    """
    kept: dict[str, Any] = {"created_at": (old or new).created_at or now()}
    if isinstance(old, Collection) and old.active_generation:
        kept["active_generation"] = old.active_generation
        if isinstance(new, Collection) and new.active_generation != old.active_generation:
            kept["extractor"] = old.extractor
    result = replace(normal(new), **kept)
    if isinstance(result, Namespace):
        return result
    if old is not None and replace(result, updated_at=old.updated_at) == old:
        return old
    told = result.updated_at and (old is None or result.updated_at != old.updated_at)
    return result if told else replace(result, updated_at=now())


def settled_generation(new: Generation, old: Generation | None) -> Generation:
    """The generation as it is to be kept over `old`: its first `created_at`, and its code unless `new` has one."""
    return replace(
        normal(new),
        created_at=(old or new).created_at or now(),
        code_fp=new.code_fp or (old.code_fp if old else ""),
    )


def name_conflict(kind: Kind[Any], name: str, existing: str) -> NameConflict:
    """The error for a name that is taken, or too like one that is."""
    like = "" if name == existing else f" that {name!r} is too like"
    return NameConflict(
        f"There is already a {kind.noun} named {existing!r}{like}.",
        field=f"{kind.noun}_name",
        value=name,
        fix="Choose a name that differs in more than case, accents and separators.",
        existing=existing,
    )


def unknown_namespace(namespace_id: str) -> NotFound:
    """The error for a definition in a namespace that does not exist."""
    return NotFound(f"There is no namespace {namespace_id!r}.", field="namespace_id", value=namespace_id)


def number_taken(collection_id: str, number: int, existing: str) -> Conflict:
    """The error for a second generation with the same number."""
    return Conflict(
        f"Collection {collection_id} already has a generation {number}: {existing}.",
        field="number",
        value=number,
        fix="Read the generations again and take the next number.",
    )


def generation_is_active(generation_id: str) -> Conflict:
    """The error for deleting the generation that answers."""
    return Conflict(
        f"The generation {generation_id} answers for its collection.",
        field="generation_id",
        value=generation_id,
        fix="Switch to another generation first.",
    )


def second_migration(open_one: Migration) -> Conflict:
    """The error for a second migration of a collection."""
    return Conflict(
        f"The collection is being migrated to {open_one.to_extractor} already.",
        field="collection_id",
        value=open_one.migration_id,
        fix="Switch and drop that one, or abandon it, before another one starts.",
        migration_id=open_one.migration_id,
    )


def second_endpoint(deployment: Deployment, existing: str) -> Conflict:
    """The error for two endpoints of one extractor version."""
    return Conflict(
        f"{deployment.extractor_name}@{deployment.extractor_version} already has the endpoint {existing!r}.",
        field="endpoint_id",
        value=deployment.endpoint_id,
        fix="Update that endpoint, or delete it first.",
    )


def second_secret(name: str) -> NameConflict:
    """The error for creating a secret whose name is taken."""
    return NameConflict(
        f"There is a secret {name!r} already.",
        field="secret_name",
        value=name,
        fix="Update it, or delete it first.",
    )


def second_model(model: OwnModel) -> Conflict:
    """The error for another upload of a version: published weights never change."""
    return Conflict(
        f"The model {model.name!r} has a version {model.version} already.",
        field="version",
        value=model.version,
        fix="Upload it under another version.",
        model_id=model.model_id,
    )


def too_many_models(limit: int) -> Conflict:
    """The error for more models than a namespace may have."""
    return Conflict(
        f"The namespace has {limit} models, which is the most.",
        field="name",
        value=limit,
        fix="Delete one first.",
    )
