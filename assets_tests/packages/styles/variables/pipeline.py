import shared.extractors.sdk as sdk

from .counting import count


def build_steps(extractor_request, container=None):
    return {
        "steps": sdk.build_pipeline_steps(sdk.PipelineDefinition("variables", "v1", [count])),
        "prepare": lambda ds: ds,
    }
