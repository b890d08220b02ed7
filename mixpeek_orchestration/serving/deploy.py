"""Endpoints on Ray Serve: one application per deployment of an endpoint, each with its own URL."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import httpx
import tenacity

from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError, NotReady
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.identity import resource_slug
from mixpeek_orchestration.serving.http_encoder import answers_at
from mixpeek_orchestration.serving.start_failure import reason_in

LOOPBACK: Final = "127.0.0.1"
ROUTE: Final = "/endpoints"
START_TIMEOUT_S: Final = 600.0
_SEPARATOR: Final = "--"
_RUNNING, _FAILED = "RUNNING", "DEPLOY_FAILED"


class RayEndpointHost:
    """Implements `EndpointHost`. `connect` connects this process to the cluster; nothing happens before the first use.

    Every deployment is an application of its own, named after the endpoint's id, so that deploying one endpoint
    restarts no other, and the one that answers is only retired when everybody knows its successor.
    """

    def __init__(
        self,
        connect: Callable[[], None],
        *,
        http_port: int,
        cpus_per_replica: float = 0.1,
        threads: int = 1,
        start_timeout_s: float = START_TIMEOUT_S,
    ) -> None:
        self._connect = connect
        self._http_port = http_port
        self._cpus = cpus_per_replica
        self._threads = threads
        self._start_timeout_s = start_timeout_s

    def deploy(self, endpoint_id: str, recipes: Sequence[Recipe]) -> str:
        """The URL of the endpoint, which answers: a real inference with every recipe's parameters succeeded.

        What ran before goes on answering at its own URL until `retire`. Raises `InvalidPackage` when the package does
        not start, `NotReady` when it does not in time.
        """
        if not recipes:
            raise InvalidInput(
                "An endpoint needs at least one parameter set.", field="recipes", value=endpoint_id
            )
        self._start()
        prefix = _prefix(endpoint_id)
        name = f"{prefix}{secrets.token_hex(4)}"
        url = f"http://{LOOPBACK}:{self._http_port}{_route(name)}"
        try:
            self._run(name, url, recipes)
        except (MixpeekError, KeyboardInterrupt):
            _delete([name])
            raise
        return url

    def retire(self, endpoint_id: str, *, keep: str) -> None:
        """Stop what ran under other URLs than `keep`, once it has answered what it was asked.

        A caller that still has the old URL is told to ask again (404).
        """
        self._connect()
        prefix = _prefix(endpoint_id)
        _delete([one for one in _applications() if one.startswith(prefix) and not keep.endswith(_route(one))])

    def remove(self, endpoint_id: str) -> None:
        """Stop an endpoint; nothing happens when it does not run."""
        self._connect()
        _delete([name for name in _applications() if name.startswith(_prefix(endpoint_id))])

    def status(self, endpoint_id: str) -> str | None:
        """Serve's word for the newest application of an endpoint, `None` when there is none."""
        self._connect()
        states = {n: a for n, a in _applications().items() if n.startswith(_prefix(endpoint_id))}
        newest = max(states.values(), key=lambda app: app.last_deployed_time_s, default=None)
        return None if newest is None else str(newest.status.value)

    def _start(self) -> None:
        """Serve runs on the cluster, with its proxy on loopback; nothing happens when it already does."""
        self._connect()
        from ray import serve

        serve.start(
            proxy_location="HeadOnly",
            http_options={"host": LOOPBACK, "port": self._http_port},
            logging_config={"log_level": "WARNING", "enable_access_log": False},
        )

    def _run(self, name: str, url: str, recipes: Sequence[Recipe]) -> None:
        from ray import serve

        from mixpeek_orchestration.serving.replica import application

        target = serve.RunTarget(
            target=application(recipes, cpus=self._cpus, threads=self._threads),
            name=name,
            route_prefix=httpx.URL(url).path,
            logging_config={"log_level": "WARNING", "enable_access_log": False},
        )
        serve.run_many([target], wait_for_applications_running=False)
        endpoint = f"{recipes[0].name} {recipes[0].version}"
        state = self._until(lambda: _state(name), lambda state: state[0] in (_RUNNING, _FAILED))
        if state is not None and state[0] == _FAILED:
            raise reason_in(state[1], endpoint=endpoint)
        if state is None or state[0] != _RUNNING:
            raise NotReady(
                f"The endpoint of {endpoint} did not start within {self._start_timeout_s:.0f} s: "
                f"{state[1] if state else 'Serve does not know it'}",
                value=endpoint,
                fix="See whether the cluster has room for it: mixpeek status.",
            )
        if not self._until(lambda: answers_at(url), bool, timeout_s=30):
            raise NotReady(
                f"The endpoint of {endpoint} runs, but nothing answers at {url}.",
                value=url,
                fix="Another Serve proxy may use another port: see MIXPEEK_SERVE_PORT.",
            )

    def _until(
        self, ask: Callable[[], Any], is_done: Callable[[Any], bool], *, timeout_s: float | None = None
    ) -> Any:
        """The first answer that is done, else the last one."""
        retry = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda answer: not is_done(answer)),
            wait=tenacity.wait_fixed(0.1),
            stop=tenacity.stop_after_delay(timeout_s or self._start_timeout_s),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        return retry(ask)


def _route(name: str) -> str:
    return f"{ROUTE}/{name.replace(_SEPARATOR, '/')}"


def _prefix(endpoint_id: str) -> str:
    return resource_slug(endpoint_id) + _SEPARATOR


def _applications() -> Mapping[str, Any]:
    from ray import serve

    return serve.status().applications


def _state(name: str) -> tuple[str, str]:
    """Serve's word for an application, and what it says about it."""
    application = _applications().get(name)
    if application is None:
        return "UNKNOWN", ""
    details = [deployment.message for deployment in application.deployments.values()]
    return str(application.status.value), "\n".join([application.message, *details])


def _delete(names: Sequence[str]) -> None:
    from ray import serve

    for name in names:
        serve.delete(name, _blocking=False)  # draining takes seconds, and nobody waits for it
