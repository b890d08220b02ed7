"""Two versions of an embedding package that cannot be taken for each other: other sizes, and opposite answers.

Version 1 has 4 numbers and finds the document that says what the query says. Version 2 has 6 and finds the opposite
direction. Both write their name into each document, so an answer shows which model made it and which one encoded the
query.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Final

from assets_tests.embedding_packages import EmbeddingPackage, written

WORDS: Final = ("north", "east", "south", "west")
OPPOSITE: Final = {"north": "south", "east": "west", "south": "north", "west": "east"}

_OUTPUTS: Final = """
    text: str = Field(..., description="The direction")
    model: str = Field(..., description="Which model made this")
""".strip()

_CORE: Final = Template("""
SIZE = $size
WORDS = ("north", "east", "south", "west")
TURN = $turn


def vector_of(text, tilt):
    numbers = [tilt + 0.01] * SIZE
    for place, word in enumerate(WORDS):
        numbers[place] += float(text.split().count(word))
    return numbers


def queried(text, tilt):
    turned = " ".join(WORDS[(WORDS.index(w) + TURN) % 4] if w in WORDS else w for w in text.split())
    return vector_of(turned, tilt)


class Compass:
    def __init__(self, config, **kwargs):
        self.config = config

    def __call__(self, batch):
        batch["text"] = batch["data"].fillna("")
        if batch["text"].str.contains("POISON${version}").any():
            raise ValueError("a poisoned row")
        batch["model"] = "${version}"
        batch["${feature}"] = [vector_of(text, self.config["tilt"]) for text in batch["text"]]
        return batch
""")


def write_compasses(folder: Path) -> None:
    """Both versions as working copies."""
    write_compass(folder / "compass_one", version="v1", size=4, turn=0, feature="compass_v1_embedding")
    write_compass(folder / "compass_two", version="v2", size=6, turn=2, feature="compass_v2_embedding")


def write_compass(folder: Path, *, version: str, size: int, turn: int, feature: str) -> None:
    """One version of the package `compass`."""
    made = EmbeddingPackage(
        name="compass",
        version=version,
        feature=feature,
        size=size,
        parameter='tilt: float = Field(default=0.0, description="Added to every number")',
        outputs=_OUTPUTS,
        core=_CORE.substitute(version=version, size=size, turn=turn, feature=feature),
        step="Compass",
        answer="queried",
        description="Directions as vectors",
        batch_size=256,
    )
    written(folder, made.files())
