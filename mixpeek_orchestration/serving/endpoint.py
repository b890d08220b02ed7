"""What an endpoint does, whoever runs it: load the package, warm it up, answer many requests in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.fingerprint import fields_fp
from mixpeek_orchestration.extractors.realtime import RealtimeService, load_realtime
from mixpeek_orchestration.serving.wire import as_ours

Request = tuple[dict[str, Any], dict[str, Any]]
Outcome = dict[str, Any] | MixpeekError


class Endpoint:
    """The realtime half of one extractor version, for every parameter set in use."""

    def __init__(self, recipes: Sequence[Recipe], service: RealtimeService) -> None:
        self._recipes = tuple(recipes)
        self._service = service

    @classmethod
    async def started(cls, recipes: Sequence[Recipe]) -> Endpoint:
        """A warm endpoint: one real inference with each recipe's parameters succeeded.

        Raises what the package raised, and `Conflict` when the package here is not the planned one.
        """
        endpoint = cls(recipes, load_realtime(recipes[0]))
        for recipe in endpoint._recipes:
            await endpoint._service.warm_up(recipe.parameters)
        return endpoint

    @property
    def code_fps(self) -> dict[str, str]:
        """The batch code that is running, by the fingerprint of each parameter set."""
        return {fields_fp(dict(recipe.parameters)): recipe.code_fp for recipe in self._recipes}

    @property
    def name(self) -> str:
        return f"{self._recipes[0].name}@{self._recipes[0].version}"

    async def answers(self, requests: Sequence[Request]) -> list[Outcome]:
        """The outcomes in order. A request that the package fails on does not fail those beside it."""
        try:
            return list(await self._service.infer_many(requests))
        except Exception as error:  # noqa: BLE001 - packages raise anything; each outcome carries its own error
            if len(requests) == 1:
                return [as_ours(error)]
        return [(await self.answers([request]))[0] for request in requests]
