"""Archives on their way in: written piece by piece, so that one of 500 MB needs no memory, and what was cut off can
go on where it ended."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from mixpeek_orchestration.api.body import discard
from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError
from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.warehouse.plugins.plugins import Plugins

_PIECE = 1 << 20
_RANGE = re.compile(r"^bytes (?P<first>\d+)-(?P<last>\d+)/(?P<total>\d+|\*)$")


@dataclass(frozen=True)
class _Place:
    """Where in the file a body belongs."""

    start: int = 0
    end: int | None = None
    ends_the_file: bool = True

    def check_end(self, position: int) -> None:
        """Returns when the body had the length that was said."""
        if self.end is not None and position != self.end:
            raise InvalidInput(
                f"The part ended at {position:,}.",
                field="Content-Range",
                value=f"…-{self.end - 1}",
                fix="Ask with HEAD how much has arrived, and go on from there.",
            )


async def receive_archive(request: Request, plugins: Plugins, upload_id: str, token: str) -> Upload:
    """The upload with this body written. A body may be a part: `Content-Range: bytes 0-99/1000` says which."""
    place = _place_of(request)
    position = place.start
    stream = request.stream()
    try:
        async for piece in _pieces(stream):
            await run_in_threadpool(plugins.receive, upload_id, token, piece, offset=position, last=False)
            position += len(piece)
    except MixpeekError:
        await discard(stream)
        raise
    place.check_end(position)
    return await run_in_threadpool(
        plugins.receive, upload_id, token, b"", offset=position, last=place.ends_the_file
    )


def archive_received(upload: Upload) -> Response:
    """The ETag of a whole archive; 202 while a part of it is missing."""
    if not upload.content_hash:
        return Response(status_code=202)
    return Response(headers={"ETag": f'"{upload.content_hash}"'})


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body in pieces of some size; what came before the sender went away is a piece too."""
    kept = bytearray()
    try:
        async for chunk in stream:
            kept += chunk
            if len(kept) >= _PIECE:
                yield bytes(kept)
                kept.clear()
    except ClientDisconnect:
        if kept:
            yield bytes(kept)
        raise
    if kept:
        yield bytes(kept)


def _place_of(request: Request) -> _Place:
    header = request.headers.get("content-range")
    if header is None:
        return _Place()
    match = _RANGE.match(header.strip())
    if match is None:
        raise InvalidInput(
            "The part of the file is not understood.",
            field="Content-Range",
            value=header,
            fix="Send for example 'Content-Range: bytes 0-99/1000'.",
        )
    end = int(match["last"]) + 1
    return _Place(int(match["first"]), end, ends_the_file=match["total"] == str(end))
