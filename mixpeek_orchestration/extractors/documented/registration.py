"""Behind `shared.collection.features.extractors.models`: records that older packages leave for a registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mixpeek_orchestration.extractors.documented.billing import CostsInfo
from mixpeek_orchestration.extractors.pipelines.pipeline import ExtractorDefinition

__all__ = ["CostsInfo", "ExtractorDefinition", "FeatureExtractorModel"]


class FeatureExtractorModel(BaseModel):
    """An extractor as a registry lists it. Every other field is kept as it was given."""

    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)

    feature_extractor_name: str
    version: str = "v1"
    description: str = ""
    params: dict[str, Any] | None = None
    costs: CostsInfo | None = None
    build_steps: Callable[..., Any] | None = Field(default=None, exclude=True)

    @property
    def feature_extractor_id(self) -> str:
        return f"{self.feature_extractor_name}_{self.version}"
