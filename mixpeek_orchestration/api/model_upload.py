"""Weights on their way in: counted, and handed on in pieces, so that 10 GB need no memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.types import Message, Receive

from mixpeek_orchestration.core.errors import TooLarge
from mixpeek_orchestration.core.own_model import MAX_BYTES, ModelUpload
from mixpeek_orchestration.warehouse.models.models import Models

_PIECE: Final = 8 << 20
_FORM_OVERHEAD: Final = 1 << 20


async def receive_model(request: Request, models: Models, upload: ModelUpload) -> ModelUpload:
    """The upload with the body of this request; one that was cut off leaves nothing behind."""
    writer = models.writer(upload)
    kept = bytearray()
    try:
        async for chunk in request.stream():
            kept += chunk
            if len(kept) >= _PIECE:
                await run_in_threadpool(writer.write, bytes(kept))
                kept.clear()
        await run_in_threadpool(writer.write, bytes(kept))
    except BaseException:
        await run_in_threadpool(models.discard, writer.parts())
        raise
    return await run_in_threadpool(models.received, upload, writer)


def limited(receive: Receive) -> Receive:
    """The body of a form, refused past the size of the largest model: a form is spooled before it is read."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BYTES + _FORM_OVERHEAD:
            raise TooLarge(
                f"A model may have {MAX_BYTES:,} bytes.", field="file", value=size, limit=MAX_BYTES
            )
        return message

    return counted


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The content of an open file, a piece at a time."""
    while piece := file.read(_PIECE):
        yield piece
