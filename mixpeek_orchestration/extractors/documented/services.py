"""Behind `engine.services` and `engine.services.container`."""

from __future__ import annotations

from mixpeek_orchestration.extractors.container import Container
from mixpeek_orchestration.extractors.processing import BaseBatchInferenceService, BaseInferenceService

__all__ = ["BaseBatchInferenceService", "BaseInferenceService", "Container", "ServiceContainer"]

ServiceContainer = Container
