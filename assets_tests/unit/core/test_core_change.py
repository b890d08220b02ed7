"""What differs, told part by part, and how far it reaches."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.change import (
    Change,
    code_changes,
    input_digests,
    parameter_parts,
    told_changes,
)
from mixpeek_orchestration.core.fingerprint import fields_fp
from mixpeek_orchestration.core.ports.extraction import InputRow
from mixpeek_orchestration.core.reach import Fields, Ripple, reach_of


def parts(**parameters: object) -> dict[str, str]:
    return {"parameters": fields_fp(parameters), **parameter_parts(parameters)}


def test_parameters_are_told_with_their_values() -> None:
    """Those that differ, by name; long values are cut in words and whole as data."""
    old, new = parts(size=3, name="a", gone=1), parts(size=4, name="a", prompt="x" * 100)
    assert told_changes(old, new) == [
        "the parameter gone is gone",
        f'the parameter prompt is new: "{"x" * 78}…',
        "the parameter size went from 3 to 4",
    ]
    assert code_changes(old, new)[1].after == f'"{"x" * 100}"'
    assert told_changes(parts(), parts(size=1)) == ["the parameter size is new: 1"]


def test_without_values_only_that_parameters_changed_is_told() -> None:
    """Of a code that was kept without the values of its parameters."""
    assert told_changes({"parameters": "then"}, parts(size=4)) == ["the parameters have changed"]
    assert told_changes({"parameters": fields_fp({"size": 4})}, parts(size=4)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "detail"),
    [
        ("module:a.py", "1" * 32, "2" * 32, "the code in a.py has changed", " (11111111 → 22222222)"),
        ("module:a.py", None, "2" * 32, "the code in a.py is new", " (22222222)"),
        ("data:p.txt", "1" * 32, None, "the data file p.txt is gone", " (11111111)"),
        ("dependency:x", "1.0", "2.0", "the dependency x went from 1.0 to 2.0", ""),
        (
            "own_model:m",
            "1" * 9,
            "2" * 9,
            "the weights of your model m have changed",
            " (11111111 → 22222222)",
        ),
        (
            "model:m",
            "a|onnx|1",
            "b|onnx|2",
            "the model m has other revision and weights",
            " (a|onnx|1 → b|onnx|2)",
        ),
        ("something", "1", "2", "the something has changed", " (1 → 2)"),
    ],
)
def test_every_part_is_told(name: str, old: str | None, new: str | None, line: str, detail: str) -> None:
    """What it is, what became of it, and the digests where it has no value of its own."""
    [change] = code_changes({} if old is None else {name: old}, {} if new is None else {name: new})
    assert (change.line, change.detail) == (line, line + detail)
    assert (change.before, change.after) == (old, new)


def test_digests_tell_fields_apart() -> None:
    """By what each gives to the extractor: text, content, and how many of them; not by ids."""

    def row(path: str, text: str | None = None, content: str | None = None, blob: str = "b") -> InputRow:
        return InputRow(blob, path, "text", "text/plain", 1, text, content)

    before = input_digests([row("body", content="c1"), row("title", "t"), row("body", content="c2")])
    again = input_digests(
        [row("body", content="c1", blob="other"), row("title", "t"), row("body", content="c2")]
    )
    after = input_digests([row("body", content="c1"), row("title", "t")])
    assert before == again
    assert [name for name in before if before[name] != after[name]] == ["body"]


TEXT_TO_WORDS = Fields(reads=frozenset({"text"}), carried={"name": "title"}, makes=frozenset({"words"}))
READS_WORDS = Fields(reads=frozenset({"words"}), carried={"title": "name"}, makes=frozenset({"vector"}))


@pytest.mark.parametrize(
    ("certain", "possible", "below", "reach"),
    [
        ({"text"}, set(), [TEXT_TO_WORDS], "runs"),
        (set(), {"text"}, [TEXT_TO_WORDS], "may_run"),
        ({"title"}, set(), [TEXT_TO_WORDS], "rewritten"),
        (set(), {"title"}, [TEXT_TO_WORDS], "may_be_rewritten"),
        ({"other"}, {"more"}, [TEXT_TO_WORDS], "none"),
        ({"text"}, set(), [TEXT_TO_WORDS, READS_WORDS], "may_run"),
        ({"title"}, set(), [TEXT_TO_WORDS, READS_WORDS], "rewritten"),
        ({"title"}, set(), [Fields(decide=frozenset({"title"})), READS_WORDS], "may_be_removed"),
        ({"x"}, set(), [Fields(carries_all=True), Fields(reads=frozenset({"x"}))], "runs"),
        (
            {"x"},
            set(),
            [Fields(carries_all=True, makes=frozenset({"x"})), Fields(reads=frozenset({"x"}))],
            "none",
        ),
    ],
)
def test_a_change_reaches_what_reads_or_carries_it(
    certain: set[str], possible: set[str], below: list[Fields], reach: str
) -> None:
    """Through tiers, under the names that fields have there; what an extractor makes anew may come out equal."""
    assert reach_of(Ripple(frozenset(certain), frozenset(possible)), below) == reach


def test_an_unknown_side_is_not_shown() -> None:
    """A change of a code of which nothing is known has only its fingerprints."""
    assert Change("code", "code", "1" * 32, "2" * 32).detail == "the code has changed (11111111 → 22222222)"
