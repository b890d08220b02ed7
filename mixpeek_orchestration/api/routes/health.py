"""Health: whether each part that an answer needs is there. No key needed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from mixpeek_orchestration.api.answer import Answer
from mixpeek_orchestration.api.guard import House, OpenRoute

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/health", tags=["Health"], route_class=OpenRoute)

_ANY_HASH = "0" * 64


@router.get("", summary="Health of every part")
def health(house: House) -> Response:
    """503 when a part is down without which nothing is answered; `DEGRADED` while endpoints are not running."""
    parts = {
        "catalog": _probed("catalog", house.catalog.resources.revision),
        "objects": _probed("objects", lambda: house.parts.objects.exists(_ANY_HASH)),
        "documents": _probed("documents", lambda: house.documents.version("health")),
        "serving": _serving(house),
    }
    down = [name for name, part in parts.items() if part["status"] == "down"]
    waiting = parts["serving"]["status"] != "ok"
    status = "DOWN" if down else "DEGRADED" if waiting else "OK"
    body = {
        "status": status,
        "parts": parts,
        "data": {
            "metadata": parts["catalog"]["status"] == "ok",
            "object_storage": parts["objects"]["status"] == "ok",
            "vector_store": parts["documents"]["status"] == "ok",
            "inference": parts["serving"]["status"] == "ok",
            "task_queue": parts["catalog"]["status"] == "ok",
            "cache": True,
        },
        "errors": None,
    }
    return Answer(body, 503 if down else 200, {"Retry-After": "2"} if down else None)


@router.get("/liveness", summary="Whether the process answers")
async def liveness() -> dict[str, Any]:
    """Always the same answer."""
    return {"status": "OK"}


def _probed(name: str, probe: Callable[[], Any]) -> dict[str, Any]:
    """`ok` with how long it took, or `down`; the reason goes to the log, which may hold addresses and paths."""
    started = time.perf_counter()
    try:
        probe()
    except Exception:
        log.exception("health: %s does not answer", name)
        return {"status": "down"}
    return {"status": "ok", "latency_ms": round((time.perf_counter() - started) * 1000, 2)}


def _serving(house: House) -> dict[str, Any]:
    """The endpoints by status; `starting` until all of them run."""
    try:
        deployments = house.catalog.deployments.all()
    except Exception:
        log.exception("health: the endpoints cannot be listed")
        return {"status": "down"}
    endpoints = {f"{d.extractor_name}@{d.extractor_version}": d.status for d in deployments}
    waiting = [name for name, status in endpoints.items() if status != "RUNNING"]
    return {"status": "starting" if waiting else "ok", "endpoints": endpoints}
