from engine.plugins.extractors.pipeline import PipelineDefinition

from .manifest import metadata
from .pipeline import build_steps, extractor_definition
from .realtime import MyExtractorRealtimeService

__all__ = ["MyExtractorRealtimeService", "PipelineDefinition", "build_steps", "extractor_definition", "metadata"]
