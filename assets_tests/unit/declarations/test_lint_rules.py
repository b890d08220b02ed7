"""Rules about declarations that need more than the file: what the namespace has published."""

from __future__ import annotations

from assets_tests.unit.declarations.notes import without
from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.core.place import Place
from mixpeek_orchestration.warehouse.declarations.lint import RULES, linted


def test_a_published_extractor_that_nothing_uses_is_a_note() -> None:
    """It is about the file as a whole, and those that are used are not told."""
    places = {"": Place("mixpeek.yaml")}
    (finding,) = linted(without(), places, own_extractors=["word_vectors", "mine"])
    assert (finding.rule, finding.severity, finding.line) == ("UNUSED_EXTRACTOR", Severity.NOTE, 0)
    assert (finding.file, "'mine'" in finding.message) == ("mixpeek.yaml", True)
    assert "mixpeek plugin delete mine" in finding.fix


def test_an_empty_manifest_has_no_findings() -> None:
    """Every rule bears that there is nothing, and says nothing of what is in order."""
    assert [rule for rule, (_, facts) in RULES.items() if list(facts(without()))] == []
    nothing = without().model_copy(update={"buckets": [], "collections": [], "retrievers": []})
    assert linted(nothing, {}) == []
