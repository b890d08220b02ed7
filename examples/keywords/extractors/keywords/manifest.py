"""A passage gets its keywords."""

from pydantic import BaseModel, Field


class KeywordsInput(BaseModel):
    passage: str = Field(description="The passage to describe.")


class KeywordsOutput(BaseModel):
    keywords: str = Field(description="The most telling words of the passage, separated by blanks.")


class KeywordsParameters(BaseModel):
    count: int = Field(default=5, ge=1, le=50, description="How many keywords a passage gets at most.")
    glossary: str = Field(
        default="",
        description="A file with a line `ABBREVIATION meaning` for each abbreviation that passages may use.",
    )


metadata = {
    "feature_extractor_name": "keywords",
    "version": "1.0.0",
    "description": "Finds the most telling words of a passage.",
    "category": "text",
}

input_schema = KeywordsInput
output_schema = KeywordsOutput
parameter_schema = KeywordsParameters
supported_input_types = ["text"]
features = []
compute_profile = {"resource_type": "cpu", "batch_size": 256, "max_concurrency": 1}
