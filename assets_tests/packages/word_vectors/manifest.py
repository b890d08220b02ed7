from pydantic import BaseModel, Field


class WordVectorsInput(BaseModel):
    text: str = Field(..., description="Text to count")


class WordVectorsOutput(BaseModel):
    text: str = Field(..., description="The line")
    words: int = Field(..., description="How many words it has")
    word_vectors_embedding: list[float] = Field(..., description="8 dimensions")


class WordVectorsParams(BaseModel):
    split_lines: bool = Field(default=False, description="One document per line")
    poison: str = Field(default="POISON", description="Rows with this word fail")


metadata = {
    "feature_extractor_name": "word_vectors",
    "version": "v1",
    "description": "Counts letters: a model that costs nothing, for tests and benchmarks",
    "category": "text",
    "inference_type": "embedding",
}

input_schema = WordVectorsInput
output_schema = WordVectorsOutput
parameter_schema = WordVectorsParams
supported_input_types = ["text"]

features = [
    {
        "feature_type": "embedding",
        "feature_name": "word_vectors_embedding",
        "embedding_dim": 8,
        "distance_metric": "cosine",
    },
]

compute_profile = {"resource_type": "cpu", "batch_size": 256, "max_concurrency": 1}
