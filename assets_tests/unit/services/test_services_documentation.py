"""What is written about the services is what they are."""

from __future__ import annotations

from pathlib import Path

from mixpeek_orchestration.extractors.documented import inference
from mixpeek_orchestration.extractors.services.documentation import reference
from mixpeek_orchestration.extractors.services.registry import SERVICES

REFERENCE = Path(__file__).parents[3] / "docs/reference/services.md"


def test_the_reference_is_made_from_the_registry():
    """docs/reference/services.md is what the registry says."""
    assert REFERENCE.read_text() == reference(), (
        "Run python -m mixpeek_orchestration.extractors.services.documentation > docs/reference/services.md"
    )


def test_every_service_can_be_imported():
    """The documented import paths lead to a module that has every class of the registry."""
    for entry in SERVICES:
        assert getattr(inference, entry.service.__name__) is entry.service
        assert entry.service.__name__ in inference.__all__
