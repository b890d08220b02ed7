"""What differs between two packages."""

from __future__ import annotations

import io
import zipfile

from mixpeek_orchestration.core.source_files import differences, files_in


def archive(**files: str) -> bytes:
    """An archive with these files; `__` in a name is a slash."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writing:
        writing.mkdir("folder")
        for name, text in files.items():
            writing.writestr(f"{name.replace('__', '/')}.py", text)
    return buffer.getvalue()


def test_files_of_an_archive_have_paths_and_no_folders() -> None:
    """An archive is its files; a folder in it is none."""
    assert files_in(archive(manifest="a = 1", processors__core="b = 2")) == {
        "manifest.py": b"a = 1",
        "processors/core.py": b"b = 2",
    }


def test_equal_files_do_not_differ() -> None:
    """Only what is not equal is told, by path."""
    assert differences({"a.py": b"1\n", "b.py": b"2\n"}, {"b.py": b"2\n", "a.py": b"1\n"}) == []


def test_a_change_is_a_unified_diff() -> None:
    """A changed file names both sides and the lines."""
    (found,) = differences({"a.py": b"one\ntwo\n"}, {"a.py": b"one\n2\n"})
    assert found.change == "changed"
    assert found.diff.splitlines() == ["--- a/a.py", "+++ b/a.py", "@@ -1,2 +1,2 @@", " one", "-two", "+2"]


def test_files_come_and_go() -> None:
    """A new file has no old side, a removed one no new side."""
    added, removed = differences({"b.py": b"old\n"}, {"a.py": b"new\n"})
    assert (added.path, added.change, added.diff.splitlines()[0]) == ("a.py", "added", "--- /dev/null")
    assert (removed.path, removed.change, removed.diff.splitlines()[1]) == (
        "b.py",
        "removed",
        "+++ /dev/null",
    )


def test_what_is_not_text_differs_without_lines() -> None:
    """Bytes that are no UTF-8 are told by path alone."""
    (found,) = differences({"model.bin": b"\xff\xfe"}, {"model.bin": b"\xff\xff"})
    assert (found.path, found.change, found.diff) == ("model.bin", "changed", "")
