"""The guide to frames does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mixpeek_orchestration.client import connect
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guides" / "frames.md"
MARKED = re.compile(
    r"<!-- executed by assets_tests/unit/client/test_client_guide\.py -->\n```python\n(.*?)```", re.S
)


def test_the_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both halves run as they stand, and the documents are those of the rows that went in."""
    text = GUIDE.read_text()
    taken_in, taken_out = MARKED.findall(text)
    assert text.count("```python") == 2
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MIXPEEK_EXTRACTOR_PATHS", str(ROOT / "assets_tests" / "packages"))
    collection_id = _declared()

    found: dict[str, object] = {}
    exec(taken_in, found)
    assert "2 created" in capsys.readouterr().out
    with connect() as connection:
        connection._warehouse.materialize(collection_id, None, run_id="test")
    exec(taken_out, found)

    assert found["per_station"].sort("station").rows() == [("north", 1), ("south", 2)]  # type: ignore[attr-defined]
    assert found["long_ones"]["words"].min() > 4  # type: ignore[index]
    assert found["vectors"].num_rows == 3  # type: ignore[attr-defined]


def _declared() -> str:
    """The bucket and the collection that the guide speaks of."""
    properties = {"text": {"type": "text"}, "station": {"type": "string"}}
    extractor = {
        "feature_extractor_name": "word_vectors",
        "version": "v1",
        "parameters": {"split_lines": True},
        "field_passthrough": [{"source_path": "station"}],
    }
    bucket = {"bucket_name": "notes", "bucket_schema": {"properties": properties}}
    lines = {
        "collection_name": "note-lines",
        "source": {"type": "bucket", "bucket_ids": ["notes"]},
        "feature_extractor": extractor,
    }
    with connect() as connection:
        warehouse, namespace = connection._warehouse, connection._namespace_id
        warehouse.buckets.create(namespace, BucketSpec.model_validate(bucket))
        spec = CollectionSpec.model_validate(lines)
        return warehouse.collections.create(namespace, spec).collection_id
