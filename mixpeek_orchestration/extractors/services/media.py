"""Audio and video files through ffmpeg: what is in them, and what is made of them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from mixpeek_orchestration.core.errors import ItemFailure
from mixpeek_orchestration.core.ports.platform import ToolResult
from mixpeek_orchestration.extractors.assets import open_asset
from mixpeek_orchestration.extractors.tools import run_tool

_TIMEOUT_S: Final = 3600.0
_CLOCK: Final = r"(\d+):(\d\d):(\d\d(?:\.\d+)?)"
_DURATION: Final = re.compile(rf"^\s*Duration: {_CLOCK}", re.MULTILINE)
_DECODED: Final = re.compile(rf"time={_CLOCK}")
_STREAM: Final = re.compile(r"^\s*Stream #\S+: (Video|Audio): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Media:
    """What a file holds. A cover picture is not video."""

    seconds: float
    has_video: bool
    has_audio: bool


@contextmanager
def local_file(value: Any, column: str) -> Iterator[str]:
    """A local path with the content of a cell, which is bytes, a URL or a path."""
    if isinstance(value, str):
        with open_asset(value) as path:
            yield path
        return
    if not isinstance(value, bytes | bytearray | memoryview):
        raise ItemFailure(f"The row holds {type(value).__name__}, not a media file.", field=column)
    with tempfile.NamedTemporaryFile(prefix="media-") as file:
        file.write(value)
        file.flush()
        yield file.name


def probe(path: str) -> Media:
    """What is in a file, without ffprobe, which not every installation of ffmpeg has.

    Raises `ItemFailure` when it has neither sound nor moving pictures.
    """
    said = _ffmpeg(
        ["-hide_banner", "-i", path]
    ).stderr  # it ends with an error, because no output is asked for
    streams = [
        kind for kind, details in _STREAM.findall(said) if kind == "Audio" or "(attached pic)" not in details
    ]
    if not streams:
        raise ItemFailure("The content is neither audio nor video.", field="data", value=_last_line(said))
    stated = _DURATION.search(said)
    seconds = _seconds(stated) if stated else _decoded_seconds(path)
    return Media(seconds, "Video" in streams, "Audio" in streams)


def ffmpeg(arguments: Sequence[str]) -> None:
    """ffmpeg has done this; raises `ItemFailure` with what it said when it could not."""
    result = _ffmpeg(["-hide_banner", "-loglevel", "error", "-y", *arguments])
    if result.returncode != 0:
        raise ItemFailure("ffmpeg could not read the content.", field="data", value=_last_line(result.stderr))


def _ffmpeg(arguments: Sequence[str]) -> ToolResult:
    return run_tool("ffmpeg", arguments, _TIMEOUT_S)


def _decoded_seconds(path: str) -> float:
    """The length of a stream that does not state it, found by reading it all."""
    times = list(_DECODED.finditer(_ffmpeg(["-hide_banner", "-i", path, "-f", "null", "-"]).stderr))
    if not times:
        raise ItemFailure("The length of the content cannot be told.", field="data")
    return _seconds(times[-1])


def _seconds(match: re.Match[str]) -> float:
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
