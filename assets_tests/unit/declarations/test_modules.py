"""Modules that declare: run once for what they make, and every way in which that can fail is told with its line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.declared import Bucket, Collection, Declarations
from mixpeek_orchestration.declared.modules import read_module

HEAD = "from mixpeek_orchestration.declared import Bucket, Collection, Declarations, Retriever\n"
NOTES = 'notes = Bucket("notes", {"body": "text"})\n'


@pytest.fixture
def module(tmp_path: Path) -> Path:
    return tmp_path / "declared_things.py"


def test_objects_of_a_module_are_its_declarations(module: Path) -> None:
    """Loose objects, those in lists, and those that are only read by others, each with the line that made it."""
    module.write_text(
        f"{HEAD}{NOTES}"
        'tiers = [Collection("lines", notes, "text_extractor@v1")]\n'
        'tiers.append(Collection("again", tiers[0], "text_extractor"))\n'
        'hidden = Collection("more", Bucket("inner", {"body": "text"}), "text_extractor")\n'
    )
    declared = read_module(str(module))
    manifest = declared.manifest()
    assert [b.bucket_name for b in manifest.buckets] == ["notes", "inner"]
    assert [c.collection_name for c in manifest.collections] == ["lines", "again", "more"]
    assert manifest.collections[1].source.identifiers == ["lines"]
    lines = {path: place.line for path, place in declared.places().items()}
    assert lines == {
        "buckets.0": 2,
        "buckets.1": 5,
        "collections.0": 3,
        "collections.1": 4,
        "collections.2": 5,
    }


def test_a_module_may_say_what_counts(module: Path) -> None:
    """With one `Declarations` it alone counts, with its namespace."""
    module.write_text(
        f'{HEAD}{NOTES}draft = Bucket("d", {{"t": "text"}})\nall = Declarations(notes, namespace="n")\n'
    )
    manifest = read_module(str(module)).manifest()
    assert (manifest.namespace, [b.bucket_name for b in manifest.buckets]) == ("n", ["notes"])


def test_a_module_may_import_its_neighbours(module: Path) -> None:
    """What lies beside a file can be imported, and the path of imports is afterwards what it was."""
    module.with_name("shared_notes_of_a_test.py").write_text(HEAD + NOTES)
    module.write_text("from shared_notes_of_a_test import notes\n")
    path = list(sys.path)
    assert read_module(str(module)).manifest().buckets[0].bucket_name == "notes"
    assert sys.path == path


def test_a_module_can_be_named(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that can be imported from here is read by its name."""
    module.with_name("named_module_of_a_test.py").write_text(HEAD + NOTES)
    monkeypatch.chdir(module.parent)
    assert read_module("named_module_of_a_test").manifest().buckets[0].bucket_name == "notes"


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("1 / 0\n", "ZeroDivisionError", 2),
        ("import nothing_like_this\n", "ModuleNotFoundError", 2),
        ("raise SystemExit(3)\n", "SystemExit", 2),
        ("def (:\n", "invalid syntax", 2),
        ('Bucket("b", {"body": "txt"})\n', "bucket_schema.properties.body.type", 2),
        ('\nCollection("c", 5, "text_extractor")\n', "not 5", 3),
        (
            f'{NOTES}Collection("c", [notes, Collection("d", notes, "x")], "x")\n',
            "buckets and collections",
            3,
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(module: Path, text: str, said: str, line: int) -> None:
    """Whatever a module raises becomes one error of ours, with the line in the module."""
    module.write_text(HEAD + text)
    with pytest.raises(InvalidInput) as wrong:
        read_module(str(module))
    assert said in f"{wrong.value.message} {wrong.value.field}"
    assert wrong.value.context["place"] == f"{module}:{line}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "declares nothing"),
        (f"{NOTES}a = Declarations(notes)\nb = Declarations()\n", "several Declarations: a, b"),
    ],
)
def test_a_module_without_one_set_of_declarations_is_refused(module: Path, text: str, said: str) -> None:
    """Nothing to apply is a mistake, and so is a choice between two."""
    module.write_text(HEAD + text)
    with pytest.raises(InvalidInput, match=said):
        read_module(str(module))


@pytest.mark.parametrize("source", ["no_such_file.py", "no_such_module", "no_such_package.module"])
def test_a_module_that_is_not_there_is_refused(source: str) -> None:
    """The error names what was looked for."""
    with pytest.raises(InvalidInput, match=f"There is no .*{source}"):
        read_module(source)


def test_two_resources_of_one_name_are_refused() -> None:
    """Objects are told apart by what they are called, so two of a kind cannot share a name."""
    with pytest.raises(InvalidInput, match="two buckets are named 'a'"):
        Declarations(Bucket("a", {"t": "text"}), Bucket("a", {"t": "text"})).manifest()


def test_objects_take_what_the_wire_takes() -> None:
    """Every field of the specs can be said, plain Python values become plain data, and unknown ones are refused."""
    bucket = Bucket("b", {"t": {"type": "text", "required": True}}, metadata={"teams": ("a", "b")})
    assert bucket.spec.metadata == {"teams": ["a", "b"]}
    written_out = Collection(
        "c", {"type": "bucket", "bucket_id": "elsewhere"}, "text_extractor@1.0.0", enabled=False
    )
    assert written_out.spec.source.identifiers == ["elsewhere"]
    assert repr(written_out) == "Collection('c')"
    with pytest.raises(InvalidInput, match="colour"):
        Bucket("b", {"t": "text"}, colour="red")
