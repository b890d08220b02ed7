from pydantic import BaseModel, Field


class Input(BaseModel):
    text: str


class Output(BaseModel):
    sentence: str
    sentence_index: int
    words: list[float] = Field(description="8 buckets of words")
    letters_embedding: list[float] = Field(description="4 buckets of letters")


metadata = {
    "feature_extractor_name": "two_vectors",
    "version": "2.0.0",
    "description": "Two named vectors from one pass over every sentence",
    "inference_type": "embedding",
}
input_schema = Input
output_schema = Output
position_fields = ["sentence_index"]
features = [
    {"feature_type": "embedding", "feature_name": "words", "embedding_dim": 8, "distance_metric": "cosine"},
    {"feature_type": "embedding", "feature_name": "letters", "embedding_dim": 4, "distance_metric": "dot"},
]
