from pydantic import BaseModel, Field


class ToyInput(BaseModel):
    text: str = Field(..., description="Text to change")


class ToyOutput(BaseModel):
    text: str = Field(..., description="The changed text")
    toy_embedding: list[float] = Field(..., description="2 dimensions")


class ToyParams(BaseModel):
    mode: str = Field(default="same", description="How texts are changed")


metadata = {
    "feature_extractor_name": "toy",
    "version": "v1",
    "description": "Changes texts in ways that are easy to foretell",
    "category": "text",
    "inference_type": "embedding",
}

input_schema = ToyInput
output_schema = ToyOutput
parameter_schema = ToyParams
supported_input_types = ["text"]

features = [
    {
        "feature_type": "embedding",
        "feature_name": "toy_embedding",
        "embedding_dim": 2,
        "distance_metric": "cosine",
    },
]

compute_profile = {"resource_type": "cpu", "batch_size": 64, "max_concurrency": 1}
