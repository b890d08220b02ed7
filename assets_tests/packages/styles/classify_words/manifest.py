from shared.extractors.sdk import ExtractorManifest, Feature

manifest = ExtractorManifest(
    feature_extractor_name="classify_words",
    version="v1",
    description="Answers the classify contract",
    features=[Feature.classification("long", labels=["long", "short"])],
    inference_type="classify",
)
