"""Samples made at run time, one kind per input type, so that a package is tested before anybody has data for it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.extractors.testing.samples import (
    Sample,
    SampleItem,
    SamplePart,
    content_columns,
    sample_of,
)

_SENTENCES: Final = (
    "Rain.",
    "A red bicycle.",
    "The market opens at nine.",
    "Nobody had expected the harbour to freeze.",
    "She sold her paintings, and bought a small piano instead.",
    "Die Züge fahren heute nur bis zur nächsten Grenzstation weiter.",
    "Revenue increased by 22% year over year, while costs fell for the third time.",
    "Boil the lentils for twenty minutes, add lemon and salt, and let them rest in the pot.",
    "The telescope measured how the light of a distant star bends on its way past the sun's edge.",
    "海辺の町では、毎朝漁師たちが網を直し、観光客が来る前に魚を市場へ運んでいます。そして夕方には静かになります。",
    "An index that is too large for memory is slow, unless the parts that queries touch stay small and near each other.",
    "When the orchestra had left, two cleaners stayed behind in the dark hall and quietly played a waltz on the stage together.",
)
_PIXELS: Final = 48
_HERTZ: Final = 16_000


def default_sample(description: ExtractorDescription, example: Mapping[str, object] | None = None) -> Sample:
    """What is tested with when nobody gives data: the manifest's `example_input`, else something generated.

    An example that names a file is left alone: it is out on the network, or on the author's machine.
    """
    takes_text = "text" in description.supported_input_types
    if takes_text and example and content_columns(example, description) == ["text"]:
        return sample_of([example], description, origin="the manifest's example_input")
    kinds = [kind for kind in description.supported_input_types if kind in _MAKERS]
    if not kinds:
        raise InvalidInput(
            f"There is no built-in sample of {' or '.join(description.supported_input_types)}.",
            field="sample_data",
            value=list(description.supported_input_types),
            fix="Give one with --sample-data.",
        )
    items = [one for kind in kinds for one in generated(kind, 3)]
    return Sample(f"generated {', '.join(kinds)}", tuple(items))


def generated(kind: str, count: int) -> list[SampleItem]:
    """At most `count` different objects of an input type, the smallest first."""
    mime_type, make = _MAKERS[kind]
    limit = min(count, len(_SENTENCES))
    first = len(_SENTENCES) - limit if kind == "text" and limit < 4 else 0
    parts = [
        SamplePart(kind, kind, mime_type, text=_SENTENCES[first + number])
        if make is None
        else SamplePart(kind, _blob_type(kind), mime_type, file=make(number))
        for number in range(limit)
    ]
    return [SampleItem(f"{kind} {number}", (part,)) for number, part in enumerate(parts, start=1)]


def makes(kind: str) -> bool:
    """Whether there is a generated sample of this input type."""
    return kind in _MAKERS


def _blob_type(kind: str) -> str:
    return {"document": "pdf", "gif": "image", "json": "text"}.get(kind, kind)


def _png(number: int) -> bytes:
    return _picture(number, "PNG")


def _gif(number: int) -> bytes:
    return _picture(number, "GIF")


def _picture(number: int, form: str) -> bytes:
    from PIL import Image, ImageDraw

    side = _PIXELS + 16 * number
    image = Image.new("RGB", (side, side), (40 * number % 256, 90, 255 - 50 * number % 256))
    ImageDraw.Draw(image).ellipse((4, 4, side - 12, side - 4 - 6 * number), fill=(250, 30 * number % 256, 60))
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def _wav(number: int) -> bytes:
    import numpy as np
    import soundfile

    time = np.arange(_HERTZ // 4 * (number + 1)) / _HERTZ
    out = io.BytesIO()
    soundfile.write(out, 0.4 * np.sin(2 * np.pi * (220.0 + 110 * number) * time), _HERTZ, format="WAV")
    return out.getvalue()


def _mp4(number: int) -> bytes:
    """One second, two seconds, …: a square that moves."""
    import imageio_ffmpeg
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.mp4"
        writer = imageio_ffmpeg.write_frames(
            str(path), (64, 64), fps=8, codec="libx264", macro_block_size=16, ffmpeg_log_level="error"
        )
        writer.send(None)
        for place in range(8 * (number + 1)):
            frame = np.full((64, 64, 3), 30 + 40 * number, np.uint8)
            frame[16:32, place % 48 : place % 48 + 16] = (200, 60, 40)
            writer.send(frame.tobytes())
        writer.close()
        return path.read_bytes()


def _pdf(number: int) -> bytes:
    """One page with a line of text per page number, with the smallest set of objects that every reader accepts."""
    lines = [sentence for sentence in _SENTENCES if sentence.isascii()][: number + 1]
    drawn = " ".join(f"({line}) Tj 0 -20 Td" for line in lines)
    stream = f"BT /F1 12 Tf 50 700 Td {drawn} ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    text, offsets = "%PDF-1.4\n", []
    for place, body in enumerate(objects, start=1):
        offsets.append(len(text))
        text += f"{place} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return f"{text}{end}startxref\n{len(text)}\n%%EOF\n".encode("ascii")


def _json(number: int) -> bytes:
    return f'{{"number": {number}, "text": "{_SENTENCES[number]}"}}'.encode()


_MAKERS: Final[dict[str, tuple[str, Callable[[int], bytes] | None]]] = {
    "text": ("text/plain", None),
    "image": ("image/png", _png),
    "gif": ("image/gif", _gif),
    "audio": ("audio/wav", _wav),
    "video": ("video/mp4", _mp4),
    "pdf": ("application/pdf", _pdf),
    "document": ("application/pdf", _pdf),
    "json": ("application/json", _json),
}
