"""The realtime half of a package that is not trusted: the same three questions, answered in a worker."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidPackage, WorkerDied
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.ports.platform import Platform
from mixpeek_orchestration.extractors.guarded import guarded_answer
from mixpeek_orchestration.extractors.jailed.worker import before_any_row, package_worker
from mixpeek_orchestration.isolation.levels import Limits
from mixpeek_orchestration.isolation.worker import Worker

ANSWER_S: Final = 30.0
"""How long a request may take. Whoever asks has given up long before."""


def load_jailed_realtime(recipe: Recipe, *, limits: Limits | None = None) -> JailedRealtime:
    """The realtime service of the recipe's package, in a worker that its first request starts."""
    platform = None if recipe.platform is None else recipe.platform.open()
    worker = package_worker(recipe, limits=limits or Limits(call_s=ANSWER_S), platform=platform)
    return JailedRealtime(worker, f"{recipe.name} {recipe.version}", platform)


class JailedRealtime:
    """Stands for a `RealtimeService`. A request that ends the worker costs those beside it a second attempt, alone."""

    def __init__(self, worker: Worker, name: str, platform: Platform | None = None) -> None:
        self._worker = worker
        self._name = name
        self._platform = platform
        self._alone = threading.Lock()
        self._preparing = threading.Lock()
        self._prepared = False

    async def infer(self, inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request, as a dict."""
        return self._checked(await self._asked("infer", inputs=dict(inputs), parameters=dict(parameters)))

    async def infer_many(
        self, requests: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
    ) -> list[dict[str, Any]]:
        """The answers to several requests, in order; in one pass where the package knows how."""
        plain = [(dict(inputs), dict(parameters)) for inputs, parameters in requests]
        answers = await self._asked("infer_many", requests=plain)
        if not isinstance(answers, list) or len(answers) != len(plain):
            raise InvalidPackage(
                f"The worker of {self._name} did not answer every request.", field="infer_many"
            )
        return [self._checked(answer) for answer in answers]

    async def warm_up(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one real inference, after which everything it needs is loaded."""
        with before_any_row("realtime.py"):
            seconds = self._worker.limits.start_s
            return self._checked(await self._sent("warm_up", seconds, parameters=dict(parameters)))

    def close(self) -> None:
        """The worker is gone."""
        self._worker.close()

    async def _asked(self, method: str, **arguments: Any) -> Any:
        try:
            return await self._sent(method, None, **arguments)
        except WorkerDied as died:
            if died.context.get("blamed"):
                raise
        return await asyncio.to_thread(self._again, method, arguments)

    def _again(self, method: str, arguments: Mapping[str, Any]) -> Any:
        """One second attempt at a time, so that what ends the worker is found out."""
        with self._alone:
            return self._worker.call(method, **arguments)

    async def _sent(self, method: str, seconds: float | None, **arguments: Any) -> Any:
        def submit() -> Any:
            with before_any_row("realtime.py"), self._preparing:
                if not self._prepared:
                    self._worker.prepare("ready")
                    self._prepared = True
            return self._worker.submit(method, wall_s=seconds, **arguments)

        reply = await asyncio.wrap_future(await asyncio.to_thread(submit))
        return self._worker.read(reply)

    def _checked(self, answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict):
            raise InvalidPackage(f"The worker of {self._name} answered with no object.", field="realtime.py")
        return dict(guarded_answer(answer, self._platform, name="realtime.py"))
