"""Raw inference with a provider's model, through the platform of the namespace: its keys, its cache, its costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput, Unsupported
from mixpeek_orchestration.core.inferred import Inferred
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, Platform

_INPUTS: Final = frozenset({"prompt", "prompts", "text", "image_url", "image_urls", "images"})
_PARAMETERS: Final = frozenset({"temperature", "max_tokens", "schema", "system"})


class ProviderModels:
    """Language models of providers. `platform` opens that of a namespace."""

    def __init__(self, platform: Callable[[str], Platform]) -> None:
        self._platform = platform

    def answer(
        self,
        namespace_id: str,
        provider: str,
        model: str,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Any],
    ) -> Inferred:
        """The model's answer to a prompt; to `prompts` a list of answers, in order."""
        _refuse_unknown("parameters", parameters, _PARAMETERS)
        prompts = _prompts(inputs)
        platform = self._platform(namespace_id)
        options = {**_options(inputs, parameters), "provider": provider, "model": model}
        answers = [platform.generate(LLMRequest(instruction=prompt, **options)) for prompt in prompts]
        data = [one.data for one in answers] if "prompts" in inputs else answers[0].data
        return Inferred(
            data, answers[0].provider, answers[0].model, _tokens(answers), all(one.cached for one in answers)
        )


def no_platform(namespace_id: str) -> Platform:
    """Raises `Unsupported`: what a warehouse without a platform says."""
    raise Unsupported(
        "This installation has no access to the models of providers.",
        field="provider",
        value=namespace_id,
        fix="Name an extractor in feature_uri or inference_name.",
    )


def _prompts(inputs: Mapping[str, Any]) -> list[str]:
    _refuse_unknown("inputs", inputs, _INPUTS)
    named = next((name for name in ("prompts", "prompt", "text") if name in inputs), None)
    if named is None:
        raise InvalidInput(
            "There is no prompt.", field="inputs", value=sorted(inputs), fix="Send inputs.prompt, a text."
        )
    said = inputs[named]
    prompts = said if named == "prompts" else [said]
    if (
        not isinstance(prompts, list)
        or not prompts
        or not all(isinstance(one, str) and one for one in prompts)
    ):
        wanted = "a list of texts" if named == "prompts" else "a text"
        raise InvalidInput(
            f"inputs.{named} must be {wanted}.", field=f"inputs.{named}", value=said, fix=f"Send {wanted}."
        )
    return prompts


def _options(inputs: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    said = inputs.get("images") or inputs.get("image_urls") or inputs.get("image_url") or []
    images = (said,) if isinstance(said, str) else tuple(said)
    text = inputs.get("text") if "prompt" in inputs else None
    return {"images": images, "text": text, **parameters}


def _refuse_unknown(where: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in given:
        if name not in known:
            raise Unsupported(
                f"{where}.{name} means nothing to a language model here.",
                field=f"{where}.{name}",
                value=given[name],
                fix=f"Known are {', '.join(sorted(known))}; embed with an extractor's feature_uri.",
            )


def _tokens(answers: list[LLMAnswer]) -> dict[str, int]:
    read, written = sum(a.input_tokens for a in answers), sum(a.output_tokens for a in answers)
    return {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}
