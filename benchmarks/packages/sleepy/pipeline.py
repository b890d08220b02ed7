from engine.extractors.sleepy.pipeline import (
    PipelineDefinition,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)

from .manifest import SleepyParams, metadata
from .processors.core import Sleepy


def build_steps(extractor_request, container=None, **kwargs):
    params = SleepyParams(**(extractor_request.extractor_config.parameters or {}))
    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"],
        version=metadata["version"],
        steps=[
            StepDefinition(service_class=Sleepy, resource_type=ResourceType.CPU, config=params.model_dump())
        ],
    )
    return {"steps": build_pipeline_steps(pipeline)}
