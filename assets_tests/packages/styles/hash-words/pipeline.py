from engine.extractors.hash_words.pipeline import (
    PipelineDefinition,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)

from .manifest import Params, metadata


def build_steps(extractor_request, **kwargs):
    from engine.extractors.hash_words.processors.core import Words

    params = Params(**(extractor_request.params or {}))
    pipeline = PipelineDefinition(
        name=metadata["name"],
        version=metadata["version"],
        steps=[StepDefinition(Words, ResourceType.CPU, config={"size": params.size}, batch_size=16)],
    )
    return {"steps": build_pipeline_steps(pipeline, **kwargs)}
