"""The built-in services at query time."""

from __future__ import annotations

import asyncio
import base64

import numpy as np
import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import InvalidInput, ItemFailure
from mixpeek_orchestration.extractors.documented.inference import get_realtime_service
from mixpeek_orchestration.extractors.services.registry import get_batch_service

E5, CLIP = "intfloat/multilingual-e5-large-instruct", "openai/clip-vit-base-patch32"
BGE, WHISPER = "BAAI/bge-reranker-v2-m3", "openai/whisper-large-v3-turbo"


@pytest.fixture
def ask():
    """Asks a service all of these inputs at once."""

    def run(service_id, model, *inputs, **parameters):
        service = get_realtime_service(service_id, {"model_name": model})()
        service.setup()
        return asyncio.run(service.infer_many([(one, parameters) for one in inputs]))

    return run


def _embedded(service_id, model, data, **columns):
    frame = get_batch_service(service_id)({"model_name": model})(pd.DataFrame({"data": data, **columns}))
    return np.stack(frame["embedding"].tolist())


def test_a_query_of_e5_is_instructed(ask, e5):
    """A text is embedded as a query, and as the passage that a batch embeds where the parameters say so."""
    as_query, as_passage = (
        ask(E5, e5, {"text": "a cat"}, **more)[0]["embedding"] for more in ({}, {"role": "passage"})
    )
    assert np.abs(_embedded(E5, e5, ["a cat"])[0] - as_passage).max() < 1e-5
    assert np.abs(np.subtract(as_query, as_passage)).max() > 1e-4


def test_queries_share_a_pass_through_the_model(ask, e5, calls):
    """Three requests, one of them with two texts, are one pass; each has the answer it has alone."""
    inputs = [{"text": "a cat"}, {"texts": ["a dog", "a house"]}, {"text": "red"}]
    together = ask(E5, e5, *inputs)
    assert calls == [4]
    assert len(together[1]["embeddings"]) == 2
    alone = [ask(E5, e5, one)[0] for one in inputs]
    for one, other in zip(together, alone, strict=True):
        assert np.allclose(one["embedding"], other["embedding"], atol=1e-5)


def test_a_picture_is_a_query_too(ask, clip, picture):
    """A picture sent as base64 has the vector that a batch gives it; texts beside it have theirs."""
    content = picture("red")
    sent = "data:image/png;base64," + base64.b64encode(content).decode()
    found = ask(CLIP, clip, {"image": sent}, {"text": "a cat"})
    assert np.abs(_embedded(CLIP, clip, [content])[0] - found[0]["embedding"]).max() < 1e-5
    assert (
        np.abs(_embedded(CLIP, clip, ["a cat"], mime_type=["text/plain"])[0] - found[1]["embedding"]).max()
        < 1e-5
    )


def test_pairs_are_scored_together(ask, bge):
    """Each request gets the scores of its pairs, in order."""
    one, none = ask(BGE, bge, {"pairs": [["red", "a cat"], ["red", "a red dog"]]}, {"pairs": []})
    assert len(one["scores"]) == 2
    assert none["scores"] == []


def test_speech_is_written_down(ask, whisper, recording):
    """A recording sent as base64 gives its text."""
    sent = base64.b64encode(recording(2).read_bytes()).decode()
    assert ask(WHISPER, whisper, {"audio": sent})[0]["text"]


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({}, "text"),
        ({"text": " "}, "text"),
        ({"texts": []}, "text"),
        ({"image": "/etc/passwd"}, "image"),
        ({"image": "data:image/png;base64,"}, "image"),
    ],
)
def test_a_query_that_says_nothing_is_refused(ask, clip, inputs, field):
    """No words, and a path of this machine instead of a picture: the error names the input."""
    with pytest.raises((InvalidInput, ItemFailure)) as caught:
        ask(CLIP, clip, inputs)
    assert caught.value.field == field


def test_a_picture_for_a_text_model_is_refused(ask, e5):
    """E5 embeds texts only, and says so."""
    with pytest.raises(InvalidInput, match="texts only"):
        ask(E5, e5, {"image": "aGVsbG8="})


def test_a_service_for_batches_only_has_no_realtime_half():
    """Cutting recordings answers no query; asking for it names the services that do."""
    with pytest.raises(InvalidInput, match="works on batches only"):
        get_realtime_service("FFmpegParallelChunking")
