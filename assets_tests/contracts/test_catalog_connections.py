"""The contract of `ConnectionCatalog`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mixpeek_orchestration.core.errors import NameConflict
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.syncs.connection import Connection

MINIO = Connection(
    "conn_1", "minio", "s3", "access_key", {"access_key_id": "A"}, endpoint_url="http://m:9000"
)


def test_a_connection_is_read_as_it_was_put(catalog: Catalog) -> None:
    """By id and by name, stamped; an unknown one is `None`; a second put replaces it and keeps its first time."""
    kept = catalog.connections.put(MINIO)
    assert (replace(kept, created_at="", updated_at=""), bool(kept.created_at)) == (MINIO, True)
    assert catalog.connections.get("conn_1") == catalog.connections.get("minio") == kept
    assert catalog.connections.get("conn_2") is None
    renamed = catalog.connections.put(replace(kept, name="another"))
    assert (renamed.created_at, catalog.connections.get("minio")) == (kept.created_at, None)


def test_a_name_is_one_connections(catalog: Catalog) -> None:
    """A second one of the name is refused; the list is by name; deleting says whether there was one."""
    catalog.connections.put(MINIO)
    with pytest.raises(NameConflict, match="minio"):
        catalog.connections.put(replace(MINIO, connection_id="conn_2"))
    catalog.connections.put(replace(MINIO, connection_id="conn_3", name="archive"))
    assert [one.name for one in catalog.connections.all()] == ["archive", "minio"]
    assert (catalog.connections.delete("conn_1"), catalog.connections.delete("conn_1")) == (True, False)
