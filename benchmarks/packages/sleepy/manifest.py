from pydantic import BaseModel, Field


class SleepyInput(BaseModel):
    text: str = Field(..., description="Any text")


class SleepyOutput(BaseModel):
    text: str
    sleepy_embedding: list[float] = Field(..., description="4 dimensions")


class SleepyParams(BaseModel):
    seconds: float = Field(default=0.005, ge=0, description="How long one row takes")
    log: str = Field(default="", description="A file that gets a line per extracted row")


metadata = {
    "feature_extractor_name": "sleepy",
    "version": "v1",
    "description": "Takes its time and writes down what it extracts: for crash tests and benchmarks",
    "category": "text",
    "inference_type": "embedding",
}

input_schema = SleepyInput
output_schema = SleepyOutput
parameter_schema = SleepyParams
supported_input_types = ["text"]

features = [
    {
        "feature_type": "embedding",
        "feature_name": "sleepy_embedding",
        "embedding_dim": 4,
        "distance_metric": "cosine",
    },
]

compute_profile = {"resource_type": "cpu", "batch_size": 16, "max_concurrency": 1}
