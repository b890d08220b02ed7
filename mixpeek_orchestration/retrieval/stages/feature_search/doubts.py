"""Why an answer may be less than it should be: a collection that was never filled, an endpoint that runs other code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mixpeek_orchestration.core.collection import Generation
from mixpeek_orchestration.core.fingerprint import fields_fp
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.retrieval.execution import Degraded
from mixpeek_orchestration.retrieval.scope import Target

_UNFINISHED: Final = frozenset({"PENDING", "IN_PROGRESS"})


def unfilled(catalog: Catalog, target: Target, *, stage: str) -> Degraded | None:
    """Why a collection without a table has no documents; `None` when it was processed and none came of it."""
    collection = target.collection
    pending = [
        batch.batch_id
        for batch in catalog.batches.recent(statuses=_UNFINISHED)
        if collection.collection_id in batch.collection_ids
    ]
    if not pending and catalog.ledger.history(collection.collection_id, limit=1):
        return None
    why = f"{len(pending)} of its batches are not done" if pending else "no batch has been processed"
    next_step = (
        f"Ask again when the batch {pending[0]} is done." if pending else "Submit a batch of its source."
    )
    return Degraded(
        "collection",
        collection.collection_id,
        f"The collection {collection.name!r} is not materialized yet: {why}.",
        next_step,
        stage,
    )


def deleted(identifier: str, *, stage: str) -> Degraded:
    """The entry for a collection of the retriever that is not there any more."""
    return Degraded(
        "collection",
        identifier,
        f"The collection {identifier!r} of this retriever does not exist any more.",
        "Take it out of the retriever's collection_identifiers.",
        stage,
    )


def other_code(catalog: Catalog, targets: Iterable[Target], *, stage: str) -> list[Degraded]:
    """An entry per collection whose documents were made by other code than its endpoint runs."""
    entries: list[Degraded] = []
    for target in targets:
        generation = target.generation
        deployment = catalog.deployments.get(
            generation.extractor_name,
            generation.extractor_version,
            namespace_id=target.collection.namespace_id,
        )
        running = deployment.code_fps.get(parameters_fp(generation)) if deployment else None
        if deployment and running and generation.code_fp and running != generation.code_fp:
            entries.append(
                Degraded(
                    "endpoint",
                    deployment.endpoint_id,
                    f"The endpoint of {generation.extractor_name}@{generation.extractor_version} runs code "
                    f"{running[:12]}, the documents of {target.collection.name!r} were made by "
                    f"{generation.code_fp[:12]}.",
                    "Materialize the collection with the new code, or deploy the endpoint again.",
                    stage,
                )
            )
    return entries


def parameters_fp(generation: Generation) -> str:
    """The fingerprint under which a deployment keeps the code of a parameter set."""
    return fields_fp(dict(generation.parameters))
