from pydantic import BaseModel, Field

class MyExtractorInput(BaseModel):
    """Input schema - what your plugin accepts."""
    text: str = Field(..., description="Input text to process")

class MyExtractorOutput(BaseModel):
    """Output schema - what your plugin produces."""
    result: str = Field(..., description="Processed result")
    confidence: float = Field(..., ge=0.0, le=1.0)

class MyExtractorParams(BaseModel):
    """Parameters users can configure when creating collections."""
    threshold: float = Field(default=0.5, ge=0.0, le=1.0)
    text_column: str = Field(default="text")

# Plugin metadata
metadata = {
    "name": "my_extractor",
    "version": "v1",
    "description": "My custom extractor",
    "category": "text",
    "author": "Your Name",
}

input_schema = MyExtractorInput
output_schema = MyExtractorOutput
parameter_schema = MyExtractorParams
