"""What all providers have in common: how they are configured, what they answer, how they fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from mixpeek_orchestration.core.errors import ItemFailure, TransientItemFailure
from mixpeek_orchestration.core.ports.platform import LLMRequest

DEFAULT_MAX_TOKENS: Final = 4096
"""Anthropic wants a limit with every request; this one is used there when the package names none."""
ANSWER: Final = "answer"
"""What the structured answer is called where a provider wants a name."""


@dataclass(frozen=True)
class Access:
    """How to reach a provider. `options` are pairs of its own settings, such as the project of Vertex AI."""

    provider: str
    key: str = field(default="", repr=False)
    base_url: str = ""
    timeout_s: float = 120.0
    retries: int = 4
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class RawAnswer:
    """What a provider answered: text, or already structured `data`, and the tokens that it counted."""

    text: str
    input_tokens: int
    output_tokens: int
    data: Any = None
    cut_off: bool = False


class Provider(Protocol):
    """One client of one provider, safe for several threads; it retries what may pass by itself."""

    def ask(self, request: LLMRequest) -> RawAnswer:
        """The answer; raises `TransientItemFailure` when retries did not help, `ItemFailure` when they never will."""


def question(request: LLMRequest) -> str:
    """Instruction and text as one prompt."""
    return request.instruction if request.text is None else f"{request.instruction}\n\n{request.text}"


def is_wrapped(schema: Any) -> bool:
    """Whether a schema has to be wrapped where a provider takes objects only."""
    return schema is not None and schema.get("type", "object") != "object"


def as_object(schema: Any) -> Any:
    """The schema of an object; one of anything else becomes that of an object with one field, `answer`."""
    if not is_wrapped(schema):
        return schema
    inner = {key: part for key, part in schema.items() if key != "$defs"}
    outer = {"type": "object", "properties": {ANSWER: inner}, "required": [ANSWER]}
    return {**outer, "$defs": schema["$defs"]} if "$defs" in schema else outer


def refusal(access: Access, request: LLMRequest, status: int | None, message: str) -> ItemFailure:
    """The error for a call that a provider did not answer; without a status it was not reached."""
    passing = status is None or status in (408, 409, 429) or status >= 500
    kind = TransientItemFailure if passing else ItemFailure
    said = "could not be reached" if status is None else f"answered {status}"
    fix = "Check the key of this provider: mixpeek secrets set." if status in (401, 403) else None
    return kind(
        f"{access.provider} {said}: {message[:300]}",
        field="llm",
        value=request.model,
        fix=fix,
        status=status,
    )
