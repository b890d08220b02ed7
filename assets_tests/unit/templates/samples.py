"""Small files of every kind, made where they are needed: each category has two that differ and one like the first."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import numpy as np


def pictures(folder: Path) -> dict[str, Path]:
    from PIL import Image

    colours = {"first": "#d02020", "second": "#2040d0", "query": "#c82828"}
    paths = {name: folder / f"{name}.png" for name in colours}
    for name, colour in colours.items():
        Image.new("RGB", (48, 48), colour).save(paths[name])
    return paths


def recordings(folder: Path) -> dict[str, Path]:
    import soundfile

    seconds = np.arange(8000) / 16_000
    paths = {}
    for name, hertz in {"first": 440, "second": 3000, "query": 450}.items():
        paths[name] = folder / f"{name}.wav"
        soundfile.write(paths[name], np.sin(2 * np.pi * hertz * seconds), 16_000)
    return paths


def films(folder: Path) -> dict[str, Path]:
    paths = {name: folder / f"{name}.mp4" for name in ("first", "second")}
    for name, colour in {"first": "0xd02020", "second": "0x2040d0"}.items():
        source = f"color={colour}:s=64x64:d=1:r=5"
        arguments = ["-v", "error", "-f", "lavfi", "-i", source, str(paths[name])]
        subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *arguments], timeout=60, check=True)
    return paths | {"query": pictures(folder)["query"]}


def documents(folder: Path) -> dict[str, Path]:
    texts = {"first": "A lighthouse warns ships of rocks", "second": "Bread needs flour, water and yeast"}
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / f"{name}.pdf"
        paths[name].write_bytes(one_page(text))
    return paths


def one_page(text: str) -> bytes:
    """A PDF with one page that says `text`; readers rebuild the table that is left out."""
    stream = f"BT /F 12 Tf 20 50 Td ({text}) Tj ET"
    return "\n".join(
        [
            "%PDF-1.4",
            "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj",
            "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj",
            "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 100]/Contents 4 0 R"
            "/Resources<</Font<</F 5 0 R>>>>>>endobj",
            f"4 0 obj<</Length {len(stream)}>>stream\n{stream}\nendstream endobj",
            "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj",
            "trailer<</Root 1 0 R>>",
        ]
    ).encode()


SAMPLES: dict[str, Callable[[Path], dict[str, Path]]] = {
    "image": pictures,
    "multimodal": pictures,
    "audio": recordings,
    "video": films,
    "document": documents,
}
