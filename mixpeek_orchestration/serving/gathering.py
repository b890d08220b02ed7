"""Requests that arrive while others are computed go through the package together, in the next pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from mixpeek_orchestration.serving.endpoint import Outcome, Request

Answers = Callable[[Sequence[Request]], Awaitable[Sequence[Outcome]]]


class Gathering:
    """One pass at a time, over all that is waiting (at most `most`); nothing is held back to wait for company.

    Ray Serve's own batching closes a batch before the one before it is done, so without a waiting time every request
    would be a batch of its own. For one event loop.
    """

    def __init__(self, answers: Answers, most: int) -> None:
        self._answers = answers
        self._most = most
        self._waiting: list[tuple[Request, asyncio.Future[Outcome]]] = []
        self._passes: asyncio.Task[None] | None = None

    async def answer(self, request: Request) -> Outcome:
        """The outcome of this request; raises what its pass raised."""
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answered))
        if self._passes is None or self._passes.done():
            self._passes = asyncio.create_task(self._run())
        return await answered

    async def _run(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            # Whoever has gone away meanwhile needs no answer.
            asked = [(request, answered) for request, answered in together if not answered.done()]
            if asked:
                await self._pass(asked)

    async def _pass(self, asked: Sequence[tuple[Request, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._answers([request for request, _ in asked])
        except Exception as error:  # noqa: BLE001 - it is raised to everyone who asked
            for _, answered in asked:
                if not answered.done():
                    answered.set_exception(error)
            return
        for (_, answered), outcome in zip(asked, outcomes, strict=True):
            if not answered.done():
                answered.set_result(outcome)
