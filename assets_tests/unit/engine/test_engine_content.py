"""Content: loaded in the worker, an error of its row where it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from assets_tests.unit.engine.fakes import job_of, run_all, step, text_item
from mixpeek_orchestration.core.errors import Broken
from mixpeek_orchestration.core.ports.extraction import InputRow, SourceItem
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.engine.in_process import InProcessRunner
from mixpeek_orchestration.stores.objects_memory import MemoryObjectStore

STORE = MemoryObjectStore()


def open_store(config: Mapping[str, Any]) -> ObjectStore:
    assert config == {"url": "memory"}
    return STORE


def stored(name: str, data: bytes, kind: str = "text", mime_type: str = "text/plain") -> SourceItem:
    row = InputRow(f"blob_{name}", "content", kind, mime_type, len(data), content_hash=STORE.put(data))
    return SourceItem(name, f"obj_{name}", (row,))


def keep(batch: pd.DataFrame) -> pd.DataFrame:
    return batch.assign(kept=batch["data"], aliased=batch.get("text"))


def run(items: list[SourceItem], **job: object) -> Any:
    return run_all([step(keep)], items, object_store={"url": "memory"}, open_objects=open_store, **job)


def test_text_comes_from_the_store() -> None:
    """A text row that carries only its address has the text itself in `data`, umlauts included."""
    assert run([stored("a", "Größe".encode())]).rows.column("kept").to_pylist() == ["Größe"]


def test_binary_content_is_a_url() -> None:
    """What is not text is never loaded for the processor: `data` is where it can be fetched."""
    rows = run([stored("a", b"\x89PNG", "image", "image/png")]).rows.to_pylist()
    assert rows[0]["kept"] == STORE.url(STORE.put(b"\x89PNG"))


def test_bytes_sent_as_text_fail_their_row_only() -> None:
    """Content that is declared as text and is not says at which byte, and the item beside it goes on."""
    result = run([stored("bad", b"\xff\xfe\x00"), stored("good", b"fine")])
    assert [(e.item, e.step, e.row) for e in result.errors] == [("bad", "load", 0)]
    assert "not UTF-8 text" in result.errors[0].message
    assert "byte 0" in result.errors[0].message
    assert result.rows.column("kept").to_pylist() == ["fine"]


def test_content_that_is_gone_fails_its_row() -> None:
    """A missing blob is an error of its item, never an empty text."""
    gone = SourceItem(
        "gone", "obj", (InputRow("b", "content", "text", "text/plain", 3, content_hash="0" * 64),)
    )
    result = run([gone, stored("good", b"fine")])
    assert [(e.item, e.error_class) for e in result.errors] == [("gone", "NotFound")]


def test_a_job_without_an_opener_ends_the_run() -> None:
    """Stored content without a way to open the store is our fault, not the item's."""
    with pytest.raises(Broken, match="how to open the object store"):
        run_all([step(keep)], [stored("a", b"x")])


def test_the_alias_of_an_input_field_holds_the_content() -> None:
    """An input field named like the blob's property or type is the content; one that the source gives is what it gave."""
    item = text_item("a", "body", language="de", text="given")
    assert run([item], inputs=("text", "language")).rows.column("aliased").to_pylist() == ["given"]
    assert run([text_item("a", "body", language="de")], inputs=("text", "language")).rows.column(
        "aliased"
    ).to_pylist() == ["body"]


def test_fields_may_differ_in_type_between_items() -> None:
    """Each row keeps the value that its source gave, whatever the others have."""
    items = [text_item("a", "x", rating=5), text_item("b", "y", rating="five"), text_item("c", "z")]

    def rate(batch: pd.DataFrame) -> pd.DataFrame:
        return batch.assign(seen=[repr(value) for value in batch["rating"]])

    result = run_all([step(rate)], items, inputs=("text", "rating"))
    assert result.rows.column("seen").to_pylist() == ["5", "'five'", "None"]


def older(batch: pd.DataFrame) -> pd.DataFrame:
    return batch.assign(kept=batch["image_bytes"], link=batch["image_url"], sound=batch["audio_bytes"])


def run_older(items: list[SourceItem]) -> Any:
    steps = [step(older)]
    job = job_of(steps, object_store={"url": "memory"}, open_objects=open_store)
    names = ("audio_bytes", "image_bytes", "image_url")
    job = replace(job, description=replace(job.description, older_columns=names))
    (result,) = InProcessRunner(build=lambda recipe: steps).run(job, items)
    return result


def test_older_packages_find_the_content_under_its_older_names() -> None:
    """A picture's bytes and URL are in the columns of pictures, null in those of sounds and for text, and none of these
    inputs is stored."""
    picture = b"\x89PNG"
    result = run_older([stored("a", picture, "image", "image/png"), stored("b", b"words")])
    rows = result.rows.to_pylist()
    assert [row["kept"] for row in rows] == [picture, None]
    assert [row["link"] for row in rows] == [STORE.url(STORE.put(picture)), None]
    assert not {"image_bytes", "image_url", "audio_bytes"} & set(result.rows.column_names)


def test_bytes_that_cannot_be_read_fail_their_row() -> None:
    """A picture that is gone costs its own item only."""
    gone = InputRow("b", "content", "image", "image/png", 3, content_hash="0" * 64)
    result = run_older(
        [SourceItem("gone", "obj_gone", (gone,)), stored("a", b"\x89PNG", "image", "image/png")]
    )
    assert [(error.item, error.step) for error in result.errors] == [("gone", "load")]
    assert result.rows.column("_source_item").to_pylist() == ["a"]
