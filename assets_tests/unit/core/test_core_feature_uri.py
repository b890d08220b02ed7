"""Feature URIs and the spellings of a version."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.collection import Generation, VectorIndex
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.feature_uri import FeatureUri, canonical_version, parse_feature_uri


def test_a_uri_comes_back_as_it_was_written() -> None:
    """Parsing and printing keep the spelling of the version."""
    for text in ("mixpeek://text_extractor@v1/embedding", "mixpeek://x@1.2.3/y_z"):
        assert str(parse_feature_uri(text)) == text


@pytest.mark.parametrize(
    "text", ["", "text_extractor", "http://a@v1/b", "mixpeek://a/b", "mixpeek://a@v1", "mixpeek://a@v1/b/c", "mixpeek://a b@v1/c"]
)  # fmt: skip
def test_anything_else_is_refused_with_the_right_form(text: str) -> None:
    """The error names the field and the value, and shows how a URI looks."""
    with pytest.raises(InvalidInput) as caught:
        parse_feature_uri(text, field="searches[0].feature_uri")
    assert (caught.value.field, caught.value.value) == ("searches[0].feature_uri", text)
    assert "mixpeek://<extractor>@<version>/<feature>" in str(caught.value)


@pytest.mark.parametrize(("version", "wanted"), [("v1", "1.0.0"), ("1", "1.0.0"), ("1.0.0", "1.0.0"), ("v2.1", "2.1.0"), (" 1 ", "1.0.0")])  # fmt: skip
def test_spellings_of_one_version(version: str, wanted: str) -> None:
    """`v1`, `1` and `1.0.0` are one version."""
    assert canonical_version(version) == wanted


@pytest.mark.parametrize("version", ["", "latest", "v", "1.", "1.2.3.4", "-1", "1.0.0rc1", "v1 v2"])
def test_what_is_no_version(version: str) -> None:
    """Anything but one to three numbers is refused."""
    with pytest.raises(InvalidInput):
        canonical_version(version)


def test_a_bad_version_in_a_uri_names_the_field_of_the_uri() -> None:
    """A URI with a word for a version is refused at the door."""
    with pytest.raises(InvalidInput) as caught:
        parse_feature_uri("mixpeek://a@latest/b")
    assert caught.value.field == "feature_uri"


def test_a_generation_answers_to_feature_and_column() -> None:
    """A vector is found by its feature's name and by its column's, in every spelling of its version, and not by others."""
    vector = VectorIndex("embedding", "text_extractor_v1_embedding", 3)
    generation = Generation("gen", "col", 1, "t", "text_extractor", "v1", {}, (vector,))
    for feature in ("embedding", "text_extractor_v1_embedding"):
        for version in ("v1", "1.0.0"):
            assert generation.vector_for(FeatureUri("text_extractor", version, feature)) is vector
    assert generation.vector_for(FeatureUri("text_extractor", "v2", "embedding")) is None
    assert generation.vector_for(FeatureUri("other", "v1", "embedding")) is None
    assert str(generation.uri(vector)) == "mixpeek://text_extractor@v1/embedding"
