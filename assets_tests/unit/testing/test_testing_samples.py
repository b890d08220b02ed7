"""Sample data: what becomes content, what becomes fields, and what is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.extractors.testing.generated import default_sample, generated, makes
from mixpeek_orchestration.extractors.testing.samples import (
    Sample,
    nested,
    read_sample,
    sample_of,
    source_items,
)
from mixpeek_orchestration.stores.objects import open_objects


def described(types: Sequence[str] = ("text",), inputs: Sequence[str] = ("text",)) -> ExtractorDescription:
    return ExtractorDescription(
        name="sampled",
        version="v1",
        description="",
        path="",
        parameters={},
        supported_input_types=tuple(types),
        input_fields=tuple(inputs),
        output_fields=(),
        vectors=(),
        steps=(),
        models=(),
        code_parts={},
        code_fp="code",
    )


def only_part(sample: Sample) -> Any:
    (item,) = sample.items
    (part,) = item.parts
    return part


def test_documented_json_gives_text_and_nested_fields(tmp_path: Path) -> None:
    """`text` is the content, `metadata` an object beside it."""
    file = tmp_path / "samples.json"
    rows = [{"text": f"Sample text {n}", "metadata": {"source": "test"}} for n in (1, 2)]
    file.write_text(json.dumps(rows))
    sample = read_sample(file, described())
    assert [item.parts[0].text for item in sample.items] == ["Sample text 1", "Sample text 2"]
    assert sample.items[0].fields == {"metadata": {"source": "test"}}
    assert sample.origin == "samples.json"


def test_documented_csv_nests_dotted_columns(tmp_path: Path) -> None:
    """`metadata.source` in a CSV is the same as an object in JSON."""
    file = tmp_path / "test_data.csv"
    file.write_text('text,metadata.source\n"Sample, one","test"\n"Sample two","test"\n')
    sample = read_sample(file, described())
    assert [item.parts[0].text for item in sample.items] == ["Sample, one", "Sample two"]
    assert sample.items[1].fields == {"metadata": {"source": "test"}}


@pytest.mark.parametrize(
    ("row", "property_name"),
    [
        ({"data": "x", "title": "t"}, "data"),
        ({"filing": "x"}, "filing"),
        ({"body": "x", "title": "t"}, "body"),
        ({"text": "x", "body": "y"}, "text"),
        ({"content": "x", "title": "t"}, "content"),
    ],
)
def test_the_content_column_is_found(row: dict[str, str], property_name: str) -> None:
    """By input type, by `data`, by the input schema, by a usual name, or because it is the only column."""
    part = only_part(sample_of([row], described(inputs=("body",)), origin="test"))
    assert (part.blob_property, part.text, part.blob_type) == (property_name, "x", "text")


def test_a_path_of_a_picture_becomes_a_stored_file(tmp_path: Path) -> None:
    """What is not text is read and handed over by its address, as stored content is."""
    picture = generated("image", 1)[0].parts[0].content
    (tmp_path / "a.jpg").write_bytes(picture)
    sample = sample_of([{"image": "a.jpg"}], described(["image"], ["image"]), origin="test", folder=tmp_path)
    store = open_objects({"url": str(tmp_path / "objects")})
    (item,) = source_items(sample.items, store)
    (row,) = item.rows
    assert (row.blob_type, row.mime_type, row.blob_property, row.text) == (
        "image",
        "image/jpeg",
        "image",
        None,
    )
    assert store.get(row.content_hash or "") == picture


def test_an_object_may_have_several_blobs(tmp_path: Path) -> None:
    """Columns named like input types are blobs of one object, each a row of its item."""
    (tmp_path / "a.png").write_bytes(b"png")
    both = described(["text", "image"], ["text", "image"])
    sample = sample_of([{"text": "a cat", "image": "a.png", "n": 1}], both, origin="test", folder=tmp_path)
    (item,) = sample.items
    assert [(part.blob_property, part.blob_type) for part in item.parts] == [
        ("text", "text"),
        ("image", "image"),
    ]
    assert item.fields == {"n": 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{not json", "cannot be read"),
        ("[]", "has no objects"),
        ("[1]", "Row 1 of samples.json is not an object"),
        ("[{}]", "Row 1 of samples.json is not an object"),
        ('[{"title": "t", "author": "a"}]', "row 1 has no column with content"),
        ('[{"text": "t", "a": 1, "a.b": 2}]', "has a value of its own"),
        ('[{"image": "gone.png"}]', "cannot be read"),
        ('[{"image": 7}]', "no path or URL"),
    ],
)
def test_what_cannot_be_used_is_refused(content: str, said: str, tmp_path: Path) -> None:
    """The message names the row and what is wrong with it, and there is a fix."""
    file = tmp_path / "samples.json"
    file.write_text(content)
    with pytest.raises(InvalidInput, match=said) as caught:
        read_sample(file, described(["text", "image"]))
    assert caught.value.fix


def test_a_csv_row_of_another_length_is_refused(tmp_path: Path) -> None:
    """A comma without quotes is told by row instead of ending in the wrong column."""
    file = tmp_path / "samples.csv"
    file.write_text("text,source\nHello, world,test\n")
    with pytest.raises(InvalidInput, match=r"Row 1 of samples\.csv has more or fewer values"):
        read_sample(file, described())


def test_nesting_keeps_what_is_not_dotted() -> None:
    """Dots make objects, at any depth; other names stay."""
    assert nested({"a": 1, "b.c": 2, "b.d.e": 3}) == {"a": 1, "b": {"c": 2, "d": {"e": 3}}}


def test_without_data_the_example_of_the_manifest_is_used() -> None:
    """A text example is the sample; one that names a file somewhere else is not."""
    sample = default_sample(described(), {"text": "an example"})
    assert only_part(sample).text == "an example"
    pictures = default_sample(described(["image"], ["image"]), {"image": "https://example.org/a.png"})
    assert pictures.origin == "generated image"


def test_a_type_without_generated_sample_asks_for_data() -> None:
    """Nothing is made up for a type that cannot be generated."""
    with pytest.raises(InvalidInput, match="no built-in sample of excel"):
        default_sample(described(["excel"]))


def test_generated_content_is_what_it_says() -> None:
    """Each kind can be opened by the library that extractors read it with, and its objects differ."""
    import imageio_ffmpeg
    import pypdfium2
    import soundfile
    from PIL import Image

    for kind in ("image", "gif"):
        assert [Image.open(io.BytesIO(data)).size for data in contents(kind)] == [
            (48, 48),
            (64, 64),
            (80, 80),
        ]
    frames = [len(soundfile.read(io.BytesIO(data))[0]) for data in contents("audio")]
    assert frames == [4000, 8000, 12000]
    page = pypdfium2.PdfDocument(contents("pdf")[1])[0]
    assert page.get_textpage().get_text_bounded().split() == ["Rain.", "A", "red", "bicycle."]
    assert [data[4:8] for data in contents("video")] == [b"ftyp"] * 3
    assert imageio_ffmpeg.get_ffmpeg_exe()
    assert makes("text")
    assert len({item.parts[0].text for item in generated("text", 12)}) == 12


def contents(kind: str) -> list[bytes]:
    found = [item.parts[0].content for item in generated(kind, 3)]
    assert len(set(found)) == 3
    return found


def test_a_declared_mime_type_wins(tmp_path: Path) -> None:
    """`mime_type` beside the content is the type of the content, not a field."""
    (tmp_path / "a.bin").write_bytes(b"x")
    row = {"audio": "a.bin", "mime_type": "audio/flac"}
    sample = sample_of([row], replace(described(["audio"])), origin="test", folder=tmp_path)
    assert (only_part(sample).mime_type, only_part(sample).blob_type) == ("audio/flac", "audio")
    assert sample.items[0].fields == {}
