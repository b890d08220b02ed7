"""What descriptions of packages are kept under."""

from __future__ import annotations

import pytest

import mixpeek_orchestration
from mixpeek_orchestration.core.published import description_key


def test_another_version_of_the_software_describes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found out about a package is not used after an upgrade, which may find out something else."""
    before = description_key({"scale": 2.0})
    assert description_key({"scale": 2.0}) == before != description_key({"scale": 3.0})
    monkeypatch.setattr(mixpeek_orchestration, "__version__", "99.0")
    assert description_key({"scale": 2.0}) != before
