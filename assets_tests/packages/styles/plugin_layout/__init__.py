from engine.plugins.extractors.pipeline import PipelineDefinition

from .pipeline import build_steps, extractor_definition
from .realtime import PluginRealtimeService

__all__ = ["PipelineDefinition", "PluginRealtimeService", "build_steps", "extractor_definition"]
