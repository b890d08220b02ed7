"""Encoding the queries of one request: every distinct query exactly once, whatever number of searches needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tenacity

from mixpeek_orchestration.core.collection import Generation
from mixpeek_orchestration.core.errors import BudgetExceeded, NotReady
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.fingerprint import canonical_json
from mixpeek_orchestration.core.ports.extraction import QueryEncoder
from mixpeek_orchestration.retrieval.deadline import Deadline
from mixpeek_orchestration.retrieval.once import Once


@dataclass(frozen=True)
class EncodeKey:
    """What makes two encodings the same one."""

    extractor: str
    version: str
    parameters: str
    text: str

    @property
    def endpoint(self) -> str:
        return f"{self.extractor}@{self.version}"


def encode_key(generation: Generation, text: str) -> EncodeKey:
    """The encoding that searching `text` in a generation needs: by the extractor and parameters that filled it."""
    return EncodeKey(
        generation.extractor_name,
        canonical_version(generation.extractor_version),
        canonical_json(dict(generation.parameters)),
        text,
    )


class Encodings:
    """The encodings of one request, with the extractors that its namespace has. For several threads."""

    def __init__(
        self, encoder: QueryEncoder, deadline: Deadline, *, waits: bool, namespace_id: str = ""
    ) -> None:
        self._encoder = encoder
        self._deadline = deadline
        self._waits = waits
        self._namespace_id = namespace_id
        self._answers: Once[EncodeKey, dict[str, Any]] = Once()

    def answer(self, generation: Generation, text: str) -> dict[str, Any]:
        """What the endpoint answers to `text`; an endpoint that is starting is waited for within the deadline."""
        return self._answers.get(encode_key(generation, text), lambda: self._encode(generation, text))

    def warnings(self) -> list[str]:
        """What the endpoints said about queries that are longer than their models read."""
        cut = {key: answer.get("truncated_tokens") for key, answer in self._answers.known().items()}
        return [
            f"The last {tokens} tokens of the query are more than the model of {key.extractor} reads."
            for key, tokens in cut.items()
            if isinstance(tokens, int) and tokens > 0
        ]

    def __len__(self) -> int:
        return len(self._answers)

    def _encode(self, generation: Generation, text: str) -> dict[str, Any]:
        ask = _until_ready(self._deadline) if self._waits else _once()
        return ask(self._ask, generation, {"text": text})

    def _ask(self, generation: Generation, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return self._encoder.encode(
            generation.extractor_name,
            generation.extractor_version,
            inputs,
            generation.parameters,
            timeout_s=self._deadline.remaining_s,
            namespace_id=self._namespace_id,
        )


def _once() -> tenacity.Retrying:
    return tenacity.Retrying(stop=tenacity.stop_after_attempt(1), reraise=True)


def _until_ready(deadline: Deadline) -> tenacity.Retrying:
    """Asks again while the endpoint is not ready, as often as fits before the deadline."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_worth_waiting_for),
        wait=_wait_for_it,
        stop=lambda state: state.upcoming_sleep >= deadline.remaining_s,
        reraise=True,
    )


def _is_worth_waiting_for(error: BaseException) -> bool:
    return isinstance(error, NotReady) and not isinstance(error, BudgetExceeded)


def _wait_for_it(state: tenacity.RetryCallState) -> float:
    """A tenth of a second, then longer, never longer than the endpoint said."""
    error = state.outcome.exception() if state.outcome else None
    said = error.retry_after_s if isinstance(error, NotReady) else 1.0
    growing: float = 0.1 * 2 ** (state.attempt_number - 1)
    return min(said, growing, 1.0)
