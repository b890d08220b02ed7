"""Drafting the generation that is to take over, and checking that it can before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mixpeek_orchestration.core.collection import Collection, ExtractorChoice, Generation
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import FeatureUri
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.migration import (
    Migration,
    is_same_extraction,
    paired_back,
    paired_features,
    unpaired,
)
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.retrieval.answer import feature_dependencies
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.collection_inputs import outputs_of


@dataclass(frozen=True)
class Draft:
    """A migration with both its generations as they are to be kept; nothing is written yet."""

    migration: Migration
    old: Generation
    new: Generation


def draft_of(
    catalog: Catalog,
    collection: Collection,
    old: Generation,
    choice: ExtractorChoice,
    description: ExtractorDescription,
    index_map: Mapping[str, str],
) -> Draft:
    """What would take over from `old`. Raises `InvalidInput` when nothing would change, and for a retriever or a later
    tier that could not go on."""
    if is_same_extraction(old, choice.name, choice.version, choice.parameters):
        raise InvalidInput(
            f"Collection {collection.name!r} is filled by {choice.id} with these parameters already.",
            field="feature_extractor",
            value=choice.id,
            fix="An edited working copy needs no migration: materialize the collection.",
        )
    uri = FeatureUri(choice.name, choice.version, "")
    paired = paired_features(old, description.vectors, index_map, new_uri=uri)
    _check_retrievers(catalog, collection, old, paired)
    _check_later_tiers(catalog, collection, choice, description)
    number = _next_number(catalog, collection)
    new = Generation(
        generation_id=f"{collection.collection_id}_g{number}",
        collection_id=collection.collection_id,
        number=number,
        table=f"{collection.collection_id}_g{number}",
        extractor_name=choice.name,
        extractor_version=choice.version,
        parameters=choice.parameters,
        vectors=description.vectors,
        created_at=now(),
        input_mappings=choice.input_mappings,
        index_map=paired,
    )
    # Without a code of its own a definition leaves the one that is kept beside it.
    kept = replace(
        old,
        input_mappings=collection.extractor.input_mappings,
        index_map=paired_back(old, new),
        code_fp="",
    )
    return Draft(_migration(collection, old, new), kept, new)


def _migration(collection: Collection, old: Generation, new: Generation) -> Migration:
    return Migration(
        migration_id=random_id("mig"),
        namespace_id=collection.namespace_id,
        collection_id=collection.collection_id,
        from_generation=old.generation_id,
        to_generation=new.generation_id,
        from_extractor=f"{old.extractor_name}@{old.extractor_version}",
        to_extractor=f"{new.extractor_name}@{new.extractor_version}",
    )


def _next_number(catalog: Catalog, collection: Collection) -> int:
    """Higher than every number there ever was: the table of a dropped generation never comes back."""
    there = [g.number for g in catalog.resources.generations(collection.collection_id)]
    past = [m.to_generation.rpartition("_g")[2] for m in catalog.migrations.of(collection.collection_id)]
    return max([*there, *map(int, past)], default=0) + 1


def _check_retrievers(
    catalog: Catalog, collection: Collection, old: Generation, paired: Mapping[str, str]
) -> None:
    retrievers = catalog.resources.retrievers(collection.namespace_id)
    reading = [r for r in retrievers if collection.collection_id in r.collection_ids]
    lost = unpaired((str(uri) for r in reading for uri in feature_dependencies(r)), old, paired)
    if lost:
        raise InvalidInput(
            f"Retrievers search {lost[0]}, and nothing says which feature takes over.",
            field="index_map",
            value=lost,
            fix=f"Say it: index_map {{{lost[0]!r}: '<feature URI of the new extractor>'}}.",
        )


def _check_later_tiers(
    catalog: Catalog, collection: Collection, choice: ExtractorChoice, description: ExtractorDescription
) -> None:
    if collection.extractor.include_all_source_fields:
        return
    there = outputs_of(choice, description)
    for reader in catalog.resources.collections(collection.namespace_id):
        if collection.collection_id not in reader.source.ids:
            continue
        mapped = [path for paths in reader.extractor.input_mappings.values() for path in paths]
        read = (*mapped, *(p.source_path for p in reader.extractor.passthrough))
        gone = [p for p in read if p.split(".")[0] not in there and not p.startswith("metadata.")]
        if gone:
            raise InvalidInput(
                f"Collection {reader.name!r} reads {gone[0]!r}, which {choice.id} does not make.",
                field="feature_extractor",
                value=choice.id,
                fix=f"It makes: {', '.join(there)}. Change what {reader.name!r} reads first.",
            )
