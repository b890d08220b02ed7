"""Every rule reports its bad example and nothing about its good one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mixpeek_orchestration.extractors import lint as lint_package
from mixpeek_orchestration.extractors.lint import RULES, lint_files
from mixpeek_orchestration.extractors.lint.rule import Rule

from .base_package import PACKAGE, with_example


def test_a_sound_package_gives_no_finding() -> None:
    """The package that all examples are put into has no fault of its own."""
    assert lint_files(PACKAGE) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_bad_example_is_reported(rule: Rule) -> None:
    """Lint reports a rule's bad example under its id, in the file, with its severity, a message and a fix."""
    found = [one for one in lint_files(with_example(rule, rule.bad)) if one.rule == rule.id]
    assert found, lint_files(with_example(rule, rule.bad))
    assert {one.file for one in found} <= {rule.file, "manifest.py"}
    assert {one.severity for one in found} == {rule.severity}
    assert all(one.message.endswith((".", "?")) and one.fix for one in found)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_good_example_is_clean(rule: Rule) -> None:
    """Of a rule's good example lint has nothing to say at all."""
    assert [one.line_of_text for one in lint_files(with_example(rule, rule.good))] == []


def test_the_table_and_the_checks_know_the_same_rules() -> None:
    """No check uses an id that the table lacks, and no rule of the table is without a check."""
    folder = Path(lint_package.__file__).parent
    used = {
        node.value
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[A-Z]{2,3}\d{3}", node.value)
    }
    assert used == RULES.keys()


def test_every_rule_explains_itself() -> None:
    """A rule has a title, says why it matters in sentences, and shows what it means, wrong and right."""
    for rule in RULES.values():
        assert rule.bad != rule.good, rule.id
        assert rule.title, rule.id
        assert not rule.title.endswith("."), rule.id
        assert rule.why.endswith("."), rule.id
