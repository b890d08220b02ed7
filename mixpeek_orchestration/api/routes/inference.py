"""Raw inference: what an extractor's endpoint answers to inputs."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.unbuilt import Off
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.specs import Spec

router = APIRouter(prefix="/v1/inference", tags=["Inference"], route_class=NamespaceRoute)


class InferenceBody(Spec):
    """What to infer, and with which extractor."""

    feature_uri: str = Field(description="As a collection's vector_indexes show it.")
    inputs: dict[str, Any] = Field(min_length=1)
    parameters: dict[str, Any] | None = None
    enable_semantic_cache: Off = None
    inference_name: Later = None
    provider: Later = None
    model: Later = None
    cache_delta: Later = None


@router.post("", summary="Infer")
def infer(body: InferenceBody, here: Here, house: House) -> dict[str, Any]:
    """The answer of the extractor's realtime half; 503 while its endpoint is not running."""
    started = time.perf_counter()
    data = house.infer(body.feature_uri, body.inputs, body.parameters or {})
    return {
        "data": data,
        "provider": "mixpeek",
        "model": body.feature_uri,
        "latency_ms": round((time.perf_counter() - started) * 1000, 3),
        "cached": False,
    }
