"""The collections that a search may look into, each with the generation that answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from mixpeek_orchestration.core.collection import Collection, Generation, VectorIndex
from mixpeek_orchestration.core.errors import InvalidInput, NotFound
from mixpeek_orchestration.core.feature_uri import FeatureUri
from mixpeek_orchestration.core.ports.resources import ResourceCatalog


@dataclass(frozen=True)
class Target:
    """One collection with its active generation, as pinned for one request."""

    collection: Collection
    generation: Generation


@dataclass(frozen=True)
class Scope:
    """What was found of the collections asked for; `missing` has the identifiers that name nothing any more."""

    targets: tuple[Target, ...]
    missing: tuple[str, ...] = ()

    def narrowed(self, identifiers: Sequence[str] | None, *, field: str) -> Scope:
        """The part of this scope that `identifiers` (names or ids) name; all of it without any.

        Raises `InvalidInput` for an identifier outside the scope.
        """
        if not identifiers:
            return self
        by_name = {t.collection.name: t for t in self.targets} | {
            t.collection.collection_id: t for t in self.targets
        }
        gone = [identifier for identifier in identifiers if identifier in self.missing]
        for identifier in identifiers:
            if identifier not in by_name and identifier not in gone:
                raise InvalidInput(
                    f"{identifier!r} is not one of the retriever's collections.",
                    field=field,
                    value=identifier,
                    fix=f"Add it to collection_identifiers, or use one of: {', '.join(sorted(by_name)) or 'none'}.",
                )
        chosen = {by_name[i].collection.collection_id: by_name[i] for i in identifiers if i in by_name}
        return Scope(tuple(chosen.values()), tuple(gone))

    def having(self, uri: FeatureUri) -> list[tuple[Target, VectorIndex]]:
        """The targets that have the feature, with the index that holds it."""
        found = ((target, target.generation.vector_for(uri)) for target in self.targets)
        return [(target, index) for target, index in found if index is not None]

    def features(self) -> list[str]:
        """Every feature URI that can be searched here."""
        return sorted({str(t.generation.uri(index)) for t in self.targets for index in t.generation.vectors})

    def require(self, uri: FeatureUri, *, field: str) -> list[tuple[Target, VectorIndex]]:
        """Like `having`; raises `InvalidInput` that lists the features there are when none has it."""
        found = self.having(uri)
        if found:
            return found
        there = self.features()
        raise InvalidInput(
            f"No collection of this retriever has the feature {uri}.",
            field=field,
            value=str(uri),
            fix=f"There is: {', '.join(there)}." if there else "Add a collection to collection_identifiers.",
        )


def open_scope(
    resources: ResourceCatalog,
    namespace_id: str,
    identifiers: Iterable[str],
    *,
    instead: Mapping[str, str] = MappingProxyType({}),
) -> Scope:
    """The scope of these collections (names or ids) as the catalog has them now. `instead` names, by collection id, the
    generation to look into where it is not the active one."""
    targets: dict[str, Target] = {}
    missing: list[str] = []
    for identifier in identifiers:
        target = _target(resources, namespace_id, identifier, instead)
        if target is None:
            missing.append(identifier)
        else:
            targets[target.collection.collection_id] = target
    return Scope(tuple(targets.values()), tuple(missing))


def _target(
    resources: ResourceCatalog, namespace_id: str, identifier: str, instead: Mapping[str, str]
) -> Target | None:
    """A generation may be switched and dropped between the two reads; then the collection names another one."""
    looked_for = ""
    while collection := resources.collection(namespace_id, identifier):
        generation_id = instead.get(collection.collection_id, collection.active_generation)
        generation = resources.generation(generation_id)
        if generation is not None:
            return Target(collection, generation)
        if generation_id == looked_for:
            return None
        looked_for = generation_id
    return None


def has_lost_one(resources: ResourceCatalog, scope: Scope) -> bool:
    """Whether a generation of this scope has been dropped. It goes from the catalog before its table does."""
    return any(resources.generation(target.generation.generation_id) is None for target in scope.targets)


def require_scope(
    resources: ResourceCatalog, namespace_id: str, identifiers: Sequence[str], *, field: str
) -> Scope:
    """Like `open_scope`; raises `NotFound` naming the first collection that does not exist."""
    scope = open_scope(resources, namespace_id, identifiers)
    if scope.missing:
        names = sorted(collection.name for collection in resources.collections(namespace_id))
        raise NotFound(
            f"There is no collection {scope.missing[0]!r} in this namespace.",
            field=field,
            value=scope.missing[0],
            fix=f"There is: {', '.join(names)}." if names else "Create a collection first.",
        )
    return scope
