"""Descriptions that say which platform the extractor may use, and know the weights that it finds there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.fingerprint import code_fp
from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry
from mixpeek_orchestration.core.ports.platform import PlatformReference
from mixpeek_orchestration.extractors.declared_models import PART, with_digests


class EquippedRegistry:
    """An `ExtractorRegistry` around another one. `reference` is how a namespace's platform is opened.

    The digests of own models are looked up at every call: a stored description must not outlive a new version of the
    weights.
    """

    def __init__(self, registry: ExtractorRegistry, reference: Callable[[str], PlatformReference]) -> None:
        self._registry = registry
        self._reference = reference

    def describe(
        self,
        name: str,
        version: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        namespace_id: str = "",
    ) -> ExtractorDescription:
        """As the registry describes it, with the platform of the namespace; raises `NotFound` also for an own model that
        the namespace does not have. Without a namespace there are no own models to look up."""
        described = self._registry.describe(name, version, parameters, namespace_id=namespace_id)
        reference = self._reference(namespace_id)
        parts: Mapping[str, str] = described.code_parts
        if namespace_id and any(part.startswith(PART) for part in parts):
            parts = with_digests(parts, reference.open())
            return replace(described, platform=reference, code_parts=parts, code_fp=code_fp(parts))
        return replace(described, platform=reference)

    def names(self, namespace_id: str = "") -> list[tuple[str, str]]:
        """As the registry names them."""
        return self._registry.names(namespace_id)
