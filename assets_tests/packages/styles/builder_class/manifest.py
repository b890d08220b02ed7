from pydantic import BaseModel
from shared.billing.models import CostRate, CostUnit
from shared.collection.features.extractors.models import CostsInfo, FeatureExtractorModel
from shared.collection.features.vectors.models import VectorIndex, VectorIndexDefinition, VectorType


class BuilderInput(BaseModel):
    text: str


class BuilderOutput(BaseModel):
    builder_class: list[float]


class BuilderParams(BaseModel):
    extractor_type: str = "builder_class"
    scale: float = 1.0


index = VectorIndexDefinition(
    name="builder_class",
    description="Words in eight buckets",
    type="single",
    index=VectorIndex(
        name="builder_class_v1",
        description="The column",
        dimensions=8,
        type=VectorType.DENSE,
        distance="cosine",
    ),
)
costs = CostsInfo(tier=1, tier_label="SIMPLE", rates=[CostRate(unit=CostUnit.EXTRACTION, credits_per_unit=0)])
extractor = FeatureExtractorModel(feature_extractor_name="builder_class", version="v1", costs=costs)

metadata = {
    "feature_extractor_name": extractor.feature_extractor_name,
    "version": extractor.version,
    "description": "Steps that a builder class makes, behind extract()",
}
input_schema = BuilderInput
output_schema = BuilderOutput
parameter_schema = BuilderParams
features = [index]
inference_type = "embedding"
