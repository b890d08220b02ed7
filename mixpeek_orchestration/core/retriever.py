"""Retrievers: saved searches, a list of stages over collections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mixpeek_orchestration.core.bucket import ManagedBy


@dataclass(frozen=True)
class StageSpec:
    """One stage in its newest spelling; `stage_id` says what it does, `parameters` how."""

    stage_name: str
    stage_type: str
    stage_id: str
    parameters: Mapping[str, Any]
    batch_size: str | None = None
    description: str | None = None
    on_error: str | None = None


@dataclass(frozen=True)
class InputField:
    """One input of a retriever: its type, and what it is when the caller leaves it out."""

    type: str
    required: bool = False
    default: object = None
    description: str | None = None
    examples: tuple[object, ...] = ()
    enum: tuple[object, ...] = ()
    items: Mapping[str, Any] | None = None
    properties: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Retriever:
    """A retriever as the catalog holds it. `max_time_ms` bounds one execution."""

    retriever_id: str
    namespace_id: str
    name: str
    stages: tuple[StageSpec, ...]
    collection_ids: tuple[str, ...] = ()
    input_schema: Mapping[str, InputField] = field(default_factory=dict)
    max_time_ms: int | None = None
    max_credits: float | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    display_config: Mapping[str, Any] | None = None
    version: int = 1
    managed_by: ManagedBy = "api"
    created_at: str = ""
    updated_at: str = ""
    created_by: str | None = None
