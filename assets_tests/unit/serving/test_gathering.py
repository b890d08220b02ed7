"""Requests gather while others are computed, and none waits for company or is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from mixpeek_orchestration.serving.endpoint import Outcome, Request
from mixpeek_orchestration.serving.gathering import Gathering


class Package:
    """Answers with the text of each request, one pass after the other, when it is let go on."""

    def __init__(self) -> None:
        self.passes: list[int] = []
        self.may_go_on = asyncio.Event()

    async def answers(self, requests: Sequence[Request]) -> list[Outcome]:
        self.passes.append(len(requests))
        await self.may_go_on.wait()
        if any(inputs["text"] == "raise" for inputs, _ in requests):
            raise ValueError("cannot")
        return [{"text": inputs["text"]} for inputs, _ in requests]


def request(text: str) -> Request:
    return {"text": text}, {}


async def asked(gathering: Gathering, texts: Sequence[str]) -> list[asyncio.Task[Outcome]]:
    tasks = [asyncio.create_task(gathering.answer(request(text))) for text in texts]
    await asyncio.sleep(0)  # each has arrived
    await asyncio.sleep(0)  # and the first pass has begun
    return tasks


def test_what_arrives_while_a_pass_computes_is_the_next_one() -> None:
    """The first goes at once; the twenty behind it go together, at most eight at a time, each with its own answer."""

    async def scenario() -> tuple[list[int], list[Outcome]]:
        package = Package()
        gathering = Gathering(package.answers, 8)
        tasks = await asked(gathering, ["first"])
        for number in range(20):  # apart from each other, as they come in over the wire
            tasks += await asked(gathering, [str(number)])
        package.may_go_on.set()
        return package.passes, await asyncio.gather(*tasks)

    passes, answers = asyncio.run(scenario())
    assert passes == [1, 8, 8, 4]
    assert answers == [{"text": text} for text in ["first", *map(str, range(20))]]


def test_a_pass_that_raises_is_told_to_all_who_asked_and_ends_there() -> None:
    """Everyone in the pass gets its error; the next request is answered."""

    async def scenario() -> Outcome:
        package = Package()
        package.may_go_on.set()
        gathering = Gathering(package.answers, 8)
        for task in await asked(gathering, ["a", "raise"]):
            with pytest.raises(ValueError, match="cannot"):
                await task
        return await gathering.answer(request("b"))

    assert asyncio.run(scenario()) == {"text": "b"}


def test_a_request_that_was_given_up_is_not_computed() -> None:
    """Of two that wait, one is canceled before its pass: the pass has one request."""

    async def scenario() -> list[int]:
        package = Package()
        gathering = Gathering(package.answers, 8)
        first, second, third = [(await asked(gathering, [text]))[0] for text in "abc"]
        second.cancel()
        package.may_go_on.set()
        await asyncio.gather(first, third)
        return package.passes

    assert asyncio.run(scenario()) == [1, 1]
