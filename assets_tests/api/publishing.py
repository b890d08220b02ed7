"""Packages to publish, and the steps of publishing them over HTTP."""

from __future__ import annotations

import hashlib
import io
import zipfile
from string import Template
from typing import Any

import httpx

from assets_tests.embedding_packages import EmbeddingPackage

_CORE = Template("""
def vector_of(text, scale=1.0):
    return [scale * $factor, scale * len(text), 1.0, 0.0]


class Lengths:
    def __init__(self, config, **kwargs):
        self.scale = config["scale"]

    def __call__(self, batch):
        batch["${name}_embedding"] = [vector_of(text, self.scale) for text in batch["data"].fillna("")]
        return batch
""")


def package(name: str, *, version: str = "1.0.0", factor: float = 1.0, **files: str) -> dict[str, str]:
    """The files of a package whose vectors begin with `factor`; `files` replace or add some, `__` being a slash."""
    made = EmbeddingPackage(
        name=name,
        version=version,
        feature=f"{name}_embedding",
        size=4,
        parameter='scale: float = Field(default=1.0, description="What the vector is multiplied by")',
        core=_CORE.substitute(name=name, factor=factor),
        step="Lengths",
        answer="vector_of",
        description="Turns the length of a text into a vector",
    )
    return made.files() | {f"{path.replace('__', '/')}.py": text for path, text in files.items()}


def zipped(files: dict[str, str], root: str = "") -> bytes:
    """The files as a zip archive, under a folder where one is named."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(f"{root}{path}", text)
    return buffer.getvalue()


def announced(http: httpx.Client, name: str, **said: Any) -> dict[str, Any]:
    """An announced upload."""
    answer = http.post("/namespaces/testing/plugins/uploads", json={"name": name, **said})
    assert answer.status_code == 200, answer.text
    return answer.json()


def sent(url: str, archive: bytes, **headers: str) -> httpx.Response:
    """The answer to the bytes."""
    return httpx.put(url, content=archive, headers={"Content-Type": "application/zip", **headers}, timeout=60)


def confirmed(http: httpx.Client, upload_id: str, **said: Any) -> dict[str, Any]:
    """What the confirmation came to."""
    answer = http.post(f"/namespaces/testing/plugins/uploads/{upload_id}/confirm", json=said, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.json()


def published(http: httpx.Client, name: str, archive: bytes, **said: Any) -> dict[str, Any]:
    """What came of an archive that was announced, sent and confirmed."""
    upload = announced(http, name, file_size_bytes=len(archive), **said)
    received = sent(upload["presigned_url"], archive)
    assert received.status_code == 200, received.text
    assert received.headers["etag"] == f'"{hashlib.sha256(archive).hexdigest()}"'
    return confirmed(http, upload["upload_id"], etag=received.headers["etag"])
