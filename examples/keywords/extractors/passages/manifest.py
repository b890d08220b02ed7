"""A text becomes its passages: the paragraphs between blank lines."""

from pydantic import BaseModel, Field


class PassagesInput(BaseModel):
    text: str = Field(description="The text to divide.")


class PassagesOutput(BaseModel):
    passage: str = Field(description="One paragraph.")
    passage_index: int = Field(description="Its position within the text, from 0.")


class PassagesParameters(BaseModel):
    min_words: int = Field(default=1, ge=1, description="Shorter paragraphs are left out.")


metadata = {
    "feature_extractor_name": "passages",
    "version": "1.0.0",
    "description": "Divides a text into its paragraphs.",
    "category": "text",
}

input_schema = PassagesInput
output_schema = PassagesOutput
parameter_schema = PassagesParameters
supported_input_types = ["text"]
features = []
compute_profile = {"resource_type": "cpu", "batch_size": 256, "max_concurrency": 1}
