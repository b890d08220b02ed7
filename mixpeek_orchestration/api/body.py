"""Request bodies: counted while they stream in, and parsed by the letter of JSON."""

from __future__ import annotations

import math
from collections.abc import AsyncIterable
from typing import Any

from fastapi import Request
from pydantic_core import from_json

from mixpeek_orchestration.core.errors import InvalidInput, TooLarge

_DISCARD = 4
"""A body over its limit is read and thrown away up to this many times the limit: most clients read the answer only
after they have sent everything."""


async def read_limited(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    """All bytes of a body; raises `TooLarge` past `limit`, never holding more than that."""
    kept: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size <= limit:
            kept.append(chunk)
        else:
            kept.clear()
            if size > _DISCARD * limit:
                break
    if size > limit:
        raise TooLarge(
            f"The body has more than {limit:,} bytes.",
            field="body",
            value=size,
            fix="Send less at once; for files, create an upload and PUT the bytes to its URL.",
            limit=limit,
        )
    return b"".join(kept)


async def discard(chunks: AsyncIterable[bytes], limit: int = 64_000_000) -> None:
    """Read what a refused sender still has to send, up to a limit: most clients read the answer only then."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            return


def parse_json(data: bytes) -> Any:
    """The value that `data` says; raises `InvalidInput` for anything that is not JSON in UTF-8.

    NaN, infinities, lone surrogates and NUL characters are refused too: no store keeps them all unchanged.
    """
    try:
        value = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidInput(
            f"The body is not valid JSON in UTF-8: {error}.",
            field="body",
            value=data[:200].decode(errors="backslashreplace"),
            fix="Send JSON in UTF-8; numbers must be finite, and binary content goes through an upload.",
        ) from error
    _refuse_unstorable(value, "body")
    return value


def _refuse_unstorable(value: Any, path: str) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise InvalidInput(
            f"{path} contains a NUL character, so it is not text.",
            field=path,
            value=value,
            fix="Send binary content through an upload, or as a base64 data: URL.",
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(
            f"{path} is too large for a number.", field=path, value=str(value), fix="Send a finite number."
        )
    if isinstance(value, dict):
        for key, part in value.items():
            _refuse_unstorable(key, path)
            _refuse_unstorable(part, f"{path}.{key}".removeprefix("body."))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            _refuse_unstorable(part, f"{path}.{position}".removeprefix("body."))


class JsonRequest(Request):
    """A request whose body is JSON within a limit. `check()` must have been awaited before it is used."""

    _bytes = b""
    _value: Any = None

    async def check(self, limit: int) -> None:
        """Read and parse the body; raises `TooLarge` or `InvalidInput`."""
        self._bytes = await read_limited(self.stream(), limit)
        if self._bytes:
            self._refuse_other_content()
            self._value = parse_json(self._bytes)

    def _refuse_other_content(self) -> None:
        sent = self.headers.get("content-type", "application/json")
        kind = sent.split(";")[0].strip().lower()
        if not (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))):
            raise InvalidInput(
                "The body is not declared as JSON.",
                field="Content-Type",
                value=sent,
                fix="Send the header 'Content-Type: application/json'.",
            )

    async def body(self) -> bytes:
        return self._bytes

    async def json(self) -> Any:
        return self._value
