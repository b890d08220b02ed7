"""Whether queries can be encoded for a generation that is about to answer."""

from __future__ import annotations

from collections.abc import Callable

from mixpeek_orchestration.core.collection import Generation
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.fingerprint import fields_fp
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.deployments import Deployment


def endpoint_obstacle(
    catalog: Catalog,
    description: ExtractorDescription,
    generation: Generation,
    namespace_id: str,
    *,
    is_answering: Callable[[Deployment], bool],
) -> str | None:
    """What keeps queries from being encoded, `None` when nothing does.

    A warehouse in which nothing was ever deployed encodes queries in the process that asks, so nothing has to run.
    """
    if not generation.vectors:
        return None
    if not description.has_realtime:
        return f"{generation.extractor_name} {generation.extractor_version} has no realtime.py."
    if not catalog.deployments.all():
        return None
    name, version = generation.extractor_name, generation.extractor_version
    found = catalog.deployments.get(name, version, namespace_id=namespace_id)
    if found is None or found.status != "RUNNING":
        return f"the endpoint of {name} {version} is {found.status.lower() if found else 'not deployed'}."
    running = found.code_fps.get(fields_fp(dict(generation.parameters)))
    if running is None:
        return f"the endpoint of {name} {version} does not run these parameters yet."
    if running != description.code_fp:
        return f"the endpoint of {name} {version} runs other code."
    return None if is_answering(found) else f"the endpoint of {name} {version} does not answer."
