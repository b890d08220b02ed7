"""The services as packages compose them: by documented id, class name and import path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage, Unsupported
from mixpeek_orchestration.core.ports.platform import PlatformReference
from mixpeek_orchestration.extractors.documented.inference import get_batch_service, service_by_class
from mixpeek_orchestration.extractors.recipe import build_steps
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.extractors.services.registry import SERVICES, live_service

MANIFEST = """
from pydantic import BaseModel

class Input(BaseModel):
    audio: str

class Output(BaseModel):
    transcription: str | None
    embedding: list[float] | None

class Parameters(BaseModel):
    model: str = ""

metadata = {"name": "composed", "version": "v1", "description": "Composed of services", "category": "audio"}
input_schema, output_schema, parameter_schema = Input, Output, Parameters
supported_input_types = ["audio", "text"]
features = [
    {"feature_type": "embedding", "feature_name": "embedding", "embedding_dim": 16, "distance_metric": "cosine"},
]
"""

DOCUMENTED = """
from engine.inference.openai.whisper_api.services import WhisperTranscriptionBatch
from engine.inference.intfloat.multilingual_e5_large_instruct.services import E5TextEmbeddingBatch
from engine.plugins.extractors.pipeline import (
    PipelineDefinition, ResourceType, RowCondition, StepDefinition, build_pipeline_steps
)
from shared.inference.openai.whisper_api.models import InferenceConfigs as WhisperConfig
from shared.inference.intfloat.multilingual_e5_large_instruct.models import InferenceConfigs as E5Config

def build_steps(extractor_request, **kwargs):
    steps = [
        # Step 1: Transcribe with Whisper
        StepDefinition(
            service_class=WhisperTranscriptionBatch,
            resource_type=ResourceType.API,
            config=WhisperConfig(
                bytes_column="audio_bytes",
                output_column_name="transcription"
            ),
            condition=RowCondition.IS_VIDEO_OR_AUDIO,
        ),
        # Step 2: Embed with E5
        StepDefinition(
            service_class=E5TextEmbeddingBatch,
            resource_type=ResourceType.CPU,
            config=E5Config(
                text_column="transcription",
                output_column_name="embedding"
            ),
        ),
    ]

    pipeline = PipelineDefinition(name="transcribe_and_embed", version="v1", steps=steps)
    return {"steps": build_pipeline_steps(pipeline), "prepare": lambda ds: ds}
"""

BY_ID = """
from shared.extractors.sdk import PipelineDefinition, ResourceType, StepDefinition, build_pipeline_steps
from shared.inference.registry import get_batch_service

Service = get_batch_service("SERVICE")

def build_steps(extractor_request, container=None, **kwargs):
    config = {"model_name": extractor_request.extractor_config.parameters["model"], **CONFIG}
    steps = [StepDefinition(service_class=Service, resource_type=ResourceType.CPU, config=config)]
    return {"steps": build_pipeline_steps(PipelineDefinition(name="composed", version="v1", steps=steps))}
"""

WEIGHTS = '"model_name": extractor_request.extractor_config.parameters["model"], '

REALTIME = """
from shared.inference.registry import get_realtime_service

class InferenceService(get_realtime_service("intfloat/multilingual-e5-large-instruct")):
    pass
