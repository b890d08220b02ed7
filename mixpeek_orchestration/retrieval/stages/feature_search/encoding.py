"""Encoding the queries of one request: every distinct query exactly once, whatever number of searches needs it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import tenacity

from mixpeek_orchestration.core.collection import Generation
from mixpeek_orchestration.core.errors import BudgetExceeded, NotReady
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.fingerprint import canonical_json
from mixpeek_orchestration.core.ports.extraction import QueryEncoder
from mixpeek_orchestration.retrieval.deadline import Deadline


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
    """The encodings of one request, running since they were first asked for."""

    def __init__(self, encoder: QueryEncoder, pool: Executor, deadline: Deadline, *, waits: bool) -> None:
        self._encoder = encoder
        self._pool = pool
        self._deadline = deadline
        self._waits = waits
        self._running: dict[EncodeKey, Future[dict[str, Any]]] = {}

    def start(self, generation: Generation, text: str) -> Future[dict[str, Any]]:
        """The running (or finished) encoding of `text` for a generation."""
        key = encode_key(generation, text)
        if key not in self._running:
            self._running[key] = self._pool.submit(self._encode, generation, text)
        return self._running[key]

    def __len__(self) -> int:
        return len(self._running)

    def _encode(self, generation: Generation, text: str) -> dict[str, Any]:
        ask = _until_ready(self._deadline) if self._waits else _once()
        return ask(self._ask, generation, {"text": text}, generation.parameters)

    def _ask(
        self, generation: Generation, inputs: Mapping[str, Any], parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        return self._encoder.encode(
            generation.extractor_name,
            generation.extractor_version,
            inputs,
            parameters,
            timeout_s=self._deadline.remaining_s,
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
