"""One step: embed."""

from shared.extractors.sdk import PipelineDefinition, ResourceType, StepDefinition, build_pipeline_steps

from .manifest import metadata
from .processors.core import Embed


def build_steps(extractor_request, container=None, **kwargs):
    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"],
        version=metadata["version"],
        steps=[StepDefinition(service_class=Embed, resource_type=ResourceType.CPU, config={})],
    )
    return {"steps": build_pipeline_steps(pipeline)}
