"""A small package without a fault, which the examples of the rules are put into."""

from __future__ import annotations

from mixpeek_orchestration.extractors.lint.rule import Rule

MANIFEST = """
from pydantic import BaseModel


class WordInput(BaseModel):
    text: str


class WordOutput(BaseModel):
    words: int
    word_vector: list[float]


feature_extractor_name = "word_counter"
version = "1.0.0"
description = "Counts the words of a text."
input_schema = WordInput
output_schema = WordOutput
features = [
    {
        "feature_type": "embedding",
        "feature_name": "word_vector",
        "embedding_dim": 8,
        "distance_metric": "cosine",
    },
]
"""

PIPELINE = """
from shared.extractors.sdk import PipelineDefinition, StepDefinition, build_pipeline_steps

from .processors.core import WordCounter


def build_steps(extractor_request, container=None, **kwargs):
    pipeline = PipelineDefinition(name="word_counter", version="1.0.0", steps=[StepDefinition(WordCounter)])
    return {"steps": build_pipeline_steps(pipeline)}
"""

PROCESSOR = """
def vector_of(text):
    return [float(len(text))] * 8


def counted(batch):
    texts = batch["data"].fillna("")
    batch["words"] = texts.str.split().str.len()
    batch["word_vector"] = [vector_of(text) for text in texts]
    return batch


class Base:
    def __init__(self, config=None, **kwargs):
        self._model = self._tokenizer = None

    def __call__(self, batch):
        return counted(batch)


class WordCounter(Base):
    pass
"""

REALTIME = """
from shared.extractors.sdk import InferenceService

from .processors.core import vector_of


class WordInference(InferenceService):
    async def infer(self, inputs, parameters):
        return {"embedding": vector_of(inputs.get("text", ""))}
"""

PACKAGE = {
    "manifest.py": MANIFEST,
    "pipeline.py": PIPELINE,
    "realtime.py": REALTIME,
    "processors/__init__.py": "",
    "processors/core.py": PROCESSOR,
}


def with_example(rule: Rule, example: str | None) -> dict[str, str]:
    """The package with an example of a rule put where the rule says."""
    files = dict(PACKAGE)
    if rule.id in ("RT001", "RT002"):
        del files["realtime.py"]
    if rule.id.startswith("COL"):
        files["processors/core.py"] = "def vector_of(text):\n    return [float(len(text))] * 8\n"
    if rule.id == "RT007":
        files["processors/core.py"] += (
            "\n\nfrom shared.extractors.sdk import prefetch_hf_model\n\n\n"
            'def load():\n    return prefetch_hf_model("words/model-small")\n'
        )
    if rule.id == "RT006":
        files["manifest.py"] += 'inference_type = "embedding"\n'
    if example is None:
        files.pop(rule.file, None)
    elif rule.whole_file:
        files[rule.file] = example
    else:
        files[rule.file] = f"{files[rule.file]}\n\n{example}"
    return files
