"""FFmpegParallelChunking and ThumbnailGenerator, on recordings that a real ffmpeg has made."""

from __future__ import annotations

import base64
import hashlib
import io
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from mixpeek_orchestration.core.errors import InvalidPackage, ItemFailure
from mixpeek_orchestration.extractors.container import use_platform
from mixpeek_orchestration.extractors.documented.inference import FFmpegParallelChunking, ThumbnailGenerator
from mixpeek_orchestration.extractors.local_tools import run_locally
from mixpeek_orchestration.extractors.services.chunking import spans
from mixpeek_orchestration.extractors.services.media import Media, probe


class Uploads:
    """A platform that keeps what is uploaded."""

    namespace_id = "ns"

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.tools: list[str] = []

    def upload(self, path, **_names) -> str:
        name = Path(path).name
        self.files[name] = Path(path).read_bytes()
        return f"https://ours/{name}"

    def run_tool(self, tool, args, timeout):
        self.tools.append(tool)
        return run_locally(tool, args, timeout)


@contextmanager
def uploads():
    """A step is running here, on this platform."""
    platform = Uploads()
    with use_platform(platform):
        yield platform


def _batch(*cells, **columns):
    names = [f"doc_{place}" for place in range(len(cells))]
    return pd.DataFrame({"data": list(cells), "document_id": names, **columns})


def test_what_is_in_a_file_is_told_without_ffprobe(recording):
    """Length, picture and sound of real files, also of a stream that does not state its length."""
    assert probe(str(recording(3))) == Media(3.0, has_video=False, has_audio=True)
    assert probe(str(recording(3, video=True, audio=False))) == Media(3.0, has_video=True, has_audio=False)
    bare = recording(3, video=True, audio=False).with_suffix(".h264")
    assert (
        run_locally(
            "ffmpeg", ["-y", "-i", str(bare.with_suffix(".mp4")), "-c", "copy", str(bare)], 60
        ).returncode
        == 0
    )
    assert probe(str(bare)).seconds == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize(
    ("seconds", "length", "overlap", "expected"),
    [
        (10, 4, 0, [(0, 4), (4, 8), (8, 10)]),
        (8, 4, 0, [(0, 4), (4, 8)]),
        (8.05, 4, 0, [(0, 4), (4, 8.05)]),
        (3, 4, 0, [(0, 3)]),
        (10, 4, 1, [(0, 4), (3, 7), (6, 10)]),
        (0.05, 4, 0, [(0, 0.05)]),
    ],
)
def test_pieces_cover_the_recording(seconds, length, overlap, expected):
    """They begin at 0, end with it, overlap by what was asked, and none is a mere rest."""
    assert spans(seconds, length, overlap) == expected


def test_a_row_becomes_a_row_per_piece(recording):
    """Every piece is a row with its times, its place and the columns of its source, and is as long as it says."""
    service = FFmpegParallelChunking({"chunk_seconds": 2, "bytes_column": "data"})
    found = service(_batch(str(recording(5, video=True)), str(recording(3)), title=["film", "song"]))
    assert found["document_id"].tolist() == ["doc_0"] * 3 + ["doc_1"] * 2
    assert found["title"].tolist() == ["film"] * 3 + ["song"] * 2
    assert found["chunk_index"].tolist() == [0, 1, 2, 0, 1]
    assert list(zip(found["start_time"], found["end_time"], strict=True))[:3] == [(0, 2), (2, 4), (4, 5)]
    for row in found.itertuples():
        media = probe(row.video_segment_url)
        assert media.seconds == pytest.approx(row.end_time - row.start_time, abs=0.15)
        assert media.has_video == (row.title == "film")


