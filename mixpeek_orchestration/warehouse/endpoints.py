"""Endpoints: which extractor versions must answer queries, and whether what runs is what should run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import MixpeekError, NotFound
from mixpeek_orchestration.core.extractor import ExtractorDescription, Recipe
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.fingerprint import LENGTH, fields_fp
from mixpeek_orchestration.core.identity import digest, joined
from mixpeek_orchestration.core.ports.catalog import Catalog, Deployment
from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry
from mixpeek_orchestration.core.ports.serving import EndpointHost
from mixpeek_orchestration.warehouse.access import now

PENDING, DEPLOYING, RUNNING, FAILED = "PENDING", "DEPLOYING", "RUNNING", "FAILED"


@dataclass(frozen=True)
class WantedEndpoint:
    """An endpoint that should run: one recipe per parameter set in use. `wanted_fp` covers code and parameters.

    `code_fps` maps the fingerprint of the parameters, as collections keep them, to the batch `code_fp` of today.
    """

    endpoint_id: str
    name: str
    version: str
    wanted_fp: str
    recipes: tuple[Recipe, ...]
    code_fps: Mapping[str, str]


def endpoint_id(name: str, version: str) -> str:
    """The id of the endpoint of an extractor version, whatever the spelling of the version."""
    return "ep_" + digest("endpoint", name, canonical_version(version))[:24]


class Endpoints:
    """The endpoints of all extractors in use."""

    def __init__(
        self,
        catalog: Catalog,
        registry: ExtractorRegistry,
        *,
        host: Callable[[], EndpointHost],
        is_answering: Callable[[Deployment], bool],
    ) -> None:
        self._catalog = catalog
        self._registry = registry
        self._host = host
        self._is_answering = is_answering

    def wanted(self) -> list[WantedEndpoint]:
        """One per extractor version with a realtime half that an enabled collection uses, by name and version."""
        described: dict[tuple[str, str], dict[str, ExtractorDescription]] = {}
        for collection in self._catalog.resources.collections():
            description = self._description(collection) if collection.enabled else None
            if description is not None and description.has_realtime:
                key = (description.name, description.version)
                described.setdefault(key, {})[fields_fp(collection.extractor.parameters)] = description
        return [_wanted(by_parameters) for _, by_parameters in sorted(described.items())]

    def stale(self) -> list[WantedEndpoint]:
        """The wanted ones that do not run, run other code, or do not answer."""
        return [wanted for wanted in self.wanted() if not self._is_up_to_date(wanted)]

    def get(self, name: str, version: str) -> Deployment:
        """The deployment of an extractor version; raises `NotFound`."""
        found = self._catalog.deployments.get(name, version)
        if found is None:
            raise NotFound(
                f"No endpoint of {name} {version} was ever deployed.", field="extractor", value=name
            )
        return found

    def deploy(self, name: str, version: str) -> Deployment:
        """The endpoint, running after a real inference with every parameter set in use.

        When the new one does not come up the old one goes on answering; the error is kept and raised.
        """
        wanted = next(
            (w for w in self.wanted() if w.endpoint_id == endpoint_id(name, version)),
            None,
        )
        if wanted is None:
            raise NotFound(
                f"No collection needs an endpoint of {name} {version}.", field="extractor", value=name
            )
        old = self._catalog.deployments.get(name, version)
        started = _started(old, wanted)
        self._catalog.deployments.put(started)
        try:
            url = self._host().deploy(wanted.endpoint_id, wanted.recipes)
        except Exception as error:
            answers = old is not None and old.status == RUNNING and self._is_answering(old)
            status = RUNNING if answers else FAILED
            reason = str(error) or type(error).__name__
            self._catalog.deployments.put(replace(started, status=status, error=reason, updated_at=now()))
            raise
        running = replace(
            started,
            status=RUNNING,
            running_fp=wanted.wanted_fp,
            url=url,
            code_fps=wanted.code_fps,
            error=None,
            updated_at=now(),
        )
        return self._catalog.deployments.put(running)

    def _description(self, collection: Collection) -> ExtractorDescription | None:
        choice = collection.extractor
        try:
            return self._registry.describe(choice.name, choice.version, choice.parameters)
        except MixpeekError:
            # A package that no longer loads is shown by its collection's own asset; others must still deploy.
            return None

    def _is_up_to_date(self, wanted: WantedEndpoint) -> bool:
        current = self._catalog.deployments.get(wanted.name, wanted.version)
        if current is None or current.status != RUNNING or current.running_fp != wanted.wanted_fp:
            return False
        return self._is_answering(current)


def _wanted(by_parameters: Mapping[str, ExtractorDescription]) -> WantedEndpoint:
    first = next(iter(by_parameters.values()))
    recipes = {description.code_fp: description.recipe for description in by_parameters.values()}
    return WantedEndpoint(
        endpoint_id=endpoint_id(first.name, first.version),
        name=first.name,
        version=first.version,
        wanted_fp=joined([first.realtime_fp, *recipes])[:LENGTH],
        recipes=tuple(recipes[code_fp] for code_fp in sorted(recipes)),
        code_fps={key: description.code_fp for key, description in by_parameters.items()},
    )


def _started(old: Deployment | None, wanted: WantedEndpoint) -> Deployment:
    base = old or Deployment(wanted.endpoint_id, wanted.name, wanted.version)
    status = RUNNING if base.status == RUNNING else DEPLOYING
    return replace(base, status=status, wanted_fp=wanted.wanted_fp, updated_at=now())
