"""Own models over HTTP: announced and PUT, or in one form."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from mixpeek.models import (
    ConfirmModelUploadResponse,
    ModelDeleteResponse,
    ModelDetailResponse,
    ModelListResponse,
    ModelPresignedURLResponse,
    ModelUploadResponse,
)

from assets_tests.api.conftest import Api

HEADER = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
WEIGHTS = len(HEADER).to_bytes(8, "little") + HEADER + b"\0\0\0\0"


def path(api: Api) -> str:
    """Where the models of the namespace are."""
    return f"/namespaces/{api.namespace}/models"


@pytest.fixture
def model_name(name: str) -> str:
    """A name that no other test uses, as models are named."""
    return "m_" + "".join(char if char.isalnum() else "_" for char in name)


def announced(http: httpx.Client, model_name: str, **more: Any) -> dict[str, Any]:
    """An announced upload."""
    body = {"name": model_name, "version": "1.0.0", "model_format": "safetensors", **more}
    answer = http.post("/models/uploads", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_model_is_announced_sent_and_confirmed(http: httpx.Client, api: Api, model_name: str) -> None:
    """The whole way, in shapes that the official client reads; the digest of the files is shown."""
    upload = announced(http, model_name, file_size_bytes=len(WEIGHTS))
    assert ModelPresignedURLResponse.from_dict(upload).name == model_name
    assert httpx.put(upload["presigned_url"], content=WEIGHTS).status_code == 200
    confirmed = http.post(f"/models/uploads/{upload['upload_id']}/confirm", json={})
    assert ConfirmModelUploadResponse.from_dict(confirmed.json()).model_id == f"{model_name}_1_0_0"
    detail = http.get(f"{path(api)}/{model_name}_1_0_0").json()
    assert ModelDetailResponse.from_dict(detail).model.model_hash == detail["model"]["model_hash"]
    assert len(detail["model"]["model_hash"]) == 64


def test_model_comes_in_a_form(http: httpx.Client, api: Api, model_name: str) -> None:
    """One multipart request makes a model; it is listed, and deleted by id."""
    form = {"name": model_name, "version": "2.1", "model_format": "safetensors", "num_cpus": "2"}
    created = http.post(path(api), data=form, files={"file": ("m.safetensors", WEIGHTS)})
    assert ModelUploadResponse.from_dict(created.json()).model_id == f"{model_name}_2_1_0"
    listed = ModelListResponse.from_dict(http.get(path(api)).json())
    assert f"{model_name}_2_1_0" in [model.model_id for model in listed.models]
    gone = http.delete(f"{path(api)}/{model_name}_2_1_0")
    assert ModelDeleteResponse.from_dict(gone.json()).model_id == f"{model_name}_2_1_0"
    assert http.get(f"{path(api)}/{model_name}_2_1_0").status_code == 404


def test_model_version_is_uploaded_once(http: httpx.Client, api: Api, model_name: str) -> None:
    """The same version again is a 409, on both ways."""
    form, files = {"name": model_name, "version": "1.0.0"}, {"file": ("m.safetensors", WEIGHTS)}
    assert http.post(path(api), data=form, files=files).status_code == 200
    assert http.post(path(api), data=form, files=files).status_code == 409
    again = http.post("/models/uploads", json={**form, "model_format": "safetensors"})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "../x"}, "name"),
        ({"name": "x", "version": "one"}, "version"),
        ({"name": "x", "model_format": "gguf"}, "model_format"),
        ({"name": "x", "num_gpus": "99"}, "resource_requirements.num_gpus"),
        ({}, "name"),
    ],
)
def test_model_form_that_is_wrong_names_the_field(
    form: dict[str, str], field: str, http: httpx.Client, api: Api
) -> None:
    """A 422 before anything is kept."""
    answer = http.post(path(api), data=form, files={"file": ("m", WEIGHTS)})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (422, field)


def test_model_that_is_none_is_refused_and_can_be_sent_again(http: httpx.Client, model_name: str) -> None:
    """Confirming bytes of another format is a 422; the upload then takes the right ones."""
    upload = announced(http, model_name)
    httpx.put(upload["presigned_url"], content=b"hello")
    confirm = f"/models/uploads/{upload['upload_id']}/confirm"
    refused = http.post(confirm, json={})
    assert refused.status_code == 422
    assert "not a safetensors file" in refused.json()["error"]["message"]
    assert http.post(confirm, json={}).status_code == 409
    httpx.put(upload["presigned_url"], content=WEIGHTS)
    assert http.post(confirm, json={}).json()["success"] is True


def test_model_upload_needs_its_token_and_its_size(http: httpx.Client, model_name: str) -> None:
    """A wrong token is a 403, more bytes than declared a 413, fewer a 422."""
    upload = announced(http, model_name, file_size_bytes=len(WEIGHTS))
    url = upload["presigned_url"]
    assert httpx.put(url[:-3] + "xyz", content=WEIGHTS).status_code == 403
    assert httpx.put(url, content=WEIGHTS + b"x").status_code == 413
    assert httpx.put(url, content=WEIGHTS[:-1]).status_code == 422
    assert httpx.put(url, content=WEIGHTS).status_code == 200


def test_model_belongs_to_its_namespace(api: Api, http: httpx.Client, model_name: str) -> None:
    """A key of another namespace finds neither the namespace nor its upload."""
    upload = announced(http, model_name)
    with api.client(key=api.other_key, namespace="elsewhere") as other:
        assert other.get(path(api)).status_code == 404
        confirm = f"/models/uploads/{upload['upload_id']}/confirm"
        assert other.post(confirm, json={}).status_code == 404
        assert other.get("/namespaces/elsewhere/models").json()["total"] == 0
