"""What the API tells about extractors, and raw inference with them."""

from __future__ import annotations

from typing import Any

import httpx
import mixpeek
import pytest

from assets_tests.api.conftest import Api
from assets_tests.api.publishing import package, published, zipped
from assets_tests.api.refusals import refused

WORD_VECTORS = "word_vectors_v1"


@pytest.fixture
def generated(api: Api) -> mixpeek.ApiClient:
    """The generated client; key and namespace go in as headers."""
    client = mixpeek.ApiClient(mixpeek.Configuration(host=api.url))
    client.set_default_header("Authorization", f"Bearer {api.key}")
    client.set_default_header("X-Namespace", api.namespace)
    return client


@pytest.fixture(scope="session")
def lengths(api: Api) -> dict[str, Any]:
    """A published extractor."""
    with api.client() as http:
        made = published(http, "lengths", zipped(package("lengths")))
    assert made["success"], made
    return made


def test_an_extractor_is_described(http: httpx.Client) -> None:
    """Schemas, vectors, capabilities and a working example, by id, NAME and NAME@VERSION."""
    found = http.get(f"/namespaces/testing/extractors/{WORD_VECTORS}").json()
    assert found["feature_extractor_id"] == WORD_VECTORS
    assert (found["source"], found["inference_type"]) == ("builtin", "embedding")
    assert found["capabilities"] == ["batch", "realtime"]
    assert "text" in found["input_schema"]["properties"]
    assert "words" in found["output_schema"]["properties"]
    assert found["parameter_schema"]["properties"]["poison"]["default"] == "POISON"
    (vector,) = found["required_vector_indexes"]
    assert (vector["name"], vector["index"]["dimensions"]) == ("word_vectors_embedding", 8)
    assert found["feature_uri"] == "mixpeek://word_vectors@v1/word_vectors_embedding"
    for identifier in ("word_vectors", "word_vectors@1.0.0", "word_vectors_1_0_0"):
        assert http.get(f"/namespaces/testing/extractors/{identifier}").json() == found


def test_the_example_works(http: httpx.Client, name: str) -> None:
    """A bucket and a collection made of an extractor's example are accepted as they are."""
    example = http.get(f"/extractors/{WORD_VECTORS}").json()["example_usage"]
    bucket = http.post(
        "/buckets", json={"bucket_name": name, "bucket_schema": example["bucket_schema"]}
    ).json()
    body = {
        "collection_name": name,
        "source": {"type": "bucket", "bucket_ids": [bucket["bucket_id"]]},
        "feature_extractor": example["feature_extractor"],
    }
    made = http.post("/collections", json=body)
    assert made.status_code == 200, made.text
    assert made.json()["vector_indexes"][0]["feature_uri"] == example["search"]["feature_uri"]


def test_published_extractors_are_found(http: httpx.Client, lengths: dict[str, Any]) -> None:
    """A published extractor is `custom`, with its plugin id; the source filters."""
    found = http.get("/namespaces/testing/extractors", params={"source": "custom"}).json()
    assert found["custom_count"] == found["total"]
    assert found["builtin_count"] == 0
    one = next(item for item in found["extractors"] if item["plugin_id"] == lengths["plugin_id"])
    assert (one["source"], one["validation_status"], one["deployed"]) == ("custom", "passed", False)
    assert one["realtime_available"] is False
    assert one["serve_apps"] == [{"name": lengths["plugin_id"], "status": "absent"}]
    builtin = http.get("/namespaces/testing/extractors", params={"source": "builtin"}).json()["extractors"]
    assert {item["source"] for item in builtin} == {"builtin"}


@pytest.mark.usefixtures("lengths")
def test_another_namespace_does_not_see_them(api: Api) -> None:
    """What a namespace publishes is its own; without a namespace only shared extractors are listed."""
    with api.client(key=api.other_key, namespace="elsewhere") as other:
        seen = other.get("/namespaces/elsewhere/extractors").json()["extractors"]
        assert "lengths" not in {one["feature_extractor_name"] for one in seen}
        refused(other.get("/namespaces/elsewhere/extractors/lengths_1_0_0"), 404, "not_found")
    with httpx.Client(base_url=f"{api.url}/v1", headers={"Authorization": f"Bearer {api.key}"}) as bare:
        shared = bare.get("/extractors").json()["extractors"]
        assert "word_vectors" in {one["feature_extractor_name"] for one in shared}
        assert "lengths" not in {one["feature_extractor_name"] for one in shared}


