"""Small pictures of pictures and videos."""

from __future__ import annotations

import base64
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import AliasChoices, Field

from mixpeek_orchestration.extractors.assets import parallel_io
from mixpeek_orchestration.extractors.container import running_platform
from mixpeek_orchestration.extractors.services.batches import DATA, spread, values, with_column
from mixpeek_orchestration.extractors.services.configs import ServiceConfig
from mixpeek_orchestration.extractors.services.images import read_image
from mixpeek_orchestration.extractors.services.media import ffmpeg, local_file, probe
from mixpeek_orchestration.extractors.services.service import BuiltInService

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image


class ThumbnailConfig(ServiceConfig):
    """How large a thumbnail is, and of which moment."""

    bytes_column: str = Field(
        default=DATA,
        validation_alias=AliasChoices("bytes_column", "image_column", "video_column", "url_column"),
        description="Where the pictures and videos are: bytes, URLs or paths.",
    )
    width: int = Field(default=320, ge=1, le=4096, description="The longest width, in pixels.")
    height: int = Field(default=320, ge=1, le=4096, description="The longest height, in pixels.")
    timestamp: float = Field(
        default=1.0, ge=0.0, description="The second of a video that is shown; its middle when it is shorter."
    )
    quality: int = Field(default=80, ge=1, le=95, description="Of the JPEG.")


class ThumbnailGenerator(BuiltInService):
    """A JPEG per row under `thumbnail_url`: a URL of ours, or, where there is no platform, a `data:` URL.

    A row of video/* is shown at one moment; any other row is a picture. Null stays null, and so does sound alone.
    """

    kind = ThumbnailConfig
    output = "thumbnail_url"

    def process(self, batch: pd.DataFrame) -> pd.DataFrame:
        cells = values(batch, self.settings.bytes_column)
        types = batch["mime_type"].tolist() if "mime_type" in batch.columns else [None] * len(cells)
        present = [place for place, cell in enumerate(cells) if cell is not None]
        results = parallel_io([(cells[place], str(types[place] or "")) for place in present], self._thumbnail)
        for error in results.errors.values():
            raise error
        urls = [results[place] for place in range(len(present))]
        return with_column(batch, self.output_column, spread(present, urls, len(batch)))

    def _thumbnail(self, row: tuple[Any, str]) -> str | None:
        value, mime_type = row
        column = self.settings.bytes_column
        image = self._frame(value) if mime_type.startswith("video/") else read_image(value, column)
        return None if image is None else self._kept(image)

    def _frame(self, value: Any) -> Image | None:
        with local_file(value, self.settings.bytes_column) as path, tempfile.TemporaryDirectory() as scratch:
            media = probe(path)
            if not media.has_video:
                return None
            moment = min(self.settings.timestamp, media.seconds / 2)
            frame = Path(scratch) / "frame.png"
            ffmpeg(["-ss", f"{moment:.3f}", "-i", path, "-frames:v", "1", str(frame)])
            return read_image(frame.read_bytes())

    def _kept(self, image: Image) -> str:
        content = io.BytesIO()
        image.thumbnail((self.settings.width, self.settings.height))
        image.save(content, "JPEG", quality=self.settings.quality)
        platform = running_platform()
        if platform is None:
            return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            file.write(content.getvalue())
            file.flush()
            return platform.upload(file.name)
