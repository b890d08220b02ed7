"""Endpoints: which extractor versions must answer queries, and whether what runs is what should run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mixpeek_orchestration.core.errors import InvalidPackage, LeaseHeld, MixpeekError, NotFound
from mixpeek_orchestration.core.extractor import ExtractorDescription, Recipe
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.fingerprint import LENGTH, fields_fp
from mixpeek_orchestration.core.identity import digest, joined
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry
from mixpeek_orchestration.core.ports.serving import EndpointHost
from mixpeek_orchestration.core.published import PublishedVersion, endpoint_owner, scopes
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.rollout import Rollout
from mixpeek_orchestration.warehouse.runs.generations import standing

PENDING, DEPLOYING, RUNNING, FAILED = "PENDING", "DEPLOYING", "RUNNING", "FAILED"
_WAIT_S = 60.0


@dataclass(frozen=True)
class WantedEndpoint:
    """An endpoint that should run: one recipe per parameter set in use. `wanted_fp` covers code and parameters.

    `code_fps` maps the fingerprint of the parameters, as collections keep them, to the batch `code_fp` of today.
    `owner` is the namespace that uses a published version, empty for a working copy.
    """

    endpoint_id: str
    name: str
    version: str
    wanted_fp: str
    recipes: tuple[Recipe, ...]
    code_fps: Mapping[str, str]
    owner: str = ""


@dataclass(frozen=True)
class _Use:
    """Something that needs an extractor to answer: a collection, or (without parameters) an explicit deployment."""

    namespace_id: str
    name: str
    version: str
    parameters: Mapping[str, Any] | None = None


def endpoint_id(name: str, version: str, owner: str = "") -> str:
    """The id of the endpoint of an extractor version, whatever the spelling of the version."""
    owned = (owner,) if owner else ()
    return "ep_" + digest("endpoint", name, canonical_version(version), *owned)[:24]


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
        self._rollout = Rollout(catalog.packages)

    def wanted(self) -> list[WantedEndpoint]:
        """One per extractor version with a realtime half that an enabled collection uses or that was deployed, by
        name and version."""
        described: dict[tuple[str, str, str], dict[str, ExtractorDescription]] = {}
        for use in self._uses():
            description = self._description(use)
            if description is not None and description.has_realtime:
                owner = endpoint_owner(description.namespace_id, use.namespace_id)
                key = (description.name, description.version, owner)
                parameters = description.parameters if use.parameters is None else use.parameters
                described.setdefault(key, {})[fields_fp(parameters)] = description
        return [_wanted(owner, each) for (_, _, owner), each in sorted(described.items())]

    def stale(self) -> list[WantedEndpoint]:
        """The wanted ones that do not run, run other code, do not answer, or are about to become active."""
        return [
            wanted
            for wanted in self.wanted()
            if self._is_rolling_out(wanted) or not self._is_up_to_date(wanted)
        ]

    def unwanted(self) -> list[Deployment]:
        """What is deployed and needed by nobody. A package that cannot be read now keeps its endpoint."""
        kept = {wanted.endpoint_id for wanted in self.wanted()}
        for use in self._uses():
            if self._description(use) is None:
                kept |= {endpoint_id(use.name, use.version, owner) for owner in scopes(use.namespace_id)}
        return [one for one in self._catalog.deployments.all() if one.endpoint_id not in kept]

    def activate_running(self, plugin: PublishedVersion) -> None:
        """A version that is being rolled out is active now, if its endpoint runs what is wanted of it and answers.

        Under the lease, so that nobody ends the endpoint in between. Whoever has the lease (a run that starts or ends
        it) goes on alone: the endpoint sensor asks for what is left to do.
        """
        identifier = endpoint_id(plugin.name, plugin.version, plugin.namespace_id)
        try:
            with hold(self._catalog.leases, f"endpoint:{identifier}"):
                wanted = self._wanted_one(identifier)
                if wanted is not None and self._is_up_to_date(wanted):
                    self._rollout.finish(plugin.namespace_id, plugin.name, plugin.version)
        except LeaseHeld:
            return

    def get(self, name: str, version: str, *, namespace_id: str = "") -> Deployment:
        """The deployment of an extractor version; raises `NotFound`."""
        found = self._catalog.deployments.get(name, version, namespace_id=namespace_id)
        if found is None:
            raise NotFound(
                f"No endpoint of {name} {version} was ever deployed.", field="extractor", value=name
            )
        return found

    def deploy(self, name: str, version: str, *, owner: str = "") -> Deployment:
        """The endpoint, running after a real inference with every parameter set in use; a version that was waiting
        for it is active.

        When the new one does not come up the old one goes on answering; the error is kept and raised.
        """
        identifier = endpoint_id(name, version, owner)
        with hold(self._catalog.leases, f"endpoint:{identifier}", wait_s=_WAIT_S):
            wanted = self._wanted_one(identifier)
            if wanted is None:
                raise NotFound(
                    f"Nobody needs an endpoint of {name} {version}.", field="extractor", value=name
                )
            if self._is_rolling_out(wanted) and self._is_up_to_date(wanted):
                running = self.get(name, version, namespace_id=owner)
            else:
                running = self._replaced(wanted)
            if wanted.owner:
                self._rollout.finish(wanted.owner, wanted.name, canonical_version(wanted.version))
            self._host().retire(wanted.endpoint_id, keep=running.url)
            return running

    def remove(self, identifier: str) -> bool:
        """The endpoint is gone, and so is what the catalog knew of it; `False` when somebody needs it after all."""
        with hold(self._catalog.leases, f"endpoint:{identifier}", wait_s=_WAIT_S):
            if identifier not in {one.endpoint_id for one in self.unwanted()}:
                return False
            # First nobody is sent there any more, then it ends.
            self._catalog.deployments.delete(identifier)
            self._host().remove(identifier)
            return True

    def _replaced(self, wanted: WantedEndpoint) -> Deployment:
        old = self._current(wanted)
        started = _started(old, wanted)
        self._catalog.deployments.put(started)
        try:
            url = self._host().deploy(wanted.endpoint_id, wanted.recipes)
        except Exception as error:
            self._keep_failure(old, started, error)
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

    def _keep_failure(self, old: Deployment | None, started: Deployment, error: Exception) -> None:
        answers = old is not None and old.status == RUNNING and self._is_answering(old)
        reason = str(error) or type(error).__name__
        self._catalog.deployments.put(
            replace(started, status=RUNNING if answers else FAILED, error=reason, updated_at=now())
        )
        if started.namespace_id and isinstance(error, InvalidPackage):
            # A published version never changes, so trying again would fail the same way.
            version = canonical_version(started.extractor_version)
            self._rollout.fail(started.namespace_id, started.extractor_name, version, reason)

    def _uses(self) -> Iterator[_Use]:
        for collection in standing(self._catalog, self._catalog.resources.collections()):
            if collection.enabled:
                choice = collection.extractor
                yield _Use(collection.namespace_id, choice.name, choice.version, choice.parameters)
        for deployment in self._catalog.packages.deployments():
            if deployment.deployment_type == "realtime" and deployment.error is None:
                yield _Use(deployment.namespace_id, deployment.name, deployment.version)

    def _description(self, use: _Use) -> ExtractorDescription | None:
        try:
            return self._registry.describe(
                use.name, use.version, use.parameters, namespace_id=use.namespace_id
            )
        except MixpeekError:
            # A package that no longer loads is shown by its collection's own asset; others must still deploy.
            return None

    def _wanted_one(self, identifier: str) -> WantedEndpoint | None:
        return next((one for one in self.wanted() if one.endpoint_id == identifier), None)

    def _current(self, wanted: WantedEndpoint) -> Deployment | None:
        found = self._catalog.deployments.get(wanted.name, wanted.version, namespace_id=wanted.owner)
        return found if found is not None and found.endpoint_id == wanted.endpoint_id else None

    def _is_rolling_out(self, wanted: WantedEndpoint) -> bool:
        return bool(wanted.owner) and self._rollout.is_pending(
            wanted.owner, wanted.name, canonical_version(wanted.version)
        )

    def _is_up_to_date(self, wanted: WantedEndpoint) -> bool:
        current = self._current(wanted)
        if current is None or current.status != RUNNING or current.running_fp != wanted.wanted_fp:
            return False
        return self._is_answering(current)


def _wanted(owner: str, by_parameters: Mapping[str, ExtractorDescription]) -> WantedEndpoint:
    first = next(iter(by_parameters.values()))
    recipes = {description.code_fp: description.recipe for description in by_parameters.values()}
    return WantedEndpoint(
        endpoint_id=endpoint_id(first.name, first.version, owner),
        name=first.name,
        version=first.version,
        wanted_fp=joined([first.realtime_fp, *recipes])[:LENGTH],
        recipes=tuple(recipes[code_fp] for code_fp in sorted(recipes)),
        code_fps={key: description.code_fp for key, description in by_parameters.items()},
        owner=owner,
    )


def _started(old: Deployment | None, wanted: WantedEndpoint) -> Deployment:
    base = old or Deployment(wanted.endpoint_id, wanted.name, wanted.version, namespace_id=wanted.owner)
    status = RUNNING if base.status == RUNNING else DEPLOYING
    return replace(base, status=status, wanted_fp=wanted.wanted_fp, updated_at=now())
