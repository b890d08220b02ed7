"""The Ray Serve deployment of an endpoint. Imported by replicas and by whoever deploys them, nobody else."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from ray import serve
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.serving.direct import HEADER, is_alone, own_port
from mixpeek_orchestration.serving.endpoint import Endpoint, Outcome
from mixpeek_orchestration.serving.gathering import Gathering
from mixpeek_orchestration.serving.options import actor_options, scaling
from mixpeek_orchestration.serving.start_failure import StartFailed
from mixpeek_orchestration.serving.wire import answer_body, error_body, read_request

MAX_BATCH_SIZE: Final = 32
MAX_ONGOING_REQUESTS: Final = 4 * MAX_BATCH_SIZE  # of which the next pass is gathered
_JSON: Final = "application/json"


class Replica:
    """One replica: warm before Serve calls it running, and answering in batches."""

    async def __init__(self, recipes: Sequence[Recipe]) -> None:  # type: ignore[misc]  # Serve awaits constructors
        self._is_alone = is_alone(recipes[0].serve_config)
        try:
            self._endpoint = await Endpoint.started(recipes)
            self._gathering = Gathering(self._endpoint.answers, MAX_BATCH_SIZE)
        except Exception as error:  # noqa: BLE001 - packages raise anything; re-raised as a reason of one line
            traceback.print_exc()  # for the replica's log; the deployer gets the reason without it
            raise StartFailed.of(error) from None

    async def __call__(self, request: HttpRequest) -> Response:
        if request.method == "GET":
            return Response(json.dumps(self._health()), media_type=_JSON)
        try:
            outcome = await self._gathering.answer(read_request(await request.body()))
            body = answer_body(_answer_or_raise(outcome))
        except MixpeekError as error:
            status, body = error_body(error)
            return Response(body, status, media_type=_JSON)
        return Response(body, media_type=_JSON, headers=self._directions)

    @cached_property
    def _directions(self) -> dict[str, str]:
        """Where to ask next. Serve opens the port between the constructor and the first request."""
        port = own_port() if self._is_alone else None
        return {HEADER: str(port)} if port else {}

    def _health(self) -> Mapping[str, Any]:
        return {
            "status": "RUNNING",
            "extractor": self._endpoint.name,
            "code_fps": self._endpoint.code_fps,
            "pid": os.getpid(),
        }


def _answer_or_raise(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, MixpeekError):
        raise outcome
    return outcome


def application(recipes: Sequence[Recipe], *, cpus: float, threads: int) -> serve.Application:
    """The Serve application of an endpoint."""
    first = recipes[0]
    configured = serve.deployment(
        name="endpoint",
        max_ongoing_requests=MAX_ONGOING_REQUESTS,
        max_constructor_retry_count=1,  # a package that does not come up will not at the second try
        graceful_shutdown_wait_loop_s=0.2,
        graceful_shutdown_timeout_s=60,  # nothing that was asked before is left unanswered
        ray_actor_options=actor_options(
            first.serve_config, first.container_image, cpus=cpus, threads=threads
        ),
        **scaling(first.serve_config),
    )
    deployment: serve.Deployment = configured(Replica)
    return deployment.bind(tuple(recipes))
