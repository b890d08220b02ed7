"""Rules about realtime.py: how the package answers queries."""

from __future__ import annotations

from functools import partial
from typing import Final

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.lint.rule import Category, Rule

_error = partial(Rule, category=Category.CORRECTNESS, severity=Severity.ERROR, file="realtime.py")
_warning = partial(Rule, category=Category.CORRECTNESS, severity=Severity.WARNING, file="realtime.py")
_BASE = "from shared.extractors.sdk import InferenceService\n\n\n"


def _service(*lines: str, head: str = "class WordInference(InferenceService):") -> str:
    return _BASE + head + "\n" + "".join(f"    {line}\n" for line in lines)


_GOOD = _service("async def infer(self, inputs, parameters):", '    return {"embedding": [0.5] * 8}')

RULES: Final = (
    _error(
        id="RT001",
        title="feature_uri without realtime.py",
        why="feature_search embeds queries through realtime.py; without it every search of this URI fails. "
        "Omit both if only batches are needed.",
        file="manifest.py",
        bad='metadata = {"name": "word_counter", "version": "v1", "description": "Counts words."}\n'
        'features = [{"feature_type": "embedding", "feature_name": "word_vector", "embedding_dim": 8, '
        '"distance_metric": "cosine"}]\n'
        'feature_uri = "mixpeek://word_counter@v1/word_vector"\ninput_schema = output_schema = {}\n',
        good='metadata = {"name": "word_counter", "version": "v1", "description": "Counts words."}\n'
        'features = [{"feature_type": "embedding", "feature_name": "word_vector", "embedding_dim": 8, '
        '"distance_metric": "cosine"}]\ninput_schema = output_schema = {}\n',
        whole_file=True,
    ),
    _warning(
        id="RT002",
        title="An inference type without realtime.py",
        why="Retriever stages take the extractor for one that answers, and their calls fail.",
        file="manifest.py",
        bad='metadata = {"name": "word_counter", "version": "v1", "description": "Counts words.", '
        '"inference_type": "general"}\ninput_schema = output_schema = {}\n',
        good='metadata = {"name": "word_counter", "version": "v1", "description": "Counts words."}\n'
        "input_schema = output_schema = {}\n",
        whole_file=True,
    ),
    _error(
        id="RT003",
        title="realtime.py defines no inference service",
        why="It is found as a class that derives from InferenceService or BaseInferenceService, is named "
        "*InferenceService, *RealtimeService or *RealtimeHandler, or through get_inference_service().",
        bad="class WordEmbedder:\n    async def infer(self, inputs, parameters):\n"
        '        return {"embedding": [0.5] * 8}\n',
        good=_GOOD,
        whole_file=True,
    ),
    _error(
        id="RT004",
        title="The inference service answers nothing",
        why="It needs one of infer, run_inference, _process_single, __call__ or predict.",
        bad=_service("async def embed(self, inputs, parameters):", '    return {"embedding": [0.5] * 8}'),
        good=_GOOD,
        whole_file=True,
    ),
    _error(
        id="RT005",
        title="The inference service cannot be made or called",
        why="It is made with nothing but `container` and `secrets`, where it asks for them, and called with inputs and "
        "parameters (predict: with one request).",
        bad=_service(
            "async def infer(self, inputs, parameters, model):", '    return {"embedding": [0.5] * 8}'
        ),
        good=_GOOD,
        whole_file=True,
    ),
    _error(
        id="RT006",
        title="The answer does not have the key of the inference type",
        why="A stage reads the answer under a documented key: embedding (or embeddings, vector, a feature's name), "
        "scores, labels, text.",
        bad=_service("async def infer(self, inputs, parameters):", '    return {"result": [0.5] * 8}'),
        good=_GOOD,
        whole_file=True,
    ),
    _warning(
        id="RT007",
        title="Queries are embedded with another model than documents",
        why="Vectors of two models do not lie in one space: searches return documents in no useful order.",
        bad=_BASE.replace("InferenceService\n", "InferenceService, prefetch_hf_model\n")
        + "class WordInference(InferenceService):\n"
        "    def setup(self):\n"
        '        self._model = prefetch_hf_model("words/model-large")\n\n'
        "    async def infer(self, inputs, parameters):\n"
        '        return {"embedding": [0.5] * 8}\n',
        good=_BASE.replace("InferenceService\n", "InferenceService, prefetch_hf_model\n")
        + "class WordInference(InferenceService):\n"
        "    def setup(self):\n"
        '        self._model = prefetch_hf_model("words/model-small")\n\n'
        "    async def infer(self, inputs, parameters):\n"
        '        return {"embedding": [0.5] * 8}\n',
        whole_file=True,
    ),
)
