"""What lint reads off the source of the contract's modules is what they hold when they run."""

from __future__ import annotations

from mixpeek_orchestration.extractors.declaration import ExtractorManifest
from mixpeek_orchestration.extractors.lint import contract
from mixpeek_orchestration.extractors.manifest import INFERENCE_TYPES, MODALITIES
from mixpeek_orchestration.extractors.services.registry import SERVICES


def test_the_fields_of_a_manifest() -> None:
    """Every field of the typed manifest is known, and the two that only older styles have."""
    assert contract.manifest_fields() == {*ExtractorManifest.model_fields, "feature_uri", "name"}


def test_the_names_of_the_contract() -> None:
    """Inference types, input types and services are those that the loader accepts."""
    assert contract.inference_types() == INFERENCE_TYPES
    assert set(MODALITIES) <= set(contract.modalities())
    assert {name for entry in SERVICES for name in entry.ids} <= contract.services()
    assert contract.ANSWERS.keys() == set(INFERENCE_TYPES) - {"general"}
