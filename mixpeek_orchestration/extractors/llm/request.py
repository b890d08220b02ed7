"""What a package says about a call of a model, made plain: schemas become JSON schemas, images become `data:` URLs.

Images are read here, by whoever asks: a provider cannot fetch a URL of ours, and the same picture behind another signed
URL is the same request to the response cache.
"""

from __future__ import annotations

import base64
import io
import mimetypes
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from mixpeek_orchestration.core.errors import InvalidPackage, TransientItemFailure
from mixpeek_orchestration.core.ports.platform import LLMRequest
from mixpeek_orchestration.extractors.assets import open_asset

_SIGNATURES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


def plain_request(request: LLMRequest) -> LLMRequest:
    """The request with nothing but plain JSON values in it."""
    images = (request.images,) if isinstance(request.images, str | bytes) else request.images
    return replace(
        request, images=tuple(data_url(image) for image in images), schema=json_schema(request.schema)
    )


def json_schema(schema: Any) -> dict[str, Any] | None:
    """A JSON schema from itself or from a pydantic class; raises `InvalidPackage` for anything else."""
    if schema is None:
        return None
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return schema.model_json_schema()
    if isinstance(schema, Mapping):
        return dict(schema)
    raise InvalidPackage(
        "The schema of an LLM call is neither a JSON schema nor a pydantic class.",
        field="schema",
        value=schema,
        fix='Write {"type": "object", "properties": {…}}, or pass a subclass of pydantic.BaseModel.',
    )


def typed_data(schema: Any, data: Any) -> Any:
    """The parsed answer, as an instance where the schema is a pydantic class."""
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return data
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise TransientItemFailure(
            f"The model's answer is no {schema.__name__}: {first['msg']}.",
            field=".".join(map(str, first["loc"])) or "data",
            fix="Ask more precisely in the instruction, or allow it in the schema.",
        ) from None


def data_url(image: Any) -> str:
    """An image as a `data:` URL: from one, a path, a URL, bytes, or anything with `save`, such as a PIL image."""
    if isinstance(image, str) and image.startswith("data:"):
        return image
    if isinstance(image, str | Path):
        with open_asset(str(image)) as path:
            return _encoded(Path(path).read_bytes(), urlsplit(str(image)).path)
    if isinstance(image, bytes | bytearray | memoryview):
        return _encoded(bytes(image), "")
    if hasattr(image, "save"):
        buffer = io.BytesIO()
        image.save(buffer, format="PNG")
        return _encoded(buffer.getvalue(), "image.png")
    raise InvalidPackage(
        "This cannot be sent to a model as an image.",
        field="images",
        value=type(image).__name__,
        fix="Pass a path, a URL, bytes or a PIL image.",
    )


def decoded_image(url: str) -> tuple[bytes, str]:
    """The bytes and the MIME type of a `data:` URL."""
    head, _, body = url.partition(",")
    return base64.b64decode(body), head.removeprefix("data:").removesuffix(";base64")


def _encoded(data: bytes, name: str) -> str:
    seen = next((kind for start, kind in _SIGNATURES.items() if data.startswith(start)), None)
    kind = seen or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