def test_a_package_that_cannot_be_read_is_told(http: httpx.Client) -> None:
    """One broken working copy does not hide the others."""
    found = http.get("/extractors").json()
    assert WORD_VECTORS in {one["feature_extractor_id"] for one in found["extractors"]}
    assert all(one["message"] for one in found["unavailable"])


def test_the_feature_menu(http: httpx.Client, lengths: dict[str, Any]) -> None:
    """Features by modality, and the published ones apart."""
    menu = http.get("/collections/features").json()
    text = next(one for one in menu["modalities"] if one["modality"] == "text")
    assert "word_vectors_embedding" in {feature["key"] for feature in text["features"]}
    assert "custom:lengths" in {feature["key"] for feature in menu["custom_features"]}
    assert lengths["feature_uri"] in {feature["feature_uri"] for feature in menu["custom_features"]}


@pytest.mark.usefixtures("lengths")
def test_the_official_client_discovers(generated: mixpeek.ApiClient) -> None:
    """Every discovery method of the client from PyPI reads our answers with its models."""
    namespaced = mixpeek.NamespaceExtractorsApi(generated)
    listed = namespaced.list_extractors_namespaces("testing", source="all", include_disabled=True)
    assert listed.total == len(listed.extractors)
    one = namespaced.get_extractor_namespaces("testing", "lengths_1_0_0")
    assert one.required_vector_indexes[0].index.actual_instance.dimensions == 4
    assert mixpeek.ExtractorsApi(generated).list_org_extractors(source="builtin").builtin_count
    features = mixpeek.FeatureExtractorsApi(generated)
    assert WORD_VECTORS in {item.feature_extractor_id for item in features.list_feature_extractors()}
    assert features.get_feature_extractor_by(WORD_VECTORS).version == "v1"
    assert mixpeek.FeaturesApi(generated).discover_features().modalities


@pytest.mark.parametrize(
    "named",
    [
        {"feature_uri": "mixpeek://lengths@1.0.0/lengths_embedding"},
        {"inference_name": "lengths"},
        {"inference_name": "lengths@v1"},
        {"inference_name": "lengths_1_0_0"},
        {"inference_name": "lengths_embedding"},
    ],
)
@pytest.mark.usefixtures("lengths")
def test_raw_inference_by_every_name(http: httpx.Client, named: dict[str, str]) -> None:
    """Feature URI, name, version, id and feature name all reach the extractor."""
    answer = http.post("/inference", json={**named, "inputs": {"text": "four"}}, timeout=120)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["data"]["embedding"] == [1.0, 4.0, 1.0, 0.0]
    assert (body["provider"], body["model"], body["cached"]) == ("mixpeek", "lengths@1.0.0", False)
    assert body["latency_ms"] > 0


@pytest.mark.usefixtures("lengths")
def test_the_official_client_infers(generated: mixpeek.ApiClient) -> None:
    """The client from PyPI reads the answer of a raw inference."""
    request = mixpeek.RawInferenceRequest(inference_name="lengths_1_0_0", inputs={"text": "four"})
    answer = mixpeek.InferenceApi(generated).execute_raw_inference(request)
    assert answer.data["embedding"] == [1.0, 4.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"inputs": {"text": "a"}}, None),
        ({"inference_name": "lengths", "feature_uri": "mixpeek://a@1/b", "inputs": {"text": "a"}}, None),
        ({"provider": "openai", "inputs": {"prompt": "a"}}, None),
        ({"inference_name": "lengths", "inputs": {}}, "inputs"),
        ({"inference_name": "lengths", "inputs": {"text": 7}}, "inputs.text"),
        ({"inference_name": "lengths", "inputs": {"txt": "a"}}, "inputs"),
        ({"inference_name": "nobody", "inputs": {"text": "a"}}, "feature_extractor_name"),
        ({"feature_uri": "lengths", "inputs": {"text": "a"}}, "feature_uri"),
        ({"provider": "openai", "model": "gpt-4o", "inputs": {"audio_url": "a"}}, "inputs.audio_url"),
    ],
)
@pytest.mark.usefixtures("lengths")
def test_inferences_that_cannot_be(http: httpx.Client, body: dict[str, Any], field: str | None) -> None:
    """Nothing or two things named, wrong inputs, and unknown names are refused with the field."""
    answer = http.post("/inference", json=body)
    assert answer.status_code == 422, answer.text
    details = answer.json()["error"]["details"]
    assert details["fix"]
    assert field is None or details["field"] == field
