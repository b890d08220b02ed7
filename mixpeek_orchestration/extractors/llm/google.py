"""Gemini's generateContent: Google AI with an API key, Vertex AI with a project."""

from __future__ import annotations

import json
from typing import Any

from mixpeek_orchestration.core.ports.platform import LLMRequest
from mixpeek_orchestration.extractors.llm.provider import Access, RawAnswer, question, refusal
from mixpeek_orchestration.extractors.llm.request import decoded_image

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class GoogleProvider:
    """generateContent. Structured answers use the JSON schema of the response.

    For Vertex AI the key is a service account in JSON, or an API key of its express mode; without one the credentials
    of the machine are used.
    """

    def __init__(self, access: Access) -> None:
        from google import genai
        from google.genai import types

        self._access = access
        retries = types.HttpRetryOptions(
            attempts=access.retries + 1,
            initial_delay=float(dict(access.options).get("first_retry_s", 0.5)),
            http_status_codes=[408, 429, 500, 502, 503, 504],
        )
        http = types.HttpOptions(
            base_url=access.base_url or None, timeout=int(access.timeout_s * 1000), retry_options=retries
        )
        self._client = genai.Client(http_options=http, **_identity(access))

    def ask(self, request: LLMRequest) -> RawAnswer:
        """The answer of one generateContent."""
        import httpx
        from google.genai import errors, types

        parts = [types.Part.from_text(text=question(request))]
        for url in request.images:
            data, kind = decoded_image(url)
            parts.append(types.Part.from_bytes(data=data, mime_type=kind))
        contents = types.Content(role="user", parts=parts)
        try:
            answer = self._client.models.generate_content(
                model=request.model, contents=contents, config=_config(request)
            )
        except errors.APIError as error:
            raise refusal(self._access, request, error.code, error.message or "") from None
        except httpx.HTTPError as error:
            raise refusal(self._access, request, None, type(error).__name__) from None
        usage, candidates = answer.usage_metadata, answer.candidates or []
        reason = candidates[0].finish_reason if candidates else None
        return RawAnswer(
            text=answer.text or "",
            input_tokens=(usage.prompt_token_count or 0) if usage else 0,
            output_tokens=_generated(usage) if usage else 0,
            cut_off=reason == types.FinishReason.MAX_TOKENS,
        )


def _generated(usage: Any) -> int:
    """Thinking is billed like output."""
    return (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)


def _config(request: LLMRequest) -> Any:
    from google.genai import types

    structured: dict[str, Any] = {}
    if request.schema is not None:
        structured = {"response_mime_type": "application/json", "response_json_schema": request.schema}
    return types.GenerateContentConfig(
        system_instruction=request.system,
        temperature=request.temperature,
        max_output_tokens=request.max_tokens,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        **structured,
    )


def _identity(access: Access) -> dict[str, Any]:
    if access.provider != "vertex":
        return {"api_key": access.key}
    options = dict(access.options)
    if access.key and not access.key.lstrip().startswith("{"):
        return {"vertexai": True, "api_key": access.key}
    identity: dict[str, Any] = {"vertexai": True, "project": options.get("project")}
    identity["location"] = options.get("location", "us-central1")
    if access.key:
        from google.oauth2 import service_account

        account = service_account.Credentials.from_service_account_info(
            json.loads(access.key), scopes=[_SCOPE]
        )
        identity["credentials"] = account
    return identity
