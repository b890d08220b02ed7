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


def test_long_recordings_go_through_in_windows(whisper, recording, monkeypatch):
    """6 s are two windows of 4 s, which go through the model together with the one of a shorter recording; one at a time
    they give the same words. (The real model has windows of 30 s.)"""
    cells = [str(recording(6)), str(recording(2, pitch=900))]
    passes: dict[int, list[int]] = {1: [], 8: []}
    words = {}
    for size, seen in passes.items():
        service = WhisperTranscriptionBatch({"model_name": whisper, "batch_size": size})
        service.ready()
        generate = service._recognise.model.generate

        def counted(*arguments, generate=generate, seen=seen, **options):
            seen.append(len(options["input_features"]))
            return generate(*arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(service._recognise.model, "generate", counted)
            words[size] = _words(service, cells)
    assert passes == {1: [1, 1, 1], 8: [3]}
    assert words[1] == words[8]


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
