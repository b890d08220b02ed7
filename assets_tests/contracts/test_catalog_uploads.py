"""The contract of `UploadCatalog`."""

from __future__ import annotations

from dataclasses import replace

from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.upload import Upload

ANNOUNCED = Upload(
    upload_id="upl_1",
    namespace_id="ns_one",
    bucket_id="bkt_one",
    filename="größe.txt",
    mime_type="text/plain",
    token_hash="hash",
    expires_at=1.5,
    object_metadata={"nested": {"list": [1, None]}},
)


def test_an_upload_is_read_as_it_was_announced(catalog: Catalog) -> None:
    """Every field survives; the time is filled in; an unknown id is `None`."""
    kept = catalog.uploads.put(ANNOUNCED)
    assert kept == replace(ANNOUNCED, created_at=kept.created_at)
    assert kept.created_at
    assert catalog.uploads.get("upl_1") == kept
    assert catalog.uploads.get("upl_2") is None


def test_an_upload_is_replaced_by_id(catalog: Catalog) -> None:
    """The arrival of its bytes changes an upload in place."""
    kept = catalog.uploads.put(ANNOUNCED)
    arrived = catalog.uploads.put(replace(kept, content_hash="a" * 64, size_bytes=7))
    assert catalog.uploads.get("upl_1") == arrived
