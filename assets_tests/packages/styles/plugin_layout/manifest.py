from pydantic import BaseModel, Field


class PluginInput(BaseModel):
    text: str


class PluginOutput(BaseModel):
    result: str
    plugin_layout: list[float]


class PluginParams(BaseModel):
    prefix: str = Field(default=">")
    text_column: str = Field(default="text")


metadata = {
    "name": "plugin_layout",
    "version": "v2",
    "description": "The plugin generation: __init__.py that imports engine, dataclass config, base_steps",
    "author": "Tests",
}
input_schema = PluginInput
output_schema = PluginOutput
parameter_schema = PluginParams
features = [
    {
        "feature_type": "embedding",
        "feature_name": "plugin_layout",
        "embedding_dim": 8,
        "distance_metric": "euclid",
    }
]
