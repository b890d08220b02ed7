"""The app: routers, error handling and what they share, put together around a warehouse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Protocol

from fastapi import FastAPI

from mixpeek_orchestration.api.answer import Answer
from mixpeek_orchestration.api.door import Door
from mixpeek_orchestration.api.errors import handle_errors
from mixpeek_orchestration.api.pages.browser import Browser
from mixpeek_orchestration.api.routes import (
    batches,
    buckets,
    collections,
    connections,
    documents,
    erasures,
    estimates,
    explanations,
    extractors,
    failures,
    generations,
    health,
    inference,
    models,
    namespaces,
    objects,
    pages,
    plugins,
    retrievers,
    secrets,
    submissions,
    syncs,
    uploads,
)

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

ROUTERS = (
    health.router,
    namespaces.router,
    buckets.router,
    objects.router,
    erasures.router,
    uploads.router,
    uploads.content_router,
    syncs.router,
    batches.router,
    batches.any_bucket_router,
    failures.router,
    failures.retry_router,
    estimates.batch_router,
    estimates.collection_router,
    explanations.router,
    extractors.feature_router,
    collections.router,
    generations.collection_router,
    generations.router,
    documents.router,
    pages.sign_in_router,
    pages.samples_router,
    pages.picture_router,
    retrievers.router,
    inference.router,
    submissions.review_router,
    submissions.router,
    extractors.router,
    extractors.namespace_router,
    plugins.router,
    plugins.archive_router,
    secrets.router,
    connections.router,
    models.router,
    models.content_router,
    models.namespace_router,
    models.form_router,
)


@dataclass(frozen=True)
class Limits:
    """How much one request may send."""

    json_bytes: int = 64_000_000
    upload_bytes: int = 512_000_000


class Background(Protocol):
    """Something that runs beside the app."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


def create_app(
    warehouse: Warehouse,
    *,
    limits: Limits | None = None,
    background: Sequence[Background] = (),
) -> FastAPI:
    """The HTTP API over a warehouse; `background` runs from start-up to shutdown."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for part in background:
            part.start()
        try:
            yield
        finally:
            for part in background:
                part.stop()

    app = FastAPI(
        title="Mixpeek",
        summary="An open, self-hosted warehouse for multimodal data.",
        version=metadata.version("mixpeek-orchestration"),
        lifespan=lifespan,
        default_response_class=Answer,
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.state.warehouse = warehouse
    app.state.limits = limits or Limits()
    for router in ROUTERS:
        app.include_router(router)
    handle_errors(app)
    app.add_middleware(Browser)
    app.add_middleware(Door)
    return app
