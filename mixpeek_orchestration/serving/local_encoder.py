"""Encoding queries in this process, for the command line without a running stack."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry
from mixpeek_orchestration.extractors.realtime import RealtimeService, load_realtime


class LocalEncoder:
    """Runs `realtime.py` here; a service is loaded once per code and parameters."""

    def __init__(self, registry: ExtractorRegistry) -> None:
        self._registry = registry
        self._services: dict[str, RealtimeService] = {}

    def encode(
        self,
        name: str,
        version: str,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        timeout_s: float,  # noqa: ARG002 - nothing to wait for but the model itself
    ) -> dict[str, Any]:
        """The answer of `realtime.py`."""
        description = self._registry.describe(name, version, parameters)
        service = self._services.get(description.code_fp)
        if service is None:
            service = self._services[description.code_fp] = load_realtime(description.recipe)
        return asyncio.run(service.infer(dict(inputs), dict(description.parameters)))
