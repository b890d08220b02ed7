from pydantic import BaseModel, Field


class Input(BaseModel):
    text: str = Field(..., description="What is counted")


class Output(BaseModel):
    hash_words_embedding: list[float] = Field(..., description="8 buckets")


class Params(BaseModel):
    size: int = Field(default=8, ge=8, le=8)


metadata = {
    "name": "hash-words",
    "version": "1",
    "description": "Words in buckets: the older key `name`, a hyphen, no __init__.py",
    "category": "text",
    "inference_type": "embedding",
}
input_schema = Input
output_schema = Output
parameter_schema = Params
features = [
    {
        "feature_type": "embedding",
        "feature_name": "hash_words",
        "embedding_dim": 8,
        "distance_metric": "cosine",
    }
]
