"""The app: routers, error handling and what they share, put together around a warehouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from fastapi import FastAPI

from mixpeek_orchestration.api.answer import Answer
from mixpeek_orchestration.api.door import Door
from mixpeek_orchestration.api.errors import handle_errors
from mixpeek_orchestration.api.routes import buckets, namespaces

if TYPE_CHECKING:
    from mixpeek_orchestration.bootstrap import Warehouse

ROUTERS = (namespaces.router, buckets.router)


@dataclass(frozen=True)
class Limits:
    """How much one request may send."""

    json_bytes: int = 64_000_000
    upload_bytes: int = 512_000_000


def nothing() -> None:
    """The default for those who do not want to know about changed definitions."""


def create_app(
    warehouse: Warehouse,
    *,
    notify_definitions_changed: Callable[[], None] = nothing,
    limits: Limits | None = None,
) -> FastAPI:
    """The HTTP API over a warehouse. `notify_definitions_changed` is called after every change of a bucket,
    collection, retriever or namespace; it must return at once."""
    app = FastAPI(
        title="Mixpeek",
        summary="An open, self-hosted warehouse for multimodal data.",
        version=metadata.version("mixpeek-orchestration"),
        default_response_class=Answer,
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.state.warehouse = warehouse
    app.state.notify_definitions_changed = notify_definitions_changed
    app.state.limits = limits or Limits()
    for router in ROUTERS:
        app.include_router(router)
    handle_errors(app)
    app.add_middleware(Door)
    return app
