"""Raw inference: what an extractor's endpoint, or a model of a provider, answers to inputs."""

from __future__ import annotations

import time
from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import Field, StringConstraints, model_validator

from mixpeek_orchestration.api.answers.inference import inferred_answer
from mixpeek_orchestration.api.guard import Here, House, NamespaceRoute
from mixpeek_orchestration.api.unbuilt import Off
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.specs import Spec

router = APIRouter(prefix="/v1/inference", tags=["Inference"], route_class=NamespaceRoute)

Text = Annotated[str, StringConstraints(min_length=1, max_length=512)]


class InferenceBody(Spec):
    """What to infer, and with what: a feature URI, the name of an extractor, or a provider's model."""

    feature_uri: Text | None = Field(default=None, description="As a collection's vector_indexes show it.")
    inference_name: Text | None = Field(
        default=None, description="NAME (its active version), NAME@VERSION, name_1_0_0, or a feature's name."
    )
    provider: Text | None = Field(default=None, description="google, openai, anthropic; with `model`.")
    model: Text | None = Field(default=None, description="As its provider calls it; with `provider`.")
    inputs: dict[str, Any] = Field(min_length=1)
    parameters: dict[str, Any] | None = None
    enable_semantic_cache: Off = None
    cache_delta: Later = None

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        named = [self.feature_uri, self.inference_name, self.provider or self.model]
        if sum(one is not None for one in named) != 1:
            raise ValueError("give exactly one of feature_uri, inference_name, or provider with model")
        if (self.provider is None) != (self.model is None):
            raise ValueError("provider and model belong together")
        return self


@router.post("", summary="Infer")
def infer(body: InferenceBody, here: Here, house: House) -> dict[str, Any]:
    """The answer of the extractor's realtime half (503 while its endpoint is not running), or of the model."""
    started = time.perf_counter()
    parameters = body.parameters or {}
    if body.provider and body.model:
        inferred = house.provider_models.answer(
            here.namespace_id, body.provider, body.model, body.inputs, parameters
        )
    elif body.feature_uri:
        inferred = house.inference.by_uri(here.namespace_id, body.feature_uri, body.inputs, parameters)
    else:
        inferred = house.inference.by_name(
            here.namespace_id, body.inference_name or "", body.inputs, parameters
        )
    return inferred_answer(inferred, seconds=time.perf_counter() - started)
