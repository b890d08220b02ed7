"""Whether what a retriever searches is held by what it reads."""

from __future__ import annotations

from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.resources import ResourceCatalog
from mixpeek_orchestration.retrieval.scope import require_scope
from mixpeek_orchestration.retrieval.stages.registry import find_stage


def resolve_features(
    resources: ResourceCatalog, namespace_id: str, retriever_id: str
) -> dict[str, list[str]]:
    """The names of the collections that hold each feature, by feature URI.

    Raises `NotFound` when the retriever or one of its collections is gone, and `InvalidInput` naming the stage for a
    feature that none of its collections holds.
    """
    retriever = resources.retriever(namespace_id, retriever_id)
    if retriever is None:
        raise NotFound(
            f"There is no retriever {retriever_id!r} any more.",
            field="retriever_id",
            value=retriever_id,
            fix="It was deleted after this run was launched; nothing needs to be done.",
        )
    scope = require_scope(resources, namespace_id, retriever.collection_ids, field="collection_identifiers")
    resolved: dict[str, list[str]] = {}
    for position, stage in enumerate(retriever.stages):
        at = f"stages.{position}"
        for uri in find_stage(stage.stage_id, field=f"{at}.stage_id").features(stage.parameters):
            holders = scope.require(uri, field=f"{at}.parameters")
            resolved[str(uri)] = sorted(target.collection.name for target, _ in holders)
    return resolved
