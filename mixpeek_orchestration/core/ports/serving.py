"""The port to whatever runs the realtime half of extractors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mixpeek_orchestration.core.extractor import Recipe


class EndpointHost(Protocol):
    """Runs endpoints, each apart from the others."""

    def deploy(self, endpoint_id: str, recipes: Sequence[Recipe]) -> str:
        """The URL of the endpoint, which answers: a real inference with every recipe's parameters succeeded.

        Raises `InvalidPackage` or `NotReady` with the reason; what ran before goes on answering.
        """

    def remove(self, endpoint_id: str) -> None:
        """Stop an endpoint; nothing happens when it does not run."""
