"""Audio and video cut into pieces of equal length, through ffmpeg, several at a time."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import AliasChoices, Field, model_validator

from mixpeek_orchestration.extractors.assets import parallel_io
from mixpeek_orchestration.extractors.container import running_platform
from mixpeek_orchestration.extractors.model_files import worker_threads
from mixpeek_orchestration.extractors.services.batches import DATA, values, with_column
from mixpeek_orchestration.extractors.services.configs import ServiceConfig
from mixpeek_orchestration.extractors.services.media import Media, ffmpeg, local_file, probe
from mixpeek_orchestration.extractors.services.service import BuiltInService

if TYPE_CHECKING:
    import pandas as pd

_SHORTEST_S: Final = 0.1
_EXACT: Final = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact", "-threads", "1")
_VIDEO: Final = ("-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-c:v", "libx264", "-preset", "veryfast")


class ChunkingConfig(ServiceConfig):
    """How long the pieces are, and where they are kept."""

    bytes_column: str = Field(
        default=DATA,
        validation_alias=AliasChoices("bytes_column", "video_column", "audio_column", "url_column"),
        description="Where the recordings are: bytes, URLs or paths.",
    )
    chunk_seconds: float = Field(
        default=10.0,
        gt=_SHORTEST_S,
        validation_alias=AliasChoices("chunk_seconds", "chunk_duration", "time_split_interval"),
        description="The length of a piece.",
    )
    overlap_seconds: float = Field(
        default=0.0,
        ge=0.0,
        validation_alias=AliasChoices("overlap_seconds", "overlap"),
        description="How much of a piece the next one repeats.",
    )
    output_dir: str = Field(
        default="", description="Keep the pieces in this folder instead of uploading them."
    )
    reencode: bool = Field(
        default=True, description="Cut exactly. Without, cut at the nearest key frame, which is much faster."
    )

    @model_validator(mode="after")
    def _moves_on(self) -> Self:
        if self.overlap_seconds >= self.chunk_seconds:
            raise ValueError(
                f"overlap_seconds ({self.overlap_seconds:g}) must be less than chunk_seconds ({self.chunk_seconds:g})"
            )
        return self


Piece = tuple[float | None, float | None, int | None, str | None]
"""Start and end in seconds, place, and where the piece is."""


class FFmpegParallelChunking(BuiltInService):
    """A row per piece, with `start_time`, `end_time`, `chunk_index` and `video_segment_url`.

    Every row repeats the columns of the row that it was cut from, its `document_id` too. The pieces are uploaded; where
    there is no platform, they are local files for as long as this step lives. A null row stays one row.
    """

    kind = ChunkingConfig
    output = "video_segment_url"

    def setup(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="chunks-")

    def process(self, batch: pd.DataFrame) -> pd.DataFrame:
        cells = values(batch, self.settings.bytes_column)
        names = batch["document_id"].tolist() if "document_id" in batch.columns else range(len(cells))
        pieces = [self._pieces(cell, str(name)) for cell, name in zip(cells, names, strict=True)]
        source = [place for place, row in enumerate(pieces) for _ in row]
        rows = batch.iloc[source].reset_index(drop=True)
        flat = [piece for row in pieces for piece in row]
        for place, column in enumerate(("start_time", "end_time", "chunk_index", self.output_column)):
            rows = with_column(rows, column, [piece[place] for piece in flat])
        return rows

    def _pieces(self, cell: Any, name: str) -> list[Piece]:
        if cell is None:
            return [(None, None, None, None)]
        with local_file(cell, self.settings.bytes_column) as path:
            media = probe(path)
            cuts = spans(media.seconds, self.settings.chunk_seconds, self.settings.overlap_seconds)
            ending = suffix(media, exact=self.settings.reencode)
            with tempfile.TemporaryDirectory(prefix="cut-", dir=self._folder.name) as scratch:
                made = [Path(scratch) / f"{_plain(name)}_{place:05d}{ending}" for place in range(len(cuts))]
                _all(
                    [
                        cut_arguments(path, span, media, str(target), exact=self.settings.reencode)
                        for span, target in zip(cuts, made, strict=True)
                    ]
                )
                kept = [self._keep(target) for target in made]
        return [
            (start, end, place, url) for place, ((start, end), url) in enumerate(zip(cuts, kept, strict=True))
        ]

    def _keep(self, piece: Path) -> str:
        """Where the piece is from now on."""
        platform = running_platform()
        if platform is not None and not self.settings.output_dir:
            return platform.upload(piece)
        folder = Path(self.settings.output_dir or self._folder.name)
        folder.mkdir(parents=True, exist_ok=True)
        return str(shutil.move(piece, folder / piece.name))


def spans(seconds: float, length: float, overlap: float = 0.0) -> list[tuple[float, float]]:
    """Start and end of every piece. The last one ends where the recording does; what would be left over shorter than
    a tenth of a second belongs to it."""
    found: list[tuple[float, float]] = []
    start = 0.0
    while not found or (found[-1][1] < seconds and seconds - start >= _SHORTEST_S):
        end = start + length
        found.append((round(start, 3), round(end if seconds - end >= _SHORTEST_S else seconds, 3)))
        start = end - overlap
    return found


def suffix(media: Media, *, exact: bool) -> str:
    """The container that the pieces are in: what is not encoded again needs one that takes everything."""
    if not exact:
        return ".mkv" if media.has_video else ".mka"
    return ".mp4" if media.has_video else ".m4a"


def cut_arguments(
    path: str, span: tuple[float, float], media: Media, target: str, *, exact: bool
) -> list[str]:
    """What ffmpeg is told to cut one piece. The same recording gives the same bytes."""
    start, end = span
    seek = ["-ss", f"{start:.3f}", "-t", f"{end - start:.3f}", "-i", path]
    if not exact:
        return [*seek, "-map", "0:V?", "-map", "0:a?", "-c", "copy", *_EXACT, target]
    picture = [*_VIDEO, "-pix_fmt", "yuv420p"] if media.has_video else ["-vn"]
    sound = ["-c:a", "aac"] if media.has_audio else ["-an"]
    return [*seek, *picture, *sound, *_EXACT, target]


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)


def _all(commands: Sequence[list[str]]) -> None:
    results = parallel_io(commands, ffmpeg, max_workers=worker_threads())
    for error in results.errors.values():
        raise error
