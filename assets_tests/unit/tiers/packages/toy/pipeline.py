from engine.extractors.toy.pipeline import (
    PipelineDefinition,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)

from .manifest import ToyParams, metadata
from .processors.core import Toy


def build_steps(extractor_request, container=None, **kwargs):
    params = ToyParams(**(extractor_request.extractor_config.parameters or {}))
    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"],
        version=metadata["version"],
        steps=[StepDefinition(service_class=Toy, resource_type=ResourceType.CPU, config=params.model_dump())],
    )
    return {"steps": build_pipeline_steps(pipeline)}
