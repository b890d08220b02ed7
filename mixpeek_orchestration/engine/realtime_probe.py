"""Asks the realtime half of a package in this process, for tests of packages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mixpeek_orchestration.core.errors import EndpointFailed, MixpeekError
from mixpeek_orchestration.core.extractor import ExtractorDescription, Recipe
from mixpeek_orchestration.extractors.jailed.realtime import JailedRealtime
from mixpeek_orchestration.extractors.realtime import load_realtime
from mixpeek_orchestration.extractors.testing.answers import answer_findings
from mixpeek_orchestration.extractors.testing.report import Check, failed, judged
from mixpeek_orchestration.extractors.testing.rules import REALTIME

CHECK = "realtime"
_EXAMPLE = (
    "Give an example_input in the manifest that realtime.py can answer; an endpoint is warmed up with it."
)


class Answers:
    """The answers of one live realtime service. All run in one event loop: what a package opens in one must work in
    the next."""

    def __init__(self, recipe: Recipe) -> None:
        self._parameters = recipe.parameters
        with _failures():
            self._service = load_realtime(recipe)
        self._runner = asyncio.Runner()

    def to(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request; raises `EndpointFailed` for whatever the package raises."""
        with _failures():
            return self._runner.run(self._service.infer(inputs, self._parameters))

    def warm_up(self) -> dict[str, Any]:
        """The answer to the example of the manifest, or to what stands in for one."""
        with _failures():
            return self._runner.run(self._service.warm_up(self._parameters))

    def close(self) -> None:
        """End the loop, and the process that the service lives in where it has one of its own."""
        self._runner.close()
        if isinstance(self._service, JailedRealtime):
            self._service.close()


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except MixpeekError:
        raise
    except Exception as error:
        raise EndpointFailed(
            f"realtime.py raised {type(error).__name__}: {error}", field="realtime.py", fix=_EXAMPLE
        ) from error


def check_realtime(description: ExtractorDescription) -> Check:
    """Whether `realtime.py` loads and answers its example, an embedding service with vectors as declared."""
    try:
        answers = Answers(description.recipe)
        try:
            answer = answers.warm_up()
        finally:
            answers.close()
    except MixpeekError as error:
        return failed(CHECK, REALTIME, error, file="realtime.py")
    return judged(CHECK, f"answered with {', '.join(sorted(answer))}", answer_findings(answer, description))
