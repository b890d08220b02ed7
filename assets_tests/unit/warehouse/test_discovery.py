"""What a name or id means among the extractors that there are."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.warehouse.discovery import resolved

KNOWN = [("text_extractor", "v1"), ("words", "1.0.0"), ("words", "1.1.0"), ("words_1", "v2")]


@pytest.mark.parametrize(
    ("identifier", "meant"),
    [
        ("words", ("words", None)),
        ("words_1", ("words_1", None)),
        ("words@1.1", ("words", "1.1.0")),
        ("words@v1", ("words", "1.0.0")),
        ("words_1_1_0", ("words", "1.1.0")),
        ("text_extractor_v1", ("text_extractor", "v1")),
        ("text_extractor_1_0_0", ("text_extractor", "v1")),
        ("words_1_v2", ("words_1", "v2")),
        ("words@9", ("words", "9.0.0")),
        ("nobody", None),
        ("nobody@1", None),
        ("nobody_1_0_0", None),
    ],
)
def test_every_spelling_means_one_version(identifier: str, meant: tuple[str, str | None] | None) -> None:
    """NAME, NAME@VERSION and both forms of an id are understood; a name wins over an id that reads alike."""
    assert resolved(identifier, KNOWN) == meant
