"""The typed manifest that extractor authors write."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field


class Feature(BaseModel):
    """One named output of an extractor: a vector, or a set of labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature_type: Literal["embedding", "classification"]
    feature_name: str
    embedding_dim: int | None = None
    distance_metric: Literal["cosine", "euclid", "dot"] | None = None
    labels: tuple[str, ...] = ()
    description: str | None = None

    @classmethod
    def embedding(
        cls,
        name: str,
        dim: int,
        distance: Literal["cosine", "euclid", "dot"] = "cosine",
        description: str | None = None,
    ) -> Self:
        """A vector feature of `dim` numbers; its name is the vector column."""
        return cls(
            feature_type="embedding",
            feature_name=name,
            embedding_dim=dim,
            distance_metric=distance,
            description=description,
        )

    @classmethod
    def classification(
        cls, name: str, labels: list[str] | None = None, description: str | None = None
    ) -> Self:
        """A label feature; it has no vector index."""
        return cls(
            feature_type="classification",
            feature_name=name,
            labels=tuple(labels or ()),
            description=description,
        )

    def as_dict(self) -> dict[str, Any]:
        """The feature with the keys of an untyped manifest."""
        return self.model_dump(exclude_none=True, exclude_defaults=True, mode="json")


class ExtractorManifest(BaseModel):
    """What an extractor accepts, produces and needs, as data that editors can complete."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    feature_extractor_name: str
    version: str = "v1"
    description: str = ""
    category: str | None = None
    author: str | None = None
    dependencies: list[str] = Field(default_factory=list)
    system_packages: list[str] = Field(default_factory=list)
    features: list[Feature] = Field(default_factory=list)
    inference_type: str | None = None
    supported_input_types: list[str] | None = None
    input_schema: Any = None
    output_schema: Any = None
    parameter_schema: Any = None
    position_fields: list[str] = Field(default_factory=list)
    compute_profile: dict[str, Any] = Field(default_factory=dict)
    serve_config: dict[str, Any] = Field(default_factory=dict)
    input_mappings: dict[str, Any] = Field(default_factory=dict)
    cost_rates: Any = None
    tier: int | None = None
    tier_label: str | None = None
    container_image: str | None = None
    example_input: dict[str, Any] | None = None
    example_output: dict[str, Any] | None = None

    def features_as_dicts(self) -> list[dict[str, Any]]:
        """The features with the keys of an untyped manifest."""
        return [feature.as_dict() for feature in self.features]

    @property
    def feature_uri(self) -> str | None:
        """The URI of the first vector feature, if there is one."""
        vectors = [feature for feature in self.features if feature.feature_type == "embedding"]
        if not vectors:
            return None
        return f"mixpeek://{self.feature_extractor_name}@{self.version}/{vectors[0].feature_name}"
