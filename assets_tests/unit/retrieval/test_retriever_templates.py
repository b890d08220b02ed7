"""Templates: rendered once, in a sandbox, with nothing but the inputs in sight."""

from __future__ import annotations

import pytest

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.retrieval.templates import check_templates, inputs_used, rendered

INPUTS = {"x": "north", "n": 3, "list": [1, 2], "flag": True, "items": "mine", "deep": {"y": 1}}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{INPUT.x}}", "north"),
        ("{{inputs.x}}", "north"),
        ("{{ Input.x }}", "north"),
        ("{{input['x']}}", "north"),
        ("go {{INPUT.x}}!", "go north!"),
        ("{{INPUT.n}}", 3),
        (" {{INPUT.n}} ", 3),
        ("{{INPUT.list}}", [1, 2]),
        ("{{INPUT.flag}}", True),
        ("{{INPUT.items}}", "mine"),
        ("{{INPUT.deep.y}}", 1),
        ("{{INPUT.n}} {{INPUT.x}}", "3 north"),
        ("{{INPUT.none | default('east')}}", "east"),
        ("{% if INPUT.flag %}a{% else %}b{% endif %}", "a"),
        ("{{ '}}' }}", "}}"),
        ("{single}", "{single}"),
    ],
)
def test_rendering(template, value):
    """Namespaces are case-insensitive, and a value that is one expression keeps its type."""
    assert rendered(template, INPUTS, at="p") == value


def test_inputs_are_never_read_as_templates():
    """What a caller sends is data, also when it looks like a template."""
    assert rendered("{{INPUT.x}}", {"x": "{{INPUT.secret}}", "secret": "s"}, at="p") == "{{INPUT.secret}}"


@pytest.mark.parametrize(
    "template",
    [
        "{{ INPUT.x.__class__ }}",
        "{{ INPUT.__class__.__mro__ }}",
        "{{ INPUT.list.append(3) }}",
        "{{ INPUT.x.format.__globals__ }}",
        "{{ INPUT.n / 0 }}",
        "{{ INPUT.n + INPUT.x }}",
    ],
)
def test_the_sandbox_answers_with_an_error_of_ours(template):
    """What reaches for Python's insides, changes an input or cannot be computed is an invalid input."""
    with pytest.raises(InvalidInput):
        rendered(template, INPUTS, at="p")


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% endfor %}",
        "{{ 'a' * 9999999999 }}",
        "{{ 9 ** 9999999 }}",
        "{% include 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{{ cycler }}",
        "{{ x",
    ],
)
def test_templates_that_could_run_for_long_are_refused_when_saved(template):
    """Loops, powers, includes and foreign names do not get into a retriever."""
    with pytest.raises(InvalidInput) as caught:
        check_templates({"a": [template]}, at="p")
    assert caught.value.field == "p.a.0"


def test_inputs_used_are_known_without_rendering():
    """Both ways of writing an input count, in nested values too."""
    assert inputs_used({"a": ["{{INPUT.x}} {{inputs['y']}}"], "b": "{{ Input.z | default(1) }}"}) == {
        "x",
        "y",
        "z",
    }
