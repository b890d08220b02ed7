"""One step: find keywords."""

from shared.extractors.sdk import PipelineDefinition, ResourceType, StepDefinition, build_pipeline_steps

from .manifest import KeywordsParameters, metadata
from .processors.core import FindKeywords


def build_steps(extractor_request, container=None, **kwargs):
    parameters = KeywordsParameters(**(extractor_request.extractor_config.parameters or {}))
    pipeline = PipelineDefinition(
        name=metadata["feature_extractor_name"],
        version=metadata["version"],
        steps=[
            StepDefinition(
                service_class=FindKeywords, resource_type=ResourceType.CPU, config=parameters.model_dump()
            )
        ],
    )
    return {"steps": build_pipeline_steps(pipeline)}
