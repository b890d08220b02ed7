"""`mixpeek demo` on a machine with an empty home, and again."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from assets_tests.e2e.running_stack import RunningStack

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1500)]

FILES = {
    "bread.md": "# Bread\n\nMix flour, water, salt and yeast. Let the dough rise overnight, then bake the loaf in a hot oven.",
    "sailing.md": "# Sailing\n\nWhen the wind drops, ease the sheets and steer the boat towards the darker water.",
    "taxes.txt": "The annual return is due in spring. Keep receipts of deductible expenses for seven years.",
    "notes/astronomy.md": "# Stars\n\nA telescope gathers light; its aperture decides how faint a galaxy can be seen.",
}
QUESTIONS = {
    "How do I bake a loaf?": "bread",
    "which documents must be kept for the tax office?": "taxes",
    "observing distant galaxies at night": "astronomy",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's own files."""
    made = tmp_path_factory.mktemp("files")
    for name, text in FILES.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(text)
    return made


def demo(stack: RunningStack, *arguments: str) -> str:
    """What the command printed; it succeeded."""
    ran = stack.mixpeek("demo", *arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr + stack.logs()
    return ran.stdout


def answers(printed: str) -> dict[str, list[str]]:
    """By question: the sources of its hits, best first."""
    found: dict[str, list[str]] = {}
    sources: list[str] = []
    lines = printed.splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"1\. -?\d", line):
            sources = found.setdefault(before, [])
        if hit := re.match(r"\d+\. -?\d+\.\d+  (.*)", line):
            sources.append(hit[1])
    return found


def test_own_files_are_found_and_the_second_time_nothing_is_extracted(
    empty_home: RunningStack, folder: Path
) -> None:
    """On an empty home the right file is first for every question; again, nothing is extracted and it says so."""
    asked = [part for question in QUESTIONS for part in ("-q", question)]

    first = demo(empty_home, "--source", str(folder), *asked)

    assert {question: hits[0] for question, hits in answers(first).items()} == QUESTIONS
    assert "passages: 4 written, 0 unchanged, 0 filtered, 0 empty, 0 failed" in first
    for address in (empty_home.url("webserver"), f"{empty_home.url('api')}/docs", "mixpeek down"):
        assert address in first

    second = demo(empty_home, "--source", str(folder), *asked)

    assert "readmes: 0 created, 0 updated, 4 unchanged, 0 refused" in second
    assert "passages: 0 written, 4 unchanged, 0 filtered, 0 empty, 0 failed" in second
    assert answers(second) == answers(first)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("missing", "is not a folder"), ("empty", "has no text or Markdown files")],
    ids=["missing", "empty"],
)
def test_a_folder_without_files_is_an_error_before_anything_starts(
    other_stack: RunningStack, tmp_path: Path, name: str, wrong: str
) -> None:
    """The message names the folder, the exit code is 1, and no stack and no home come of it."""
    (tmp_path / "empty").mkdir()
    ran = other_stack.mixpeek("demo", "--source", str(tmp_path / name))
    assert ran.returncode == 1
    assert f"{tmp_path / name} {wrong}" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not other_stack.home.exists()


def test_the_installed_readmes_answer_three_questions(empty_home: RunningStack) -> None:
    """Without a folder the READMEs of the installed packages are ingested, and the right ones are among the hits."""
    found = answers(demo(empty_home))
    assert len(found) == 3
    assert all(len(hits) == 5 for hits in found.values())
    http, frames, validation = found.values()
    assert {"httpx", "httpcore", "aiohttp"} & set(http)
    assert {"polars", "pandas", "narwhals"} & set(frames)
    assert "pydantic" in validation
