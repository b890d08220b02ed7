"""Fingerprints: equal exactly when the extractor would compute the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.core import fingerprint
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.object import Blob, SourceObject

SOURCE = '''
"""Module."""
import math


def area(radius: float, *, scale=1) -> float:
    """Docstring."""
    # comment
    return math.pi * radius ** 2 * scale


class Shape:
    """A shape."""

    async def draw(self):
        """Draws."""
        match self:
            case Shape():
                return f"{self!r:>10}"
'''


def test_golden_values() -> None:
    """Fingerprints are stored in every row: a change here makes every row of every user stale."""
    assert fingerprint.fields_fp({"text": "ä", "n": 1, "none": None}) == "57d6a21797dcf3437565638cfa7758e2"
    assert (
        fingerprint.code_fp({"module:pipeline": "x", "parameters": "{}"})
        == "7356e150a206ab6c17fc0e936c8c7a49"
    )
    assert fingerprint.source_fp(SOURCE) == "e7c493e820dd73488b8a8749c74ac80d"
    blob = Blob("blb_1", "text", "text", "0" * 64, 3, "text/plain", "a.txt")
    thing = SourceObject("obj_1", "ns_1", "bkt_1", (blob,), {"lang": "de"}, key="a.txt")
    assert thing.source_fp == "87e4e9a644e8073371ec456cbbf16a17"


def test_canonical_json_is_one_text_per_value() -> None:
    """Keys are sorted, no spaces, letters as they are."""
    assert fingerprint.canonical_json({"b": [1, None], "a": "ü"}) == '{"a":"ü","b":[1,null]}'


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": {1, 2}}, object(), b"bytes"])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    """A value without a canonical form is an error that shows it, never a fingerprint by accident."""
    with pytest.raises(InvalidInput, match="cannot be written as JSON"):
        fingerprint.fields_fp({"x": value})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_fields_have_no_order(fields: dict[str, object]) -> None:
    """The same fields in another order have the same fingerprint."""
    assert fingerprint.fields_fp(fields) == fingerprint.fields_fp(dict(reversed(fields.items())))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# comment", "# another comment"),
        ('"""Docstring."""', '"""Another, longer docstring."""'),
        ("math.pi * radius", "(math.pi\n            * radius)"),
        ('"""Module."""', ""),
        ('f"{self!r:>10}"', "f'{self!r:>10}'"),
    ],
)
def test_what_does_not_compute_does_not_count(old: str, new: str) -> None:
    """Comments, docstrings, quotes and formatting leave the fingerprint as it was."""
    edited = (
        SOURCE.replace(old, new)
        if "math.pi" not in old
        else SOURCE.replace("math.pi * radius ** 2 * scale", "(math.pi *\n        radius ** 2 * scale)")
    )
    assert edited != SOURCE
    assert fingerprint.source_fp(edited) == fingerprint.source_fp(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("** 2", "** 3"),
        ("scale=1", "scale=2"),
        ("scale=1", "scale=True"),
        ("scale=1", "scale=1.0"),
        ("math.pi", "math.tau"),
        ("* scale", "+ scale"),
        ("async def draw", "def draw"),
        ("!r", "!s"),
        (":>10", ":>11"),
        ("case Shape():", "case _:"),
        ("import math", "import math as maths"),
    ],
)
def test_what_computes_counts(old: str, new: str) -> None:
    """Any edit that may change a result changes the fingerprint."""
    edited = SOURCE.replace(old, new)
    assert edited != SOURCE
    assert fingerprint.source_fp(edited) != fingerprint.source_fp(SOURCE)


def test_a_string_that_is_used_is_not_a_docstring() -> None:
    """Only the first expression of a body is documentation."""
    assert fingerprint.source_fp("x = 'a'") != fingerprint.source_fp("x = 'b'")
    assert fingerprint.source_fp("def f():\n    return 1\n    'late'") != fingerprint.source_fp(
        "def f():\n    return 1"
    )


def test_statements_do_not_run_together() -> None:
    """Where a block ends counts."""
    inside = "if a:\n    b()\n    c()\n"
    outside = "if a:\n    b()\nc()\n"
    assert fingerprint.source_fp(inside) != fingerprint.source_fp(outside)


def test_why_is_told_part_by_part() -> None:
    """The parts under two code fingerprints say what was added, removed and changed, sorted."""
    old = {"module:a": "1", "module:b": "1", "parameters": "{}"}
    new = {"module:a": "2", "parameters": "{}", "model:m": "x"}
    assert fingerprint.changed_parts(old, new) == [
        "model:m was added",
        "module:a changed",
        "module:b was removed",
    ]
    assert fingerprint.changed_parts(old, dict(old)) == []
