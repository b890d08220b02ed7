"""The contract of `ModelCatalog`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.core.own_model import ModelUpload, OwnModel
from mixpeek_orchestration.core.ports.catalog import Catalog

MODEL = OwnModel(
    model_id="ranker_1_0_0",
    namespace_id="ns_one",
    name="ranker",
    version="1.0.0",
    model_format="safetensors",
    digest="d" * 64,
    size_bytes=7,
    parts=("a" * 64, "b" * 64, "a" * 64),
    resource_requirements={"num_cpus": 1},
)


def test_a_model_is_read_as_it_was_added(catalog: Catalog) -> None:
    """Every field survives; another namespace does not see it."""
    kept = catalog.models.add(MODEL, limit=50)
    assert kept == replace(MODEL, created_at=kept.created_at)
    assert catalog.models.get("ns_one", "ranker_1_0_0") == kept
    assert catalog.models.get("ns_two", "ranker_1_0_0") is None


def test_a_version_is_added_once(catalog: Catalog) -> None:
    """The same version again is a `Conflict`, also with other content."""
    catalog.models.add(MODEL, limit=50)
    with pytest.raises(Conflict, match=r"1\.0\.0 already"):
        catalog.models.add(replace(MODEL, digest="e" * 64), limit=50)


def test_a_namespace_has_no_more_models_than_the_limit(catalog: Catalog) -> None:
    """The limit counts one namespace; a full one refuses the next."""
    catalog.models.add(MODEL, limit=1)
    catalog.models.add(replace(MODEL, namespace_id="ns_two"), limit=1)
    with pytest.raises(Conflict, match="1 models"):
        catalog.models.add(replace(MODEL, model_id="other_1_0_0"), limit=1)
    assert [model.model_id for model in catalog.models.all("ns_one")] == ["ranker_1_0_0"]


def test_a_part_is_in_use_until_the_last_model_is_gone(catalog: Catalog) -> None:
    """Namespaces share bytes, so the catalog says whether anybody still needs them."""
    for namespace in ("ns_one", "ns_two"):
        catalog.models.add(replace(MODEL, namespace_id=namespace), limit=50)
    assert catalog.models.delete("ns_one", "ranker_1_0_0")
    assert catalog.models.uses_part("a" * 64)
    assert catalog.models.delete("ns_two", "ranker_1_0_0")
    assert not catalog.models.uses_part("a" * 64)
    assert not catalog.models.delete("ns_two", "ranker_1_0_0")


def test_an_upload_is_replaced_by_id(catalog: Catalog) -> None:
    """What has arrived changes the announced upload in place."""
    announced = ModelUpload("mup_1", "ns_one", "ranker", "1.0.0", "onnx", "hash", 1.5)
    assert catalog.models.upload("mup_1") is None
    catalog.models.put_upload(announced)
    arrived = catalog.models.put_upload(replace(announced, parts=("a" * 64,), size_bytes=3))
    assert catalog.models.upload("mup_1") == arrived
