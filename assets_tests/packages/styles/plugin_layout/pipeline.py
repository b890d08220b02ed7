from typing import Any

from engine.plugins.extractors.pipeline import (
    PipelineDefinition,
    ResourceType,
    RowCondition,
    StepDefinition,
    build_pipeline_steps,
)
from shared.collection.features.extractors.models import ExtractorDefinition

from .manifest import PluginParams, metadata
from .processors.core import PluginConfig, PluginProcessor


def build_steps(
    extractor_request: Any,
    container: Any | None = None,
    base_steps: list | None = None,
    dataset_size: int | None = None,
    content_flags: dict | None = None,
) -> dict[str, Any]:
    params = PluginParams(**(extractor_request.extractor_config.parameters or {}))
    steps = [
        StepDefinition(
            service_class=PluginProcessor,
            resource_type=ResourceType.CPU,
            config=PluginConfig(prefix=params.prefix, text_column=params.text_column),
            condition=RowCondition.IS_TEXT,
        )
    ]
    pipeline = PipelineDefinition(name="plugin_layout", version="v2", steps=steps)
    return {
        "steps": (base_steps or []) + build_pipeline_steps(pipeline, dataset_size=dataset_size),
        "prepare": lambda ds: ds,
    }


extractor_definition = ExtractorDefinition(
    name=metadata["name"],
    version=metadata["version"],
    extractor_function_path=build_steps,
    requires_file_resolution=False,
)
