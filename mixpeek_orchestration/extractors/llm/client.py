"""The LLM client behind `container.llm`: chooses the provider, asks the cache first, checks and prices the answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mixpeek_orchestration.core.at_work import objects_at_work
from mixpeek_orchestration.core.errors import InvalidPackage, TransientItemFailure
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest
from mixpeek_orchestration.extractors.llm.cache import ResponseCache
from mixpeek_orchestration.extractors.llm.prices import cost_usd
from mixpeek_orchestration.extractors.llm.provider import ANSWER, Access, Provider, RawAnswer, is_wrapped
from mixpeek_orchestration.extractors.llm.schemas import broken_rule, check_schema

DEFAULT_PROVIDER: Final = "google"
DEFAULT_MODELS: Final = {
    "google": "gemini-2.5-flash",
    "vertex": "gemini-2.5-flash",
    "openai": "gpt-4o-mini",
    "anthropic": "claude-sonnet-4-20250514",
}
_KEY_NAMES: Final = {
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "vertex": ("VERTEX_CREDENTIALS", "VERTEX_API_KEY"),
}


@dataclass(frozen=True)
class LLMConfig:
    """Everything about providers but their keys. A provider that is not built in is an OpenAI-compatible server, and
    needs a base URL; `prices` are dollars per million input and output tokens by `provider/model`."""

    base_urls: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, Sequence[float]] = field(default_factory=dict)
    timeout_s: float = 120.0
    retries: int = 4
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class LLMClient:
    """Answers requests of one namespace. `key` looks up a key by the name of its secret."""

    def __init__(
        self,
        config: LLMConfig,
        cache: ResponseCache,
        *,
        key: Callable[[str], str | None],
        namespace_id: str = "",
        make: Callable[[Access], Provider] | None = None,
    ) -> None:
        self._config = config
        self._cache = cache
        self._key = key
        self._namespace_id = namespace_id
        self._make = make or make_provider
        self._providers: dict[Access, Provider] = {}
        self._lock = threading.Lock()

    def generate(self, request: LLMRequest) -> LLMAnswer:
        """The answer, from the cache where the same was asked before; only answers that keep the schema are kept."""
        request = self._completed(request)
        asked = {
            **request.as_dict(),
            "namespace": self._namespace_id,
            "base_url": self._config.base_urls.get(request.provider, ""),
        }
        key, about = self._cache.key(asked), objects_at_work()
        if request.use_cache and (kept := self._cache.get(key, about=about)) is not None:
            return kept
        answer = self._asked(request)
        self._cache.put(key, answer, about=about)
        return answer

    def _completed(self, request: LLMRequest) -> LLMRequest:
        provider = (request.provider or DEFAULT_PROVIDER).lower()
        if provider not in DEFAULT_MODELS and provider not in self._config.base_urls:
            raise InvalidPackage(
                f"There is no LLM provider {provider!r}.",
                field="provider",
                value=provider,
                fix=f"Use {', '.join(DEFAULT_MODELS)}, or give the URL of an OpenAI-compatible server: "
                f'MIXPEEK_LLM_BASE_URLS={{"{provider}": "https://…/v1"}}.',
            )
        if request.schema is not None:
            check_schema(request.schema)
        model = request.model or DEFAULT_MODELS.get(provider, "")
        if not model:
            raise InvalidPackage(
                f"{provider} has no default model.", field="model", fix='Name one: generate(…, model="…").'
            )
        return replace(request, provider=provider, model=model)

    def _asked(self, request: LLMRequest) -> LLMAnswer:
        raw = self._provider(request.provider).ask(request)
        cost = cost_usd(
            request.provider, request.model, raw.input_tokens, raw.output_tokens, self._config.prices
        )
        return LLMAnswer(
            data=_data(request, raw),
            text=raw.text or json.dumps(raw.data) if raw.data is not None else raw.text,
            provider=request.provider,
            model=request.model,
            input_tokens=raw.input_tokens,
            output_tokens=raw.output_tokens,
            cost_usd=cost,
        )

    def _provider(self, name: str) -> Provider:
        access = self._access(name)
        with self._lock:
            found = self._providers.get(access)
            if found is None:
                found = self._providers[access] = self._make(access)
        return found

    def _access(self, name: str) -> Access:
        base_url = self._config.base_urls.get(name, "")
        names = _KEY_NAMES.get(name, (f"{name.upper().replace('-', '_')}_API_KEY",))
        key = next((value for one in names if (value := self._key(one))), "")
        if not key and name in ("google", "openai", "anthropic"):
            raise InvalidPackage(
                f"There is no key for {name}.",
                field="provider",
                value=name,
                fix=f"mixpeek secrets set {names[0]}",
            )
        return Access(
            name,
            key,
            base_url,
            self._config.timeout_s,
            self._config.retries,
            tuple(sorted(self._config.options.get(name, {}).items())),
        )


def make_provider(access: Access) -> Provider:
    """The client of a provider; its SDK is imported now."""
    if access.provider in ("google", "vertex"):
        from mixpeek_orchestration.extractors.llm.google import GoogleProvider

        return GoogleProvider(access)
    if access.provider == "anthropic":
        from mixpeek_orchestration.extractors.llm.anthropic import AnthropicProvider

        return AnthropicProvider(access)
    from mixpeek_orchestration.extractors.llm.openai import OpenAIProvider

    return OpenAIProvider(access)


def _data(request: LLMRequest, raw: RawAnswer) -> Any:
    """The parsed answer where a schema was given, checked against it; else the text."""
    if request.schema is None:
        return raw.text
    if raw.cut_off:
        raise _unusable(request, "it was cut off", "Raise max_tokens, or ask for less.")
    data = raw.data
    if data is None:
        try:
            data = json.loads(_unfenced(raw.text))
        except ValueError:
            raise _unusable(
                request, "it is not JSON", "Say in the instruction that the answer is JSON."
            ) from None
    if is_wrapped(request.schema) and isinstance(data, dict) and set(data) == {ANSWER}:
        data = data[ANSWER]
    if (problem := broken_rule(data, request.schema)) is not None:
        raise _unusable(request, problem, "Ask more precisely in the instruction, or allow it in the schema.")
    return data


def _unfenced(text: str) -> str:
    """Without the Markdown fence that some models put around JSON."""
    stripped = text.strip()
    if not stripped.startswith("```"):
        return stripped
    return stripped.removeprefix("```").removeprefix("json").removesuffix("```").strip()


def _unusable(request: LLMRequest, why: str, fix: str) -> TransientItemFailure:
    return TransientItemFailure(
        f"The answer of {request.provider} {request.model} cannot be used: {why}.",
        field="llm",
        value=request.model,
        fix=fix,
    )
