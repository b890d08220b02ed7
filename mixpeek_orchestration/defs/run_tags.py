"""The tags by which runs are found, and which the instance's limits count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mixpeek_orchestration.core.batch import Batch

BATCH: Final = "mixpeek/batch"
SUBMISSION: Final = "mixpeek/submission"
TRIGGER: Final = "mixpeek/trigger"
NAMESPACE: Final = "mixpeek/namespace"
COLLECTIONS: Final = "mixpeek/collections"
COLLECTION: Final = "mixpeek.collection/"
"""Followed by the id of a collection; the value is its name. One per collection, so that runs of one can be filtered."""
ENDPOINT: Final = "mixpeek/endpoint"
GENERATION: Final = "mixpeek/generation"
"""On runs that fill one generation of a collection beside the one that answers."""
PRIORITY: Final = "dagster/priority"
RUN_KEY: Final = "dagster/run_key"
WILL_RETRY: Final = "dagster/will_retry"


def of_batch(batch: Batch, collections: Mapping[str, str]) -> dict[str, str]:
    """The tags of a run that processes a batch; `collections` maps the ids of its collections to their names."""
    trigger, generation = batch.metadata.get("trigger"), batch.metadata.get("generation")
    # What fills beside what answers waits for what came in meanwhile.
    filling = {GENERATION: generation, PRIORITY: "-10"} if isinstance(generation, str) else {}
    return {
        BATCH: batch.batch_id,
        SUBMISSION: str(batch.submission),
        NAMESPACE: batch.namespace_id,
        COLLECTIONS: ", ".join(collections.values()),
        **of_collections(collections),
        **({TRIGGER: trigger} if isinstance(trigger, str) else {}),
        **filling,
    }


def of_collections(collections: Mapping[str, str]) -> dict[str, str]:
    """The tags of a run that materializes these collections, by id with their names."""
    return {f"{COLLECTION}{identifier}": name for identifier, name in collections.items()}


def missing(present: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """What a run that was started by hand lacks; nothing that it has is changed."""
    return {key: value for key, value in wanted.items() if key not in present}
