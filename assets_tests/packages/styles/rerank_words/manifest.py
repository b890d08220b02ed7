from shared.extractors.sdk import ExtractorManifest, Feature

manifest = ExtractorManifest(
    feature_extractor_name="rerank_words",
    version="v1",
    description="Answers the rerank contract",
    features=[Feature.classification("long", labels=["long", "short"])],
    inference_type="rerank",
)
