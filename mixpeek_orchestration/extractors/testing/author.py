"""The test that authors import into theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixpeek_orchestration.extractors.testing.lab import Lab
    from mixpeek_orchestration.extractors.testing.properties import Property


def test_conformance(conformance_property: Property, conformance_lab: Lab) -> None:
    """The package has this property of the conformance kit."""
    import pytest

    from mixpeek_orchestration.extractors.testing.conformance import judge

    because = conformance_property.applies(conformance_lab)
    if because:
        pytest.skip(because)
    check = judge(conformance_property, conformance_lab)
    if not check.ok:
        pytest.fail("\n".join(finding.line_of_text for finding in check.findings), pytrace=False)