def test_pieces_are_uploaded_where_there_is_a_platform(recording):
    """The URL is ours, ffmpeg runs through the platform, and cutting again gives the same bytes."""
    path = str(recording(3, video=True))
    with uploads() as first:
        found = FFmpegParallelChunking({"chunk_seconds": 2})(_batch(path))
    with uploads() as second:
        FFmpegParallelChunking({"chunk_seconds": 2})(_batch(path))
    assert found["video_segment_url"].tolist() == [f"https://ours/doc_0_0000{place}.mp4" for place in (0, 1)]
    assert set(first.tools) == {"ffmpeg"}
    digests = [
        {name: hashlib.sha256(data).hexdigest() for name, data in one.files.items()}
        for one in (first, second)
    ]
    assert digests[0] == digests[1]


def test_pieces_are_kept_where_the_config_says(recording, tmp_path):
    """`output_dir` holds them, also at key frames only and with an overlap."""
    config = {"output_dir": str(tmp_path), "chunk_duration": 2, "overlap": 1, "reencode": False}
    found = FFmpegParallelChunking(config)(_batch(str(recording(4, video=True))))
    assert sorted(map(str, tmp_path.iterdir())) == sorted(found["video_segment_url"])
    assert found["start_time"].tolist() == [0, 1, 2]
    sound = FFmpegParallelChunking(config)(_batch(str(recording(3))))
    assert probe(sound["video_segment_url"][0]).seconds == pytest.approx(2, abs=0.1)


def test_a_row_without_a_recording_stays_one_row(recording):
    """Null is one row with nulls, so that it is not lost; the rows beside it have their pieces."""
    found = FFmpegParallelChunking({"chunk_seconds": 2})(_batch(None, str(recording(3))))
    assert found["document_id"].tolist() == ["doc_0", "doc_1", "doc_1"]
    assert found["video_segment_url"][0] is None
    assert FFmpegParallelChunking()(_batch(None))["start_time"].tolist() == [None]


def test_a_batch_without_rows_comes_back_with_the_columns():
    """No rows in, none out, and the columns are there."""
    found = FFmpegParallelChunking()(_batch())
    assert found.empty
    assert {"start_time", "end_time", "chunk_index", "video_segment_url"} <= set(found.columns)


def test_what_is_no_recording_fails():
    """Bytes that are neither audio nor video are an `ItemFailure`."""
    with pytest.raises(ItemFailure, match="neither audio nor video"):
        FFmpegParallelChunking()(_batch(b"text"))


def test_an_overlap_has_to_be_shorter():
    """Pieces that never move on are refused when the package is described."""
    with pytest.raises(InvalidPackage, match="must be less than chunk_seconds"):
        FFmpegParallelChunking.models({"chunk_seconds": 2, "overlap_seconds": 2})


def _decoded(url):
    assert url.startswith("data:image/jpeg;base64,")
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def test_a_thumbnail_keeps_the_shape(picture):
    """A picture is made to fit, never stretched; null stays null."""
    found = ThumbnailGenerator({"width": 20, "height": 20})(_batch(picture("red", (400, 200)), None))
    assert _decoded(found["thumbnail_url"][0]).size == (20, 10)
    assert found["thumbnail_url"][1] is None


def test_a_video_is_shown_at_one_moment(recording):
    """A frame of a video, also of one that is shorter than the moment asked for; sound alone has none."""
    cells = [str(recording(3, video=True)), str(recording(1, video=True, audio=False)), str(recording(2))]
    found = ThumbnailGenerator({"timestamp": 2})(_batch(*cells, mime_type=["video/mp4"] * 3))
    assert _decoded(found["thumbnail_url"][0]).size == (64, 48)
    assert _decoded(found["thumbnail_url"][1]).size == (64, 48)
    assert found["thumbnail_url"][2] is None


def test_a_thumbnail_is_uploaded_where_there_is_a_platform(picture):
    """The column holds a URL of ours."""
    with uploads() as platform:
        found = ThumbnailGenerator()(_batch(picture("red")))
    assert found["thumbnail_url"][0].startswith("https://ours/")
    assert len(platform.files) == 1


def test_what_is_no_picture_fails(picture):
    """It is an `ItemFailure` of its row."""
    with pytest.raises(ItemFailure, match="not a picture"):
        ThumbnailGenerator()(_batch(picture("red"), b"text"))
