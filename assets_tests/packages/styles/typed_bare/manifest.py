from shared.extractors.sdk import ExtractorManifest, Feature

manifest = ExtractorManifest(
    feature_extractor_name="typed_bare",
    version="v1",
    description="The typed SDK: a manifest, one processor and no build_steps",
    features=[
        Feature.embedding("typed_bare", dim=8),
        Feature.classification("mood", labels=["calm", "loud"]),
    ],
    inference_type="embedding",
)
feature_extractor_name = manifest.feature_extractor_name
version = manifest.version
features = manifest.features_as_dicts()
feature_uri = manifest.feature_uri
