"""openai/whisper-large-v3-turbo: speech of some 100 languages, written down."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import AliasChoices, Field

from mixpeek_orchestration.extractors.assets import parallel_io
from mixpeek_orchestration.extractors.services.batches import DATA, spread, values, with_column
from mixpeek_orchestration.extractors.services.computing import load_once, load_pretrained, load_tokenizer
from mixpeek_orchestration.extractors.services.configs import ModelConfig
from mixpeek_orchestration.extractors.services.media import ffmpeg, local_file, probe
from mixpeek_orchestration.extractors.services.service import ModelService
from mixpeek_orchestration.extractors.services.weights import Weights

if TYPE_CHECKING:
    import pandas as pd

_RATE: Final = 16_000


class WhisperConfig(ModelConfig):
    """What is transcribed, and how."""

    bytes_column: str = Field(
        default=DATA,
        validation_alias=AliasChoices("bytes_column", "audio_column", "url_column"),
        description="Where the recordings are: bytes, URLs or paths of audio or video files.",
    )
    batch_size: int = Field(default=8, ge=1, description="How many windows go through the model together.")
    language: str | None = Field(
        default=None, description="The language spoken; told from the sound by default."
    )
    task: Literal["transcribe", "translate"] = Field(
        default="transcribe", description="translate: into English."
    )


class WhisperTranscriptionBatch(ModelService):
    """The words of every recording, of any length. Null where there is no sound, or no speech in it."""

    kind = WhisperConfig
    output = "transcription"
    weights = Weights("openai/whisper-large-v3-turbo", "41f01f3fe87f28c78e2fbf8b568835947dd65ed9")

    def setup(self) -> None:
        from transformers import AutoFeatureExtractor, pipeline

        folder = self.folder()
        model = load_once(self.load_model, folder, self.settings.device)
        hearing = AutoFeatureExtractor.from_pretrained(str(folder))
        self._recognise = pipeline(
            "automatic-speech-recognition",
            model=model,
            tokenizer=load_tokenizer(folder),
            feature_extractor=hearing,
            device=model.device,
            # Overlapping windows, whose words are joined where they agree. Those of one recording, and of several, go
            # through the model together. The warning says that Whisper's own way, one window after the other, is a
            # little more accurate.
            chunk_length_s=hearing.chunk_length,
            ignore_warning=True,
        )

    @staticmethod
    def load_model(folder: Path) -> Any:
        """The speech model in `folder`."""
        return load_pretrained("AutoModelForSpeechSeq2Seq", folder)

    def process(self, batch: pd.DataFrame) -> pd.DataFrame:
        cells = values(batch, self.settings.bytes_column)
        present = [place for place, cell in enumerate(cells) if cell is not None]
        words = self.transcribe([cells[place] for place in present])
        return with_column(batch, self.output_column, spread(present, words, len(batch)))

    def transcribe(self, recordings: Sequence[Any]) -> list[str | None]:
        """The words of each recording (bytes, URL or path), `None` without any.

        All are decoded before the model runs, onto disk: a file that cannot be read costs no work of the others,
        and hours of sound no memory.
        """
        self.ready()
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            results = parallel_io(range(len(recordings)), partial(self._decode, recordings, Path(folder)))
            for place in range(len(recordings)):
                if place in results.errors:
                    raise results.errors[place]
            audible = [place for place in range(len(recordings)) if results[place] is not None]
            words = self._words([results[place] for place in audible])
        return spread(audible, words, len(recordings))

    def _decode(self, recordings: Sequence[Any], folder: Path, place: int) -> Path | None:
        """The sound of a recording as 16 kHz mono floats, or `None` when it has none."""
        target = folder / f"{place}.f32"
        with local_file(recordings[place], self.settings.bytes_column) as path:
            if not probe(path).has_audio:
                return None
            ffmpeg(["-i", path, "-vn", "-ac", "1", "-ar", str(_RATE), "-f", "f32le", str(target)])
        return target if target.stat().st_size else None

    def _words(self, tracks: Sequence[Path]) -> list[str | None]:
        if not tracks:
            return []
        options = {"task": self.settings.task, "language": self.settings.language, "do_sample": False}
        answers = self._recognise(
            _samples(tracks), batch_size=self.settings.batch_size, generate_kwargs=options
        )
        return [answer["text"].strip() or None for answer in answers]


def _samples(tracks: Sequence[Path]) -> Iterator[dict[str, Any]]:
    import numpy as np

    for track in tracks:
        yield {"raw": np.fromfile(track, dtype=np.float32), "sampling_rate": _RATE}
