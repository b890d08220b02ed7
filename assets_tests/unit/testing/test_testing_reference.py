"""The documentation of tests is what the tables say."""

from __future__ import annotations

from pathlib import Path

from mixpeek_orchestration.extractors.testing.documentation import reference
from mixpeek_orchestration.extractors.testing.properties import PROPERTIES
from mixpeek_orchestration.extractors.testing.rules import RULES

REFERENCE = Path(__file__).parents[3] / "docs/reference/test.md"


def test_the_reference_is_written_from_the_tables() -> None:
    """docs/reference/test.md is what the table of rules and that of properties say."""
    assert REFERENCE.read_text() == reference(), (
        "Run python -m mixpeek_orchestration.extractors.testing.documentation > docs/reference/test.md"
    )


def test_every_rule_has_an_id_of_its_own() -> None:
    """No id is in both tables or twice in one."""
    ids = [one.rule for one in (*RULES, *PROPERTIES)]
    assert len(set(ids)) == len(ids)
