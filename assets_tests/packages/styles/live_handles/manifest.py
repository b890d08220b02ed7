from pydantic import BaseModel


class Params(BaseModel):
    secret_name: str = "SALT"


feature_extractor_name = "live_handles"
version = "v1"
description = "container.llm and container.secrets in a step's config"
parameter_schema = Params
features = [
    {
        "feature_type": "embedding",
        "feature_name": "live_handles",
        "embedding_dim": 8,
        "distance_metric": "cosine",
    }
]
inference_type = "embedding"
