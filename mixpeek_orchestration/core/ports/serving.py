"""The port to whatever runs the realtime half of extractors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mixpeek_orchestration.core.extractor import Recipe


class EndpointHost(Protocol):
    """Runs endpoints, each apart from the others."""

    def deploy(self, endpoint_id: str, recipes: Sequence[Recipe]) -> str:
        """The URL of the endpoint, which answers: a real inference with every recipe's parameters succeeded.

        What ran before goes on answering at its own URL until `retire`. Raises `InvalidPackage` or `NotReady` with
        the reason.
        """

    def retire(self, endpoint_id: str, *, keep: str) -> None:
        """Stop what ran under other URLs than `keep`, once it has answered what it was asked."""

    def remove(self, endpoint_id: str) -> None:
        """Stop an endpoint; nothing happens when it does not run."""
