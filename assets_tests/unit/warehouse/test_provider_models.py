"""Raw inference with models of providers."""

from __future__ import annotations

from typing import Any

import pytest

from mixpeek_orchestration.core.errors import InvalidInput, Unsupported
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest
from mixpeek_orchestration.warehouse.provider_models import ProviderModels, no_platform


class Echo:
    """A platform whose model repeats the prompt."""

    def __init__(self) -> None:
        self.asked: list[LLMRequest] = []

    def generate(self, request: LLMRequest) -> LLMAnswer:
        self.asked.append(request)
        said = request.instruction
        return LLMAnswer(said, said, request.provider, request.model, input_tokens=3, output_tokens=2)


@pytest.fixture
def echo() -> Echo:
    """A platform that remembers what it was asked."""
    return Echo()


def ask(echo: Echo, inputs: dict[str, Any], parameters: dict[str, Any] | None = None) -> Any:
    """The answer of the echo."""
    models = ProviderModels(lambda _: echo)  # type: ignore[arg-type, return-value]
    return models.answer("ns_1", "openai", "gpt-4o-mini", inputs, parameters or {})


def test_one_prompt_has_one_answer(echo: Echo) -> None:
    """The answer is the model's, with who gave it and what it took."""
    answer = ask(echo, {"prompt": "say it"}, {"temperature": 0.5, "max_tokens": 9})
    assert (answer.data, answer.provider, answer.model) == ("say it", "openai", "gpt-4o-mini")
    assert answer.tokens == {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    assert (echo.asked[0].temperature, echo.asked[0].max_tokens) == (0.5, 9)


def test_many_prompts_have_answers_in_order(echo: Echo) -> None:
    """`prompts` is answered with a list, and the tokens of all are counted."""
    answer = ask(echo, {"prompts": ["one", "two"], "image_url": "https://example.com/a.png"})
    assert answer.data == ["one", "two"]
    assert answer.tokens["total_tokens"] == 10
    assert echo.asked[1].images == ("https://example.com/a.png",)


@pytest.mark.parametrize(
    ("inputs", "parameters", "field"),
    [
        ({"image_url": "a"}, {}, "inputs"),
        ({"prompt": 7}, {}, "inputs.prompt"),
        ({"prompts": []}, {}, "inputs.prompts"),
        ({"prompts": "one"}, {}, "inputs.prompts"),
        ({"audio_url": "a"}, {}, "inputs.audio_url"),
        ({"prompt": "a"}, {"temprature": 1}, "parameters.temprature"),
    ],
)
def test_wrong_inputs_are_refused(
    echo: Echo, inputs: dict[str, Any], parameters: dict[str, Any], field: str
) -> None:
    """What a model cannot read is refused with the field, before anything is paid."""
    with pytest.raises(InvalidInput) as caught:
        ask(echo, inputs, parameters)
    assert caught.value.field == field
    assert caught.value.fix
    assert echo.asked == []


def test_without_a_platform() -> None:
    """A warehouse without a platform says so, and what to name instead."""
    with pytest.raises(Unsupported, match="feature_uri"):
        ProviderModels(no_platform).answer("ns_1", "openai", "gpt-4o", {"prompt": "a"}, {})
