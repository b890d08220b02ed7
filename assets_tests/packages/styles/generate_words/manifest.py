from shared.extractors.sdk import ExtractorManifest, Feature

manifest = ExtractorManifest(
    feature_extractor_name="generate_words",
    version="v1",
    description="Answers the generate contract",
    features=[Feature.classification("long", labels=["long", "short"])],
    inference_type="generate",
)
