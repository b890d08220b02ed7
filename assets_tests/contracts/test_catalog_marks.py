"""The contract of `MarkCatalog`."""

from __future__ import annotations

from dataclasses import replace

from mixpeek_orchestration.core.drift import Mark
from mixpeek_orchestration.core.ports.catalog import Catalog

MARK = Mark("gen_one", "col_one", "table_1", 7, 300, "c0ffee", {"vector": "IVF_SQ"}, "2026-01-01T00:00:00Z")


def test_a_mark_is_kept_per_generation(catalog: Catalog) -> None:
    """The newest mark of a generation comes back as it was put, and a forgotten one does not."""
    catalog.marks.put(MARK)
    newer = replace(MARK, version=8, indexes={})
    catalog.marks.put(newer)
    catalog.marks.put(replace(MARK, generation_id="gen_two"))
    assert catalog.marks.get("gen_one") == newer
    catalog.marks.forget("gen_one")
    catalog.marks.forget("never seen")
    assert catalog.marks.get("gen_one") is None
    assert catalog.marks.get("gen_two") is not None
