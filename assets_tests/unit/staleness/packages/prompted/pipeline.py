from engine.extractors.prompted.pipeline import (
    PipelineDefinition,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)
from shared.extractors.sdk import ModelFile, ModelSpec

from .manifest import PromptedParams, metadata
from .processors.core import Prompted

SCORER = ModelSpec("house/scorer", "r1", "torch", (ModelFile("model.safetensors", "00" * 32),))


def build_steps(extractor_request, container=None, **kwargs):
    params = PromptedParams(**(extractor_request.extractor_config.parameters or {}))
    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"],
        version=metadata["version"],
        steps=[
            StepDefinition(service_class=Prompted, resource_type=ResourceType.CPU, config=params.model_dump())
        ],
    )
    return {"steps": build_pipeline_steps(pipeline), "models": [SCORER]}
