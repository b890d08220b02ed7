"""Asking an extractor's endpoint directly: by feature URI, or by name in whichever version is active."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mixpeek_orchestration.core.errors import EndpointFailed, MixpeekError, NotReady
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import canonical_version, parse_feature_uri
from mixpeek_orchestration.core.inference_inputs import check_inputs
from mixpeek_orchestration.core.inferred import Inferred
from mixpeek_orchestration.core.ports.extraction import ExtractorRegistry, QueryEncoder
from mixpeek_orchestration.core.published import named_version
from mixpeek_orchestration.warehouse.discovery import resolved

TIMEOUT_S: Final = 30.0


class Inference:
    """Raw inference for the extractors of a namespace."""

    def __init__(self, registry: ExtractorRegistry, encoder: QueryEncoder) -> None:
        self._registry = registry
        self._encoder = encoder

    def by_uri(
        self, namespace_id: str, uri: str, inputs: Mapping[str, Any], parameters: Mapping[str, Any]
    ) -> Inferred:
        """The answer of the endpoint behind a feature URI."""
        feature = parse_feature_uri(uri)
        return self._ask(
            namespace_id,
            self._registry.describe(
                feature.extractor, feature.version, parameters, namespace_id=namespace_id
            ),
            inputs,
        )

    def by_name(
        self, namespace_id: str, name: str, inputs: Mapping[str, Any], parameters: Mapping[str, Any]
    ) -> Inferred:
        """The answer of `NAME`, `NAME@VERSION`, `name_1_0_0` or the extractor of a feature of that name; without a
        version the active one answers.

        A version that stopped being active between looking it up and asking it is not the answer: the one that took
        its place is asked.
        """
        wanted, version = self._named(namespace_id, name)
        described = self._registry.describe(wanted, version, parameters, namespace_id=namespace_id)
        try:
            return self._ask(namespace_id, described, inputs)
        except (NotReady, EndpointFailed):
            now = self._registry.describe(wanted, version, parameters, namespace_id=namespace_id)
            if canonical_version(now.version) == canonical_version(described.version):
                raise
            return self._ask(namespace_id, now, inputs)

    def _named(self, namespace_id: str, name: str) -> tuple[str, str | None]:
        known = self._registry.names(namespace_id)
        named = resolved(name, known) or self._of_feature(namespace_id, name, known)
        return named or named_version(name)

    def _of_feature(
        self, namespace_id: str, feature: str, known: Sequence[tuple[str, str]]
    ) -> tuple[str, str | None] | None:
        """The extractor with a feature of this name; the first of several, because they use the same model."""
        for name in dict.fromkeys(name for name, _ in known):
            try:
                described = self._registry.describe(name, namespace_id=namespace_id)
            except MixpeekError:
                continue  # one that cannot be described is not the one that is meant; `extractors` shows it
            if any(feature in (vector.feature, vector.column) for vector in described.vectors):
                return name, None
        return None

    def _ask(self, namespace_id: str, described: ExtractorDescription, inputs: Mapping[str, Any]) -> Inferred:
        check_inputs(described, inputs)
        data = self._encoder.encode(
            described.name,
            described.version,
            inputs,
            described.parameters,
            timeout_s=TIMEOUT_S,
            namespace_id=namespace_id,
        )
        return Inferred(data, "mixpeek", f"{described.name}@{described.version}")
