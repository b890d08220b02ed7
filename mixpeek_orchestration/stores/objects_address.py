"""Where content lies under the root of an object store."""

from __future__ import annotations

import re

from mixpeek_orchestration.core.errors import NotFound

_ADDRESS = re.compile(r"[0-9a-f]{64}\Z")


def relative_path(content_hash: str) -> str:
    """`ab/cd/<sha256>`; raises `NotFound` for what cannot be an address, so that no path can leave the root."""
    if not _ADDRESS.match(content_hash):
        raise NotFound(
            f"{content_hash!r} is not the address of stored content.",
            field="content_hash",
            value=content_hash,
            fix="An address is a SHA-256 in 64 lower-case hexadecimal digits.",
        )
    return f"{content_hash[:2]}/{content_hash[2:4]}/{content_hash}"


def missing(content_hash: str) -> NotFound:
    """The error for an address that holds nothing."""
    return NotFound(f"There is no content at {content_hash}.", field="content_hash", value=content_hash)
