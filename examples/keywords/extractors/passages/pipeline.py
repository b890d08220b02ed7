"""One step: split."""

from shared.extractors.sdk import PipelineDefinition, ResourceType, StepDefinition, build_pipeline_steps

from .manifest import PassagesParameters, metadata
from .processors.core import Split


def build_steps(extractor_request, container=None, **kwargs):
    parameters = PassagesParameters(**(extractor_request.extractor_config.parameters or {}))
    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"],
        version=metadata["version"],
        steps=[
            StepDefinition(
                service_class=Split, resource_type=ResourceType.CPU, config=parameters.model_dump()
            )
        ],
    )
    return {"steps": build_pipeline_steps(pipeline)}
