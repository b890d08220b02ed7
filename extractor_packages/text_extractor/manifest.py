"""What the text extractor accepts, produces and lets people choose."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from shared.extractors.sdk import ExtractorManifest, Feature

DIMENSION = 384
VECTOR = "text_extractor_v1_embedding"


class TextInput(BaseModel):
    text: str = Field(description="The text to split and embed.")


class TextOutput(BaseModel):
    text: str = Field(description="The text of this chunk.")
    chunk_index: int = Field(description="The position of this chunk within its source, from 0.")
    start_offset: int | None = Field(description="The first character of this chunk within its source.")
    heading_path: list[str] | None = Field(
        default=None, description="The headings above this chunk, outermost first (Markdown)."
    )
    chunk_kind: Literal["section", "code"] | None = Field(
        default=None, description="What this chunk is (Markdown)."
    )
    code_language: str | None = Field(
        default=None, description="The language of a fenced code block (Markdown)."
    )
    truncated_tokens: int | None = Field(
        default=None,
        description="How many tokens at the end of this chunk are more than the model reads, so that the vector knows nothing of them.",
    )
    text_extractor_v1_embedding: list[float] = Field(description="The vector of this chunk.")


class TextParameters(BaseModel):
    model_config = ConfigDict(extra="forbid")

    extractor_type: Literal["text_extractor"] = Field(
        default="text_extractor", description="The extractor that these parameters are for."
    )
    split_by: Literal["none", "characters", "words", "sentences", "paragraphs", "pages", "markdown"] = Field(
        default="none",
        description="How a text becomes documents: none, characters, words, sentences, paragraphs, pages or markdown. "
        "A model reads the beginning of a chunk (all-MiniLM-L6-v2: 256 tokens, some 190 words) and no more; "
        "documents whose end it did not read say so in truncated_tokens.",
    )
    chunk_size: int = Field(
        default=1000,
        ge=1,
        le=10_000,
        strict=True,
        description="The size of a chunk from 1 to 10000, in the unit of split_by; words of prose for markdown.",
    )
    chunk_overlap: int = Field(
        default=0,
        ge=0,
        le=5_000,
        strict=True,
        description="How much of the end of a chunk the next one repeats, in the unit of split_by; less than chunk_size.",
    )
    embedding_model: str = Field(
        default="sentence-transformers/all-MiniLM-L6-v2",
        min_length=1,
        description="A sentence-transformers model: an id (optionally id@commit) or the path of a folder.",
    )
    source_type: Literal["text"] = Field(default="text", description="What the input is: text.")
    response_shape: None = Field(default=None, description="Not available yet; leave it out.")
    llm_provider: None = Field(default=None, description="Not available yet; leave it out.")
    llm_model: None = Field(default=None, description="Not available yet; leave it out.")
    llm_api_key: None = Field(default=None, description="Not available yet; leave it out.")

    @field_validator("split_by", "source_type", mode="before")
    @classmethod
    def _available(cls, value: Any) -> Any:
        if value in ("time_segments", "youtube"):
            raise ValueError(f"{value} is documented, but not available in this version yet")
        return value

    @field_validator("response_shape", "llm_provider", "llm_model", "llm_api_key", mode="before")
    @classmethod
    def _not_available(cls, value: Any) -> Any:
        if value is not None:
            raise ValueError("it is documented, but not available in this version yet")
        return value

    @model_validator(mode="after")
    def _overlap_leaves_progress(self) -> "TextParameters":
        if self.chunk_overlap >= self.chunk_size:
            raise ValueError(
                f"chunk_overlap ({self.chunk_overlap}) must be less than chunk_size ({self.chunk_size})"
            )
        return self


manifest = ExtractorManifest(
    feature_extractor_name="text_extractor",
    version="v1",
    description="Splits text into chunks and embeds each with a sentence-transformers model.",
    category="text",
    dependencies=["langchain-text-splitters>=1.1", "onnxruntime>=1.24", "tokenizers>=0.22"],
    supported_input_types=["text"],
    features=[Feature.embedding(VECTOR, dim=DIMENSION)],
    inference_type="embedding",
    input_schema=TextInput,
    output_schema=TextOutput,
    parameter_schema=TextParameters,
    # Sorting by length only pays over many rows.
    compute_profile={"resource_type": "cpu", "batch_size": 256, "max_concurrency": 2},
    example_input={"text": "a warehouse for text, images, audio and video"},
)
