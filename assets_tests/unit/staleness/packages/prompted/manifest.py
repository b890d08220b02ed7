from pydantic import BaseModel, Field


class PromptedInput(BaseModel):
    text: str = Field(..., description="Text to answer")


class PromptedOutput(BaseModel):
    text: str = Field(..., description="The answer")
    prompted_embedding: list[float] = Field(..., description="2 dimensions")


class PromptedParams(BaseModel):
    prefix: str = Field(default="", description="What answers start with")


metadata = {
    "feature_extractor_name": "prompted",
    "version": "v1",
    "description": "Answers by a prompt, a template, rules and weights that are all files of its own",
    "category": "text",
    "inference_type": "embedding",
}

input_schema = PromptedInput
output_schema = PromptedOutput
parameter_schema = PromptedParams
supported_input_types = ["text"]
dependencies = ["packaging>=20"]

features = [
    {
        "feature_type": "embedding",
        "feature_name": "prompted_embedding",
        "embedding_dim": 2,
        "distance_metric": "cosine",
    },
]

compute_profile = {"resource_type": "cpu", "batch_size": 64, "max_concurrency": 1}
