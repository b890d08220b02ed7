"""Whisper on tiny weights: real files decoded by ffmpeg, long ones in windows."""

from __future__ import annotations

import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import ItemFailure
from mixpeek_orchestration.extractors.documented.inference import InferenceConfigs, WhisperTranscriptionBatch


def _words(service, cells, column="data"):
    return service(pd.DataFrame({column: cells}))[service.output_column].tolist()


def test_recordings_come_as_bytes_paths_and_video(whisper, recording):
    """A recording has the same words as bytes, as a path, and as a URL; a video has those of its sound."""
    service = WhisperTranscriptionBatch({"model_name": whisper})
    path = recording(2)
    found = _words(service, [path.read_bytes(), str(path), path.as_uri(), str(recording(2, video=True))])
    assert found[0]
    assert found[0] == found[1] == found[2]
    assert found[3]


def test_long_recordings_are_heard_to_the_end(whisper, recording):
    """45 s are several windows of 30 s, so that there are more words than in one; each batch size gives the same."""
    cells = [str(recording(45)), str(recording(2, pitch=900))]
    words = [
        _words(WhisperTranscriptionBatch({"model_name": whisper, "batch_size": size}), cells)
        for size in (1, 8)
    ]
    assert words[0] == words[1]
    assert len(words[0][0]) > len(words[0][1])


def test_where_there_is_no_sound_there_are_no_words(whisper, recording):
    """Null, nothing, and a video without sound are null; the recording beside them has its words."""
    service = WhisperTranscriptionBatch({"model_name": whisper})
    found = _words(service, [None, b"", str(recording(1, video=True, audio=False)), str(recording(2))])
    assert [words is None for words in found] == [True, True, True, False]


def test_a_bad_recording_fails_before_the_model_runs(whisper, recording, monkeypatch):
    """What is no recording is an `ItemFailure` with what ffmpeg said, and the others have lost no pass."""
    service = WhisperTranscriptionBatch({"model_name": whisper})
    monkeypatch.setattr(service, "_words", lambda tracks: pytest.fail("the model ran"))
    with pytest.raises(ItemFailure, match="neither audio nor video") as caught:
        _words(service, [str(recording(2)), b"no recording"])
    assert "Invalid data" in str(caught.value.value)


def test_the_documented_config_is_taken(whisper, recording):
    """`InferenceConfigs(bytes_column=…, output_column_name=…)`, as packages write it."""
    config = InferenceConfigs(
        bytes_column="audio_bytes", output_column_name="words", model_name=whisper, language="en"
    )
    service = WhisperTranscriptionBatch(config)
    assert _words(service, [recording(2).read_bytes()], "audio_bytes")[0]
    assert _words(service, [str(recording(2))])[0]
