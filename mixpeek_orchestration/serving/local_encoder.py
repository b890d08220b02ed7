"""Encoding queries in this process, for the command line without a stack."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import BudgetExceeded
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry
from mixpeek_orchestration.serving.wire import as_ours

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

    from mixpeek_orchestration.extractors.realtime import RealtimeService


class LocalEncoder:
    """Implements `QueryEncoder` with the same `realtime.py`, loaded here at its first query. For several threads."""

    def __init__(self, registry: ExtractorRegistry) -> None:
        self._registry = registry
        self._services: dict[tuple[str, str, str, str], RealtimeService] = {}
        self._lock = threading.Lock()
        self._closing = ExitStack()
        self._loop: BlockingPortal | None = None

    def encode(
        self,
        name: str,
        version: str,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        timeout_s: float,
        namespace_id: str = "",
    ) -> dict[str, Any]:
        """The answer of the extractor's `realtime.py`.

        Raises `BudgetExceeded` past the time, `InvalidInput` when the package refuses the input, `EndpointFailed`
        when it fails.
        """
        description = self._registry.describe(name, version, parameters, namespace_id=namespace_id)
        service, loop = self._service(description)
        running = loop.start_task_soon(service.infer, inputs, description.parameters)
        try:
            answer: dict[str, Any] = running.result(timeout=timeout_s)
            return answer
        except TimeoutError:
            running.cancel()
            raise BudgetExceeded(
                f"{name}@{version} did not answer within {timeout_s * 1000:.0f} ms.",
                field="max_time_ms",
                value=name,
                fix="Ask again, or allow more time.",
            ) from None
        except Exception as error:
            raise as_ours(error) from error

    def close(self) -> None:
        """End the loop that services run in."""
        self._closing.close()

    def _service(self, description: ExtractorDescription) -> tuple[RealtimeService, BlockingPortal]:
        from anyio.from_thread import start_blocking_portal

        from mixpeek_orchestration.extractors.realtime import load_realtime

        with self._lock:
            if self._loop is None:
                # One loop for all queries: what a package opens in one must still work in the next.
                self._loop = self._closing.enter_context(start_blocking_portal("asyncio"))
            recipe = description.recipe
            owner = recipe.platform.config.get("namespace_id", "") if recipe.platform else ""
            key = (description.path, description.code_fp, description.realtime_fp, owner)
            if key not in self._services:
                self._services[key] = load_realtime(recipe)
            return self._services[key], self._loop
