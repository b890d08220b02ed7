"""OpenAI, and whatever else speaks its chat completions."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.core.ports.platform import LLMRequest
from mixpeek_orchestration.extractors.llm.provider import (
    ANSWER,
    Access,
    RawAnswer,
    as_object,
    question,
    refusal,
)


class OpenAIProvider:
    """Chat completions. Structured answers use `response_format`, not strict: documented schemas leave things open."""

    def __init__(self, access: Access) -> None:
        from openai import OpenAI

        self._access = access
        self._client = OpenAI(
            api_key=access.key or "none",  # a server of one's own may want none, the SDK does
            base_url=access.base_url or None,
            timeout=access.timeout_s,
            max_retries=access.retries,
        )

    def ask(self, request: LLMRequest) -> RawAnswer:
        """The answer of one chat completion."""
        import openai

        try:
            completion = self._client.chat.completions.create(**_arguments(request))
        except openai.APIStatusError as error:
            raise refusal(self._access, request, error.status_code, error.message) from None
        except openai.APIError as error:
            raise refusal(self._access, request, None, error.message) from None
        choice, usage = completion.choices[0], completion.usage
        return RawAnswer(
            text=choice.message.content or "",
            input_tokens=usage.prompt_tokens if usage else 0,
            output_tokens=usage.completion_tokens if usage else 0,
            cut_off=choice.finish_reason == "length",
        )


def _arguments(request: LLMRequest) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": question(request)}]
    content += [{"type": "image_url", "image_url": {"url": url}} for url in request.images]
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if request.system:
        messages.insert(0, {"role": "system", "content": request.system})
    arguments: dict[str, Any] = {"model": request.model, "messages": messages}
    if request.schema is not None:
        described = {"name": ANSWER, "schema": as_object(request.schema), "strict": False}
        arguments["response_format"] = {"type": "json_schema", "json_schema": described}
    if request.temperature is not None:
        arguments["temperature"] = request.temperature
    if request.max_tokens is not None:
        # OpenAI has renamed it; servers that are compatible mostly have not.
        name = "max_completion_tokens" if request.provider == "openai" else "max_tokens"
        arguments[name] = request.max_tokens
    return arguments
