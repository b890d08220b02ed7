"""Contents that objects stop using, remembered in the transaction in which they do."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.stores.catalog.encoding import read
from mixpeek_orchestration.stores.catalog.erasure_schema import released_contents
from mixpeek_orchestration.stores.catalog.object_rows import contents_of
from mixpeek_orchestration.stores.catalog.schema import objects
from mixpeek_orchestration.stores.catalog.statements import among, upsert


def release_replaced(connection: Connection, sources: Iterable[SourceObject]) -> None:
    """Before these objects are written: remember what their present rows use and the new ones do not."""
    new = {source.object_id: {blob.content_hash for blob in source.blobs} for source in sources}
    release_all(connection, among(connection, objects.c.object_id, new), kept=new)


def release_all(connection: Connection, *where: Any, kept: Mapping[str, set[str]] | None = None) -> None:
    """Before these rows change: remember what they use, but for what each object keeps."""
    present = select(objects.c.object_id, objects.c.body).where(objects.c.deleted_at.is_(None), *where)
    moment = time.time()
    rows = [
        {"content_hash": content, "object_id": object_id, "released_at": moment}
        for object_id, body in connection.execute(present)
        for content in contents_of(read(body)) - (kept or {}).get(object_id, set())
    ]
    if rows:
        connection.execute(upsert(connection, released_contents, key=["content_hash", "object_id"]), rows)
