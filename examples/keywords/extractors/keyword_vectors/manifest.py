"""Keywords become a vector, with a model that is nothing but arithmetic."""

from pydantic import BaseModel, Field

DIMENSION = 64


class KeywordVectorsInput(BaseModel):
    keywords: str = Field(description="Words, separated by blanks.")


class KeywordVectorsOutput(BaseModel):
    keywords: str = Field(description="The words that the vector was made of.")
    keyword_vectors_embedding: list[float] = Field(description="Their vector.")


metadata = {
    "feature_extractor_name": "keyword_vectors",
    "version": "1.0.0",
    "description": "Embeds words by the pieces they are spelled with.",
    "category": "text",
    "inference_type": "embedding",
}

input_schema = KeywordVectorsInput
output_schema = KeywordVectorsOutput
supported_input_types = ["text"]
features = [
    {
        "feature_type": "embedding",
        "feature_name": "keyword_vectors_embedding",
        "embedding_dim": DIMENSION,
        "distance_metric": "cosine",
    }
]
compute_profile = {"resource_type": "cpu", "batch_size": 256, "max_concurrency": 1}
