"""Wires the text extractor: one step that splits and embeds."""

from typing import Any

from shared.extractors.sdk import (
    Feature,
    PipelineDefinition,
    ResourceType,
    StepDefinition,
    build_pipeline_steps,
)

from .manifest import VECTOR, TextParameters, manifest
from .processors.core import TextProcessor
from .processors.embedding import choose_encoder


def build_steps(extractor_request: Any, **_options: Any) -> dict[str, Any]:
    """The steps for these parameters, the model they compute with and the vector that it gives."""
    parameters = TextParameters(**(extractor_request.extractor_config.parameters or {}))
    encoder = choose_encoder(parameters.embedding_model)
    pipeline = PipelineDefinition(
        name=manifest.feature_extractor_name,
        version=manifest.version,
        steps=[
            StepDefinition(
                service_class=TextProcessor, resource_type=ResourceType.CPU, config=parameters.model_dump()
            )
        ],
    )
    return {
        "steps": build_pipeline_steps(pipeline),
        "models": [encoder.spec],
        "features": [Feature.embedding(VECTOR, dim=encoder.dimension)],
    }
