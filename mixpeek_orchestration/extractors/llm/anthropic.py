"""Anthropic's messages."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.core.ports.platform import LLMRequest
from mixpeek_orchestration.extractors.llm.provider import (
    ANSWER,
    DEFAULT_MAX_TOKENS,
    Access,
    RawAnswer,
    as_object,
    question,
    refusal,
)


class AnthropicProvider:
    """Messages. Structured answers are the input of one tool that the model has to use: every model can do that."""

    def __init__(self, access: Access) -> None:
        from anthropic import Anthropic

        self._access = access
        self._client = Anthropic(
            api_key=access.key,
            base_url=access.base_url or None,
            timeout=access.timeout_s,
            max_retries=access.retries,
        )

    def ask(self, request: LLMRequest) -> RawAnswer:
        """The answer of one message."""
        import anthropic

        try:
            message = self._client.messages.create(**_arguments(request))
        except anthropic.APIStatusError as error:
            raise refusal(self._access, request, error.status_code, error.message) from None
        except anthropic.APIError as error:
            raise refusal(self._access, request, None, error.message) from None
        used = next((block.input for block in message.content if block.type == "tool_use"), None)
        return RawAnswer(
            text="".join(block.text for block in message.content if block.type == "text"),
            input_tokens=message.usage.input_tokens,
            output_tokens=message.usage.output_tokens,
            data=used if request.schema is not None else None,
            cut_off=message.stop_reason == "max_tokens",
        )


def _arguments(request: LLMRequest) -> dict[str, Any]:
    content: list[dict[str, Any]] = [_image(url) for url in request.images]
    content.append({"type": "text", "text": question(request)})
    arguments: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens or DEFAULT_MAX_TOKENS,
        "messages": [{"role": "user", "content": content}],
    }
    if request.system:
        arguments["system"] = request.system
    if request.temperature is not None:
        arguments["temperature"] = request.temperature
    if request.schema is not None:
        tool = {"name": ANSWER, "description": "Give the answer.", "input_schema": as_object(request.schema)}
        arguments |= {"tools": [tool], "tool_choice": {"type": "tool", "name": ANSWER}}
    return arguments


def _image(url: str) -> dict[str, Any]:
    head, _, data = url.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64")
    return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}