"""


@pytest.fixture
def describe(tmp_path: Path):
    """Describes a package with this pipeline."""

    def run(pipeline: str, parameters=None, **files: str):
        folder = tmp_path / "packages" / "composed"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {"manifest": MANIFEST, "pipeline": pipeline, **files}.items():
            (folder / f"{name}.py").write_text(text)
        return PackageRegistry([tmp_path / "packages"], tmp_path / "models").describe(
            "composed", None, parameters
        )

    return run


def _by_id(service: str, config: str = "{}") -> str:
    return BY_ID.replace("SERVICE", service).replace("CONFIG", config)


def test_the_documented_composition_is_described_unmodified(describe):
    """Whisper, then E5, imported by their documented paths: two steps, and both models at pinned commits."""
    described = describe(DOCUMENTED)
    assert [step.name for step in described.steps] == ["WhisperTranscriptionBatch", "E5TextEmbeddingBatch"]
    assert [(model.model_id, len(model.revision)) for model in described.models] == [
        ("openai/whisper-large-v3-turbo", 40),
        ("intfloat/multilingual-e5-large-instruct", 40),
    ]
    assert all(model.backend.startswith("transformers-") for model in described.models)


def test_a_step_by_id_runs(describe, e5):
    """A package that names a service by id builds its step in a worker, which embeds."""
    described = describe(_by_id("intfloat/multilingual-e5-large-instruct"), {"model": e5})
    step = build_steps(described.recipe)[0].create()
    assert step(pd.DataFrame({"data": ["a cat"]}))["embedding"][0].shape == (16,)


def test_weights_and_service_are_part_of_code_fp(describe, e5, jina):
    """Other weights, and another service on the same weights, make other rows."""
    pipeline = _by_id("intfloat/multilingual-e5-large-instruct")
    prints = [describe(pipeline, {"model": name}).code_fp for name in (e5, jina, "")]
    assert len(set(prints)) == 3
    assert describe(_by_id("jinaai/jina-embeddings-v2-base-code"), {"model": e5}).code_fp not in prints


@pytest.mark.parametrize("name", ["FaceDetectionBatch", "FaceEmbeddingBatch", "FaceAlignmentBatch"])
def test_a_face_service_says_so_when_described(describe, name):
    """Looking it up is fine, describing a package that uses it says that it comes later, long before a run."""
    with pytest.raises(Unsupported, match=f"{name} is documented, but not available"):
        describe(_by_id(name).replace(WEIGHTS, ""))


def test_a_config_is_refused_when_described(describe):
    """A field that the service does not have is an error with the service, the field and those that there are."""
    with pytest.raises(InvalidPackage) as caught:
        describe(_by_id("intfloat/multilingual-e5-large-instruct", '{"txt_column": "x"}'))
    assert caught.value.field == "E5TextEmbeddingBatch.txt_column"
    assert "text_column" in caught.value.fix


def test_an_unknown_id_is_refused_with_those_that_there_are(describe):
    """The error lists every id."""
    with pytest.raises(InvalidInput) as caught:
        describe(_by_id("openai/whisper-large"))
    assert all(entry.ids[0] in str(caught.value) for entry in SERVICES if entry.ids)


def test_a_package_answers_queries_with_a_service(describe):
    """`realtime.py` may derive from the service of an id."""
    described = describe(_by_id("intfloat/multilingual-e5-large-instruct"), realtime=REALTIME)
    assert described.has_realtime


@pytest.mark.parametrize("entry", SERVICES, ids=lambda entry: entry.service.__name__)
def test_every_service_is_found_by_every_name(entry):
    """By each of its ids and by its class name, whatever the case of the id."""
    assert service_by_class(entry.service.__name__) is entry.service
    assert get_batch_service(entry.service.__name__) is entry.service
    for name in entry.ids:
        assert get_batch_service(name.upper()) is entry.service


@pytest.mark.parametrize(
    ("service_id", "dimension"),
    [
        ("intfloat/multilingual-e5-large-instruct", 1024),
        ("google/siglip-base-patch16-224", 768),
        ("jinaai/jina-embeddings-v2-base-code", 768),
        ("openai/clip-vit-base-patch32", 512),
        ("all-MiniLM-L6-v2", 384),
    ],
)
def test_dimensions_are_those_of_the_models(service_id, dimension):
    """SigLIP has 768, whatever a page of the documentation says."""
    assert get_batch_service(service_id).dimension == dimension


class Uploads:
    """A platform that says where it would keep a file."""

    namespace_id = "ns"

    def upload(self, path, **_names) -> str:
        return f"https://ours/{Path(path).name}"

    def secret_names(self) -> list[str]:
        return []

    def secrets_in_use(self) -> tuple[str, ...]:
        return ()


def open_uploads(_config) -> Uploads:
    """What a worker opens."""
    return Uploads()


def test_a_jailed_package_cuts_recordings(describe, recording):
    """In a jail, which may start no program and write nothing outside, ffmpeg and the upload of the pieces go through
    the parent."""
    described = describe(_by_id("FFmpegParallelChunking", '{"chunk_seconds": 2}').replace(WEIGHTS, ""))
    recipe = replace(described.recipe, isolation="reviewed", platform=PlatformReference(open_uploads))
    step = build_steps(recipe)[0].create()
    batch = {
        "data": [recording(3, video=True).read_bytes(), None],
        "document_id": ["a", "b"],
        "mime_type": ["video/mp4"] * 2,
    }
    found = step(pd.DataFrame(batch))
    assert found["document_id"].tolist() == ["a", "a", "b"]
    assert found["video_segment_url"].tolist() == [
        "https://ours/a_00000.mp4",
        "https://ours/a_00001.mp4",
        None,
    ]


def test_a_live_service_embeds_lists(e5):
    """`container.inference.get(id)` answers with plain lists."""
    vectors = live_service("intfloat/multilingual-e5-large-instruct", {"model_name": e5}).embed_batch(
        ["a", "b"]
    )
    assert [len(vector) for vector in vectors] == [16, 16]
