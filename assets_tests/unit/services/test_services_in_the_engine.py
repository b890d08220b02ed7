"""Services one after the other in the engine: rows multiply, and what cannot be read costs its own item only."""

from __future__ import annotations

from assets_tests.unit.engine.fakes import run_all, step, text_item
from mixpeek_orchestration.extractors.documented.inference import (
    CLIPEmbeddingBatch,
    E5TextEmbeddingBatch,
    FFmpegParallelChunking,
    WhisperTranscriptionBatch,
)


def test_recordings_are_cut_heard_and_embedded(recording, whisper, e5, tmp_path):
    """Every piece of a recording is a document with its own time, words and vector; one without sound has no vector,
    and a file that is no recording is an error of its item."""
    (tmp_path / "text.mp4").write_text("no recording")
    items = [
        text_item("film", str(recording(5, video=True))),
        text_item("silent", str(recording(1, video=True, audio=False))),
        text_item("broken", str(tmp_path / "text.mp4")),
    ]
    steps = [
        step(FFmpegParallelChunking({"chunk_seconds": 2}), name="cut"),
        step(
            WhisperTranscriptionBatch({"model_name": whisper, "bytes_column": "video_segment_url"}),
            name="hear",
        ),
        step(E5TextEmbeddingBatch({"model_name": e5, "text_column": "transcription"}), name="embed"),
    ]
    result = run_all(steps, items)
    assert [(error.item, error.step) for error in result.errors] == [("broken", "cut")]
    rows = result.rows.select(["_source_item", "start_time", "embedding"]).to_pylist()
    assert [(row["_source_item"], row["start_time"], row["embedding"] is None) for row in rows] == [
        ("film", 0.0, False), ("film", 2.0, False), ("film", 4.0, False), ("silent", 0.0, True),
    ]  # fmt: skip


def test_a_bad_picture_costs_one_item(picture, clip, tmp_path, calls):
    """Of eight pictures in a batch one cannot be read: seven have vectors, and none went through the model twice."""
    for place in range(8):
        (tmp_path / f"{place}.png").write_bytes(b"no picture" if place == 5 else picture("red"))
    items = [text_item(f"i{place}", str(tmp_path / f"{place}.png")) for place in range(8)]
    service = CLIPEmbeddingBatch({"model_name": clip, "bytes_column": "data"})
    result = run_all([step(service, name="embed")], items)
    assert [(error.item, error.error_class) for error in result.errors] == [("i5", "ItemFailure")]
    assert result.rows.num_rows == 7
    assert sum(calls) == 7
