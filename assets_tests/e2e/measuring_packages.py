"""Packages whose vectors tell which version made them, and which fail when asked to."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

_MANIFEST = """
    from pydantic import BaseModel
    from shared.extractors.sdk import ExtractorManifest, Feature


    class Inputs(BaseModel):
        text: str


    class Outputs(BaseModel):
        vector: list[float]


    manifest = ExtractorManifest(
        feature_extractor_name="{name}",
        version="1.0.0",
        description="Measures texts",
        category="text",
        supported_input_types=["text"],
        features=[Feature.embedding("vector", dim=2)],
        inference_type="embedding",
        input_schema=Inputs,
        output_schema=Outputs,
        example_input={{"text": "warm"}},
    )
"""
_PIPELINE = """
    import numpy
    from shared.extractors.sdk import BatchProcessor, ResourceType, StepDefinition

    from .measure import vector_of


    class Measure(BatchProcessor):
        def process(self, batch):
            for text in batch["data"]:
                if text == "crash":
                    # What a faulty native library does: it reads memory that is not there.
                    numpy.lib.stride_tricks.as_strided(numpy.zeros(1), (1 << 40,), (8,)).sum()
                if text == "raise":
                    raise ValueError("this text cannot be measured")
            return batch.assign(vector=[vector_of(text) for text in batch["data"]])


    def build_steps(extractor_request, **options):
        return {{"steps": [StepDefinition(Measure, ResourceType.CPU, {{}})]}}
"""
_MEASURE = """
    FACTOR = {factor}


    def vector_of(text):
        return [FACTOR, float(len(text))]
"""
_REALTIME = """
    from shared.extractors.sdk import InferenceService

    from .measure import vector_of


    class Measurement(InferenceService):
        def setup(self):
            {setup}

        async def infer(self, inputs, parameters):
            return {{"embedding": vector_of(inputs["text"])}}
"""
NO_WEIGHTS = 'raise RuntimeError("the weights are not there")'


def write_measuring(folder: Path, name: str, *, factor: float = 1.0, setup: str = "pass") -> Path:
    """The package `name` under `folder`: its vectors are the factor and the length of the text; the text `crash` ends
    the process of the batch, `raise` raises."""
    package = folder / name
    package.mkdir(parents=True, exist_ok=True)
    texts = {"manifest": _MANIFEST, "pipeline": _PIPELINE, "measure": _MEASURE, "realtime": _REALTIME}
    for module, text in texts.items():
        filled = dedent(text).lstrip().format(name=name, factor=factor, setup=setup)
        (package / f"{module}.py").write_text(filled)
    return package
