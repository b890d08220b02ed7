"""The contract of `DeploymentCatalog`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mixpeek_orchestration.core.errors import Conflict, InvalidInput
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.deployments import Deployment, DeploymentCatalog


@pytest.fixture
def deployments(catalog: Catalog) -> DeploymentCatalog:
    """The endpoints of an empty catalog."""
    return catalog.deployments


FIRST = Deployment("end_1", "text_extractor", "v1", wanted_fp="w", code_fps={"parameters": "code"})


def test_an_endpoint_is_found_in_any_spelling(deployments: DeploymentCatalog) -> None:
    """`v1`, `1` and `1.0.0` name the same endpoint, which answers in the spelling it was put with."""
    kept = deployments.put(FIRST)
    assert kept == replace(FIRST, updated_at=kept.updated_at)
    assert kept.updated_at
    assert [deployments.get("text_extractor", v) for v in ("v1", "1", "1.0.0")] == [kept] * 3
    assert deployments.get("text_extractor", "v2") is None
    assert deployments.get("other", "v1") is None
    with pytest.raises(InvalidInput):
        deployments.get("text_extractor", "newest")


def test_an_endpoint_is_replaced_by_id(deployments: DeploymentCatalog) -> None:
    """A put over an id replaces it and moves `updated_at`."""
    before = deployments.put(FIRST)
    after = deployments.put(replace(before, status="RUNNING", running_fp="w", url="http://127.0.0.1:1"))
    assert deployments.all() == [after]
    assert after.updated_at > before.updated_at


def test_a_version_has_one_endpoint(deployments: DeploymentCatalog) -> None:
    """A second endpoint for a version is refused, whatever the spelling."""
    deployments.put(FIRST)
    with pytest.raises(Conflict) as raised:
        deployments.put(replace(FIRST, endpoint_id="end_2", extractor_version="1.0.0"))
    assert "end_1" in str(raised.value)
    assert len(deployments.all()) == 1


def test_a_deleted_endpoint_is_gone(deployments: DeploymentCatalog) -> None:
    """Deleting forgets an endpoint once."""
    deployments.put(FIRST)
    assert deployments.delete("end_1")
    assert not deployments.delete("end_1")
    assert deployments.all() == []


def test_a_namespace_finds_the_endpoint_that_answers_for_it(deployments: DeploymentCatalog) -> None:
    """A working copy's answers for all; then the namespace's own, then the shared one, each under its own id."""
    shared = deployments.put(replace(FIRST, endpoint_id="end_s", namespace_id="system"))
    own = deployments.put(replace(FIRST, endpoint_id="end_o", namespace_id="ns_one"))
    assert deployments.get("text_extractor", "v1") is None
    assert deployments.get("text_extractor", "v1", namespace_id="ns_one") == own
    assert deployments.get("text_extractor", "v1", namespace_id="ns_two") == shared
    working_copy = deployments.put(FIRST)
    assert deployments.get("text_extractor", "v1", namespace_id="ns_one") == working_copy
    with pytest.raises(Conflict):
        deployments.put(replace(FIRST, endpoint_id="end_x", namespace_id="ns_one"))
