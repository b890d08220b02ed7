"""The built-in services at query time: the same model answers for documents and for queries."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any, ClassVar

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.extractors.processing import InferenceService
from mixpeek_orchestration.extractors.services.images import read_image
from mixpeek_orchestration.extractors.services.service import BuiltInService

Request = tuple[dict[str, Any], dict[str, Any]]


class BuiltInInferenceService(InferenceService):
    """Answers with one built-in service; `config` is what its batch step has in `pipeline.py`."""

    service: ClassVar[type[BuiltInService]]
    config: ClassVar[Any] = None

    def setup(self) -> None:
        self._service: Any = self.service(self.config)
        self._service.ready()

    async def infer(self, inputs: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        return (await self.infer_many([(inputs, parameters)]))[0]

    async def infer_many(self, requests: list[Request]) -> list[dict[str, Any]]:
        """The answers in order, computed together."""
        return await asyncio.to_thread(self.answers, requests)

    def answers(self, requests: list[Request]) -> list[dict[str, Any]]:
        """The answers in order."""
        raise NotImplementedError


class EmbeddingInferenceService(BuiltInInferenceService):
    """`{"text": …}` or `{"image": …}` gives `{"embedding": […]}`; `texts` gives `embeddings` as well.

    Texts are queries; the parameter `role` may say `passage`.
    """

    def answers(self, requests: list[Request]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [{} for _ in requests]
        pictures = [place for place, (inputs, _) in enumerate(requests) if inputs.get("image")]
        if pictures and not hasattr(self._service, "embed_images"):
            raise InvalidInput("This service embeds texts only.", field="image", fix='Send {"text": "…"}.')
        images = [_image(requests[place][0]["image"]) for place in pictures]
        for place, vector in zip(pictures, self._service.embed_images(images) if images else (), strict=True):
            found[place] = {"embedding": vector.tolist()}
        self._answer_texts(requests, [place for place in range(len(requests)) if not found[place]], found)
        return found

    def _answer_texts(self, requests: list[Request], places: list[int], found: list[dict[str, Any]]) -> None:
        asked = {place: _texts(requests[place][0]) for place in places}
        roles = {place: str((requests[place][1] or {}).get("role") or "query") for place in places}
        for role in dict.fromkeys(roles.values()):
            those = [place for place in places if roles[place] == role]
            vectors = iter(
                self._service.embed([text for place in those for text in asked[place]], role).tolist()
            )
            for place in those:
                own = [next(vectors) for _ in asked[place]]
                several = {} if "text" in requests[place][0] else {"embeddings": own}
                found[place] = {"embedding": own[0], **several}


class RerankInferenceService(BuiltInInferenceService):
    """`{"pairs": [[query, passage], …]}` gives `{"scores": […]}`."""

    def answers(self, requests: list[Request]) -> list[dict[str, Any]]:
        asked = [_pairs(inputs) for inputs, _ in requests]
        scores = iter(self._service.scores([pair for pairs in asked for pair in pairs]))
        return [{"scores": [next(scores) for _ in pairs]} for pairs in asked]


class TranscriptionInferenceService(BuiltInInferenceService):
    """`{"audio": …}`, a URL or base64, gives `{"text": …}`."""

    def answers(self, requests: list[Request]) -> list[dict[str, Any]]:
        recordings = [_content(inputs.get("audio") or inputs.get("url"), "audio") for inputs, _ in requests]
        return [{"text": words or ""} for words in self._service.transcribe(recordings)]


def realtime_class(service: type[BuiltInService], config: Any = None) -> type[BuiltInInferenceService]:
    """The realtime service of a batch service; raises `InvalidInput` for one that works on batches only."""
    kinds = {
        "embed": EmbeddingInferenceService,
        "scores": RerankInferenceService,
        "transcribe": TranscriptionInferenceService,
    }
    base = next((kind for method, kind in kinds.items() if hasattr(service, method)), None)
    if base is None:
        raise InvalidInput(
            f"{service.__name__} works on batches only.",
            field="service",
            value=service.__name__,
            fix="Services that embed, rerank or transcribe answer queries.",
        )
    name = service.__name__.removesuffix("Batch") + "InferenceService"
    return type(name, (base,), {"service": service, "config": config, "__doc__": base.__doc__})


def _texts(inputs: dict[str, Any]) -> list[str]:
    given = [inputs["text"]] if "text" in inputs else inputs.get("texts")
    if isinstance(given, list) and given and all(isinstance(one, str) and one.strip() for one in given):
        return given
    raise InvalidInput(
        "The query has no words.", field="text", value=given, fix='Send {"text": "…"} or {"texts": ["…"]}.'
    )


def _pairs(inputs: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = inputs.get("pairs")
    if isinstance(pairs, list) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(one, str) for one in pair)
        for pair in pairs
    ):
        return [(query, passage) for query, passage in pairs]
    raise InvalidInput(
        "There are no pairs.", field="pairs", value=pairs, fix='Send {"pairs": [["query", "passage"]]}.'
    )


def _image(value: Any) -> Any:
    return read_image(_content(value, "image"), "image")


def _content(value: Any, field: str) -> str | bytes:
    """A URL, or the bytes behind base64. Never a path: a query must not name files of this machine."""
    if isinstance(value, bytes) or (isinstance(value, str) and value.startswith(("http://", "https://"))):
        return value
    try:
        content = base64.b64decode(str(value or "").rpartition("base64,")[2], validate=True)
    except binascii.Error:
        content = b""
    if not content:
        raise InvalidInput(
            f"The query's {field} is neither a URL nor base64.",
            field=field,
            value=value,
            fix="Send one of the two.",
        )
    return content
