from shared.utilities.content.enums import ContentCategory

metadata = {
    "feature_extractor_name": "older_services",
    "version": "1.1",
    "description": "Base classes of the engine's own services",
    "category": ContentCategory.TEXT.value,
    "inference_type": "embedding",
    "features": [
        {
            "feature_type": "embedding",
            "feature_name": "older_services",
            "embedding_dim": 8,
            "distance_metric": "cosine",
        }
    ],
}
