"""A package that keeps every property, and for each property a change that breaks this one only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

MANIFEST = """
    from pydantic import BaseModel
    from shared.extractors.sdk import ExtractorManifest, Feature


    class Input(BaseModel):
        text: str


    class Output(BaseModel):
        letters: int
        letter_vector: list[float]


    manifest = ExtractorManifest(
        feature_extractor_name="letters",
        version="v1",
        description="Counts letters.",
        category="text",
        supported_input_types=["text"],
        features=[Feature.embedding("letter_vector", dim=4)],
        inference_type="embedding",
        input_schema=Input,
        output_schema=Output,
    )
"""

PIPELINE = """
    from engine.plugins.extractors.pipeline import PipelineDefinition, StepDefinition, build_pipeline_steps
    from .processors.core import Letters


    def build_steps(extractor_request, container=None, **kwargs):
        steps = [StepDefinition(service_class=Letters, config={})]
        return {"steps": build_pipeline_steps(PipelineDefinition(name="letters", version="v1", steps=steps))}
"""

CORE = """
    import numpy as np


    def vector_of(text):
        counts = np.bincount(np.frombuffer(text.encode(), dtype=np.uint8) % 4, minlength=4).astype("float32") + 0.5
        return counts / np.linalg.norm(counts)


    class Letters:
        def __init__(self, config, **kwargs):
            self.config = config

        def __call__(self, batch):
            texts = batch["data"].fillna("").tolist()
            batch["letters"] = [len(text) for text in texts]
            batch["letter_vector"] = [vector_of(text).tolist() for text in texts]
            return batch
"""

REALTIME = """
    from shared.extractors.inference.serve import BaseInferenceService
    from .processors.core import vector_of


    class InferenceService(BaseInferenceService):
        async def run_inference(self, inputs, parameters):
            return {"embedding": vector_of(inputs["text"]).tolist()}
"""


def step_of(body: str) -> dict[str, str]:
    """The files of the package with another processor, which is a change of the good one."""
    pipeline = dedent(PIPELINE).replace(
        ".processors.core import Letters", ".processors.changed import Letters"
    )
    return {"pipeline.py": pipeline, "processors/changed.py": dedent(body)}


WRONG: Mapping[str, Mapping[str, str]] = {
    "determinism": step_of(
        """
        import secrets
        from .core import Letters as Good


        class Letters(Good):
            def __call__(self, batch):
                batch = super().__call__(batch)
                batch["letters"] = [secrets.randbelow(1_000_000_000) for _ in batch["data"]]
                return batch
        """
    ),
    "batch size": step_of(
        """
        from .core import Letters as Good


        class Letters(Good):
            def __call__(self, batch):
                batch = super().__call__(batch)
                batch["letters"] = batch["letters"] - batch["letters"].max()
                return batch
        """
    ),
    "order": step_of(
        """
        from .core import Letters as Good, vector_of


        class Letters(Good):
            def __call__(self, batch):
                batch = super().__call__(batch)
                by_length = sorted(batch["data"].fillna(""), key=lambda text: len(text.encode()))
                batch["letter_vector"] = [vector_of(text).tolist() for text in by_length]
                return batch
        """
    ),
    "poison row": step_of(
        """
        from .core import Letters as Good


        class Letters(Good):
            def __call__(self, batch):
                if any("\\x00" in (text or "") for text in batch["data"]):
                    return super().__call__(batch.iloc[:0].copy())
                return super().__call__(batch)
        """
    ),
    "empty rows": step_of(
        """
        from .core import Letters as Good


        class Letters(Good):
            def __call__(self, batch):
                batch["letters"] = [len(text.split()) for text in batch["data"]]
                return super().__call__(batch)
        """
    ),
    "batch and realtime agree": {
        "realtime.py": dedent(REALTIME).replace('inputs["text"]', 'inputs["text"].replace("e", "")')
    },
    "input left alone": step_of(
        """
        from .core import Letters as Good


        class Letters(Good):
            def __call__(self, batch):
                batch = super().__call__(batch)
                batch["data"] = batch["data"].fillna("").str.upper()
                return batch
        """
    ),
    "no state between batches": step_of(
        """
        from .core import Letters as Good


        class Letters(Good):
            def __init__(self, config, **kwargs):
                super().__init__(config)
                self.seen = set()

            def __call__(self, batch):
                batch = super().__call__(batch)
                batch["letters"] = [text not in self.seen for text in batch["data"]]
                batch["letters"] = batch["letters"].astype(int)
                self.seen |= set(batch["data"])
                return batch
        """
    ),
}


PICTURES: Mapping[str, str] = {
    "manifest.py": dedent(MANIFEST).replace('"text"', '"image"').replace("text: str", "image: str"),
    "processors/core.py": """
        from PIL import Image
        from shared.extractors.sdk import download_asset, parallel_io


        class Letters:
            def __init__(self, config, **kwargs):
                pass

            def __call__(self, batch):
                def corner(url):
                    path, is_temporary = download_asset(url, suffix=".png")
                    with Image.open(path) as image:
                        return [float(value) + 1.0 for value in image.convert("RGB").getpixel((0, 0))]

                corners = parallel_io(batch["data"].tolist(), corner)
                for error in corners.errors.values():
                    raise error
                batch["letters"] = [3] * len(batch)
                batch["letter_vector"] = [[*corners[place], 1.0] for place in range(len(batch))]
                return batch
    """,
    "realtime.py": """
        class RealtimeHandler:
            def infer(self, inputs, parameters):
                return {"embedding": [1.0, 2.0, 3.0, 4.0]}
    """,
}


def write_package(folder: Path, changed: Mapping[str, str] | None = None, *, name: str = "letters") -> Path:
    """The package `name` in `folder`, with these files changed or added."""
    files = {
        "__init__.py": "",
        "manifest.py": MANIFEST,
        "pipeline.py": PIPELINE,
        "realtime.py": REALTIME,
        "processors/core.py": CORE,
        **(changed or {}),
    }
    package = folder / name
    for path, text in files.items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text(dedent(text))
    return package
