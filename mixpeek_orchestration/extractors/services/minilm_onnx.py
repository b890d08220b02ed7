"""all-MiniLM-L6-v2 on onnxruntime: the same vectors as sentence-transformers, sooner."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from mixpeek_orchestration.extractors.model_files import ModelFile, ModelSpec, model_cache, worker_threads
from mixpeek_orchestration.extractors.services.minilm_export import export_minilm

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
WEIGHTS = ModelFile("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
MINILM_SPEC = ModelSpec(MINILM, REVISION, "onnxruntime-fp32", (WEIGHTS,))

MAX_TOKENS = 256  # where sentence-transformers truncates for this model
TOKENS_PER_RUN = 1024


@lru_cache(maxsize=1)
def load_minilm() -> MiniLM:
    """The encoder, one per process, exported into the model cache first if this machine has not done so yet."""
    return MiniLM(export_minilm(model_cache(), MINILM, REVISION, WEIGHTS))


class MiniLM:
    """Encodes texts in runs of similar length: no run holds more than `TOKENS_PER_RUN` tokens, padding included."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = worker_threads()
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: list[str]) -> Any:
        """A float32 matrix with one row per text, each of length 1."""
        import numpy as np

        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        vectors = np.empty((len(tokens), 384), dtype=np.float32)
        for places in _runs([len(ids) for ids in tokens]):
            vectors[places] = self._run([tokens[place] for place in places])
        return vectors

    def cut_tokens(self, texts: list[str]) -> list[int]:
        """How many tokens at the end of each text its vector knows nothing of."""
        return [
            sum(rest.special_tokens_mask.count(0) for rest in encoding.overflowing)
            for encoding in self._tokenizer.encode_batch(texts)
        ]

    def _run(self, tokens: list[list[int]]) -> Any:
        import numpy as np

        lengths = np.array([len(ids) for ids in tokens])
        mask = np.arange(lengths.max()) < lengths[:, None]
        ids = np.zeros(mask.shape, dtype=np.int64)
        ids[mask] = list(itertools.chain.from_iterable(tokens))
        return self._session.run(None, {"input_ids": ids, "attention_mask": mask.astype(np.int64)})[0]


def _runs(lengths: list[int]) -> Iterator[list[int]]:
    """The places of texts that go through the model together: shortest first, as many as the budget allows."""
    run: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if run and lengths[place] * (len(run) + 1) > TOKENS_PER_RUN:
            yield run
            run = []
        run.append(place)
    if run:
        yield run
