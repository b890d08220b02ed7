"""Embeds queries with the encoder that embeds documents."""

import asyncio
from typing import Any

from shared.extractors.sdk import InferenceService, InvalidInput

from .manifest import TextParameters
from .processors.embedding import choose_encoder

Request = tuple[dict[str, Any], dict[str, Any]]


class TextInference(InferenceService):
    """Answers `{"text": …}` with `{"embedding": […]}`, and `{"texts": […]}` with `{"embeddings": [[…]]}`."""

    async def infer(self, inputs: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        return (await self.infer_many([(inputs, parameters)]))[0]

    async def infer_many(self, requests: list[Request]) -> list[dict[str, Any]]:
        """The answers in order; all texts of one model go through it together."""
        texts = [_texts(inputs) for inputs, _ in requests]
        models = [_model(parameters) for _, parameters in requests]
        answers: list[dict[str, Any]] = [{} for _ in requests]
        for model in dict.fromkeys(models):
            places = [place for place, one in enumerate(models) if one == model]
            flat = [text for place in places for text in texts[place]]
            embedded = iter(await asyncio.to_thread(_embed, model, flat))
            for place in places:
                answers[place] = _answer(requests[place][0], [next(embedded) for _ in texts[place]])
        return answers


def _embed(model: str, texts: list[str]) -> list[tuple[list[float], int]]:
    """Per text its vector, and how many tokens at its end the model did not read."""
    encoder = choose_encoder(model).load()
    return list(zip(encoder.encode(texts).tolist(), encoder.cut_tokens(texts), strict=True))


def _answer(inputs: dict[str, Any], embedded: list[tuple[list[float], int]]) -> dict[str, Any]:
    vectors, cut = [vector for vector, _ in embedded], sum(tokens for _, tokens in embedded)
    answer: dict[str, Any] = {"embedding": vectors[0]}
    if "text" not in inputs:
        answer["embeddings"] = vectors
    return {**answer, "truncated_tokens": cut} if cut else answer


def _model(parameters: dict[str, Any]) -> str:
    return (parameters or {}).get("embedding_model") or TextParameters().embedding_model


def _texts(inputs: dict[str, Any]) -> list[str]:
    name = "text" if "text" in inputs else "texts"
    given = inputs.get(name)
    texts = [given] if name == "text" else given
    if not isinstance(texts, list) or not texts:
        raise InvalidInput(
            "The query has no text.",
            field="text",
            value=given,
            fix='Send {"text": "…"} or {"texts": ["…"]}.',
        )
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise InvalidInput(
                "The query's text is empty or not text.", field=name, value=text, fix="Send words."
            )
    return texts
