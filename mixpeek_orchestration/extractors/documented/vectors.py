"""Behind `shared.collection.features.vectors.models`: vector definitions of older packages.

`VectorIndexDefinition.as_dict` is how a manifest that lists them under `features` is read.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["VectorIndex", "VectorIndexDefinition", "VectorType"]


class VectorType(StrEnum):
    """How a vector is stored."""

    DENSE = "dense"
    SPARSE = "sparse"
    MULTI_DENSE = "multi_dense"


class VectorIndex(BaseModel):
    """One vector column."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str | None = None
    description: str = ""
    dimensions: int | None = Field(default=None, ge=1)
    type: VectorType = VectorType.DENSE
    distance: str = "cosine"


class VectorIndexDefinition(BaseModel):
    """A named output of an extractor and the vector column behind it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    description: str = ""
    type: str = "single"
    index: VectorIndex

    def as_dict(self) -> dict[str, Any]:
        """The definition with the keys of a feature."""
        feature = {
            "feature_type": "embedding",
            "feature_name": self.name,
            "embedding_dim": self.index.dimensions,
            "distance_metric": self.index.distance,
        }
        return {key: value for key, value in feature.items() if value is not None}
