"""Migrations: a new generation fills beside the serving one, answers in its place, and can be taken back.

Everything here is decided from plain values. Which generation answers is known by the collection's pointer alone; a
migration keeps only what the pointer does not say, so that no crash can make the two disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mixpeek_orchestration.core.collection import Generation, VectorIndex
from mixpeek_orchestration.core.errors import Conflict, InvalidInput
from mixpeek_orchestration.core.feature_uri import FeatureUri, canonical_version, parse_feature_uri
from mixpeek_orchestration.core.fingerprint import canonical_json

Stage = Literal["filling", "ready", "dropped", "abandoned"]
State = Literal["filling", "ready", "switched", "dropped", "abandoned"]
CLOSED: frozenset[str] = frozenset({"dropped", "abandoned"})


@dataclass(frozen=True)
class Migration:
    """A collection on its way from one generation to another.

    `stage` is what the collection's pointer does not say. `from_extractor` and `to_extractor` are `name@version`, for
    people who look at a migration whose generations are gone. `error` is what last kept the new generation from being
    filled.
    """

    migration_id: str
    namespace_id: str
    collection_id: str
    from_generation: str
    to_generation: str
    from_extractor: str
    to_extractor: str
    stage: Stage = "filling"
    index_map: Mapping[str, str] = field(default_factory=dict)
    batch_ids: tuple[str, ...] = ()
    sample: int = 0
    error: str | None = None
    created_at: str = ""
    updated_at: str = ""
    switched_at: str | None = None

    @property
    def is_open(self) -> bool:
        return self.stage not in CLOSED

    def state(self, active_generation: str) -> State:
        """The state that follows from the stage and from the generation that answers now."""
        if self.is_open and active_generation == self.to_generation:
            return "switched"
        return self.stage


@dataclass(frozen=True)
class Remaining:
    """What the new generation still lacks, in source items: to extract or patch, and to remove. `failed` items will not
    run again by themselves."""

    to_do: int
    to_delete: int
    failed: int
    documents: int

    @property
    def is_done(self) -> bool:
        return not (self.to_do or self.to_delete)


def is_same_extraction(
    generation: Generation, name: str, version: str, parameters: Mapping[str, object]
) -> bool:
    """Whether a generation is filled by this extractor version with these parameters, however they are spelled."""
    return (
        generation.extractor_name == name
        and canonical_version(generation.extractor_version) == canonical_version(version)
        and canonical_json(dict(generation.parameters)) == canonical_json(dict(parameters))
    )


def paired_features(
    old: Generation, new: Sequence[VectorIndex], asked: Mapping[str, str], *, new_uri: FeatureUri
) -> dict[str, str]:
    """By canonical URI that the old generation answers: the feature of the new one that takes over.

    `asked` maps feature URIs of the old to those of the new one and wins. Without it a feature goes to the one of the
    same name or column, or to the only one there is. A feature that nothing takes over is left out. Raises
    `InvalidInput` for a URI in `asked` that one of the two does not have.
    """
    told = {_own(old, source): _feature(new, target, new_uri) for source, target in asked.items()}
    paired: dict[str, str] = {}
    for vector in old.vectors:
        feature = told.get(vector.feature) or _natural(vector, old.vectors, new)
        if feature is not None:
            paired |= dict.fromkeys(_addresses(old, vector), feature)
    own = {vector.feature: old.uri(vector).canonical for vector in old.vectors}
    passed_on = {uri: paired[own[f]] for uri, f in old.index_map.items() if own.get(f) in paired}
    return {**passed_on, **paired}


def paired_back(old: Generation, new: Generation) -> dict[str, str]:
    """The index map that lets the old generation answer the URIs of the new one, should it serve again."""
    back: dict[str, str] = {}
    for vector in old.vectors:
        taken = new.index_map.get(old.uri(vector).canonical)
        for theirs in (v for v in new.vectors if v.feature == taken):
            back = {**dict.fromkeys(_addresses(new, theirs), vector.feature), **back}
    return {**old.index_map, **back}


def _addresses(generation: Generation, vector: VectorIndex) -> list[str]:
    """The canonical URIs of a vector: by its feature, and by its column."""
    names = dict.fromkeys((vector.feature, vector.column))
    base = generation.uri(vector)
    return [FeatureUri(base.extractor, base.version, name).canonical for name in names]


def _natural(vector: VectorIndex, old: Sequence[VectorIndex], new: Sequence[VectorIndex]) -> str | None:
    named_alike = [n.feature for n in new if n.feature == vector.feature]
    named_alike += [n.feature for n in new if n.column == vector.column]
    if named_alike:
        return named_alike[0]
    return new[0].feature if len(new) == 1 and len(old) == 1 else None


def _own(old: Generation, uri: str) -> str:
    found = old.vector_for(parse_feature_uri(uri, field="index_map"))
    if found is None:
        raise InvalidInput(
            f"The collection has no feature {uri}.",
            field="index_map",
            value=uri,
            fix=f"It has: {', '.join(str(old.uri(v)) for v in old.vectors)}.",
        )
    return found.feature


def _feature(new: Sequence[VectorIndex], uri: str, base: FeatureUri) -> str:
    asked = parse_feature_uri(uri, field="index_map")
    same = asked.same_extractor(base.extractor, base.version)
    found = next((v for v in new if same and asked.feature in (v.feature, v.column)), None)
    if found is None:
        there = ", ".join(str(FeatureUri(base.extractor, base.version, v.feature)) for v in new)
        raise InvalidInput(
            f"The new generation has no feature {uri}.", field="index_map", value=uri, fix=f"It has: {there}."
        )
    return found.feature


def pointed_at(index_map: Mapping[str, str], old: Generation, new: Generation) -> Generation:
    """The generation that an index map wants to answer: the one whose own features its values are. Without a map every
    URI means itself, which is the old one.

    Raises `InvalidInput` for a value that neither has, and `Conflict` where both have it or the values disagree.
    """
    if not index_map:
        return old
    meant: set[str] = set()
    for uri in index_map.values():
        parsed = parse_feature_uri(uri, field="index_map")
        owners = [
            g.generation_id
            for g in (old, new)
            if parsed.same_extractor(g.extractor_name, g.extractor_version) and g.vector_for(parsed)
        ]
        if not owners:
            raise InvalidInput(
                f"The collection holds no vectors for {uri}.",
                field="index_map",
                value=uri,
                fix="Use a feature_uri that its vector_indexes show.",
            )
        meant.update(owners)
    if len(meant) > 1:
        raise Conflict(
            "This index_map does not say which generation is meant.",
            field="index_map",
            value=dict(index_map),
            fix="Use POST …/migrations/current/switch or …/rollback.",
        )
    return old if meant == {old.generation_id} else new


def unpaired(uris: Iterable[str], old: Generation, paired: Mapping[str, str]) -> list[str]:
    """The feature URIs among those in use that the old generation answers and the new one would not."""
    lost = []
    for uri in dict.fromkeys(uris):
        parsed = parse_feature_uri(uri)
        if old.vector_for(parsed) is not None and parsed.canonical not in paired:
            lost.append(uri)
    return lost


def check_may_switch(
    migration: Migration, *, active: str, remaining: Remaining, endpoint: str | None, allow_failures: bool
) -> None:
    """Nothing, when the new generation may answer now; raises `Conflict` saying what is in the way.

    `endpoint` says why queries cannot be encoded for it yet, `None` when they can.
    """
    if not migration.is_open:
        raise Conflict(
            f"The migration {migration.migration_id} is {migration.stage}.",
            field="migration",
            value=migration.migration_id,
            fix="Start another one.",
        )
    if active == migration.to_generation:
        return
    if not remaining.is_done:
        raise Conflict(
            f"The new generation lacks {remaining.to_do} items and has {remaining.to_delete} too many.",
            field="to_generation",
            value=migration.to_generation,
            fix="Wait for its batches (mixpeek migrate status); `mixpeek migrate start` again fills what is missing.",
        )
    if remaining.failed and not allow_failures:
        raise Conflict(
            f"{remaining.failed} items failed in the new generation and would not be found.",
            field="to_generation",
            value=migration.to_generation,
            fix="Replay them, or switch with --allow-failures.",
        )
    if endpoint is not None:
        raise Conflict(
            f"Queries cannot be encoded for the new generation: {endpoint}",
            field="endpoint",
            value=migration.to_extractor,
            fix="Wait for the endpoint's run, or materialize the endpoint's asset; then switch.",
        )
