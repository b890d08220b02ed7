"""The component for dg projects: what it declares, when it registers that, and what loading shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox
from hypothesis import given, settings

from assets_tests.dagster.site import PACKAGES
from assets_tests.unit.declarations.notes import NOTES
from assets_tests.unit.declarations.specs import manifests
from assets_tests.unit.declarations.test_canonical import as_objects
from mixpeek_orchestration.bootstrap import open_warehouse
from mixpeek_orchestration.core.errors import InvalidInput, ManagedElsewhere
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.declared import Declarations
from mixpeek_orchestration.defs.component import LeaselessWarehouse, MixpeekResources
from mixpeek_orchestration.defs.resources import _warehouse
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.declarations.canonical import content_hash
from mixpeek_orchestration.warehouse.declarations.changes import Order
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest, read_manifest
from mixpeek_orchestration.warehouse.specs import BatchSpec, BlobSpec, ObjectSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

TYPE = "mixpeek_orchestration.defs.component.MixpeekResources"
KEYS = {
    "default/buckets/notes",
    "default/collections/lines",
    "default/collections/again",
    "default/endpoints/word_vectors/v1",
    "default/retrievers/search",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The settings that a component finds in its environment; the home is not there yet."""
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MIXPEEK_EXTRACTOR_PATHS", str(PACKAGES))
    _warehouse.cache_clear()
    yield Settings()
    if _warehouse.cache_info().currsize:
        _warehouse().close()
    _warehouse.cache_clear()


def component(**attributes: Any) -> MixpeekResources:
    """The component as Dagster makes it from the attributes of a defs.yaml."""
    made = MixpeekResources.resolve_from_yaml(yaml.safe_dump({**NOTES, **attributes}))
    assert isinstance(made, MixpeekResources)
    return made


def shown(of: MixpeekResources, state: Path | None) -> dg.Definitions:
    context: Any = None  # a project that the component does not look at
    return of.build_defs_from_state(context, state)


def opened(home: Settings) -> Warehouse:
    return open_warehouse(home, local=True)


@settings(max_examples=15)
@given(data=manifests())
def test_three_ways_say_the_same(tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]) -> None:
    """A YAML file, Python objects and the attributes of a component have one content hash."""
    path = tmp_path_factory.getbasetemp() / "mixpeek.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True))
    in_python = Declarations(*as_objects(data)).manifest()
    in_component = MixpeekResources.resolve_from_yaml(path.read_text()).manifest
    assert content_hash(read_manifest(path)) == content_hash(in_python) == content_hash(in_component)


def test_three_ways_make_the_same(home: Settings, tmp_path: Path) -> None:
    """Applied each to a namespace of its own, they end with one content hash of what exists."""
    component(namespace="by-component").write_state_to_path(tmp_path / "state")
    warehouse = opened(home)
    try:
        by_yaml, by_python = (warehouse.ensure_namespace(name) for name in ("by-yaml", "by-python"))
        warehouse.declarations.apply(by_yaml, validated(Manifest, NOTES))
        in_python = Declarations(*as_objects(NOTES)).manifest()
        warehouse.declarations.apply(by_python, in_python, Order("python"))
        namespaces = [by_yaml, by_python, warehouse.namespace_id("by-component")]
        exports = [warehouse.declarations.export(one, "default") for one in namespaces]
        assert len({content_hash(export) for export in exports}) == 1
        owners = [warehouse.buckets.get(one, "notes").managed_by for one in namespaces]
        assert owners == ["yaml", "python", "component"]
    finally:
        warehouse.close()


def test_loading_registers_nothing(home: Settings) -> None:
    """Definitions of a component whose state was never refreshed are empty, and no home is made."""
    attributes = {"type": TYPE, "attributes": NOTES}
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(MixpeekResources, defs_yaml_contents=attributes)
        with sandbox.load_component_and_build_defs(path) as (made, definitions):
            assert isinstance(made, MixpeekResources)
            assert list(definitions.resolve_all_asset_specs()) == []
    assert not home.root.exists()


def test_a_refresh_registers_and_loading_shows_it(home: Settings, tmp_path: Path) -> None:
    """The assets are those of the declared resources alone, with their checks; what else exists is not shown."""
    state = tmp_path / "state"
    component().write_state_to_path(state)
    warehouse = opened(home)
    try:
        bucket = warehouse.buckets.get(warehouse.namespace_id("default"), "notes")
        assert bucket.managed_by == "component"
        other = validated(Manifest, {"buckets": [{**NOTES["buckets"][0], "bucket_name": "other"}]})
        warehouse.declarations.apply(bucket.namespace_id, other)
        revision = warehouse.catalog.resources.revision()
        component().write_state_to_path(state)
        definitions = shown(component(), state)
        keys = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
        assert keys >= KEYS
        assert not any("other" in key for key in keys)
        assert len(definitions.resolve_asset_graph().asset_check_keys) >= 6
        assert definitions.sensors in (None, [])
        assert warehouse.catalog.resources.revision() == revision
    finally:
        warehouse.close()


def test_a_component_takes_over_only_when_told_to(home: Settings, tmp_path: Path) -> None:
    """What a file declared is refused naming the owner, and belongs to the component afterwards."""
    component().write_state_to_path(tmp_path / "state")
    warehouse = opened(home)
    namespace_id = warehouse.namespace_id("default")
    try:
        edited = {**NOTES, "buckets": [{**NOTES["buckets"][0], "description": "by file"}]}
        warehouse.declarations.apply(namespace_id, validated(Manifest, edited), Order(take_over=True))
        with pytest.raises(ManagedElsewhere, match="managed by yaml, not by component"):
            component().write_state_to_path(tmp_path / "state")
        component(take_over=True).write_state_to_path(tmp_path / "state")
        assert warehouse.buckets.get(namespace_id, "notes").managed_by == "component"
    finally:
        warehouse.close()


@pytest.mark.parametrize("said", [{}, {"external": True}])
def test_beside_the_stack_its_assets_are_external(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    """In the stack's own Dagster instance, or where it was said: the same keys, upstream keys and partitions, and nothing
    that could be materialized, checked or launched from the project."""
    state = tmp_path / "state"
    component().write_state_to_path(state)
    here = graph_of(shown(component(external=False), state))
    monkeypatch.setenv("DAGSTER_HOME", str(home.root / "dagster" if not said else tmp_path))
    definitions = shown(component(**said), state)
    there = graph_of(definitions)
    assert there.get_all_asset_keys() == here.get_all_asset_keys()
    assert not there.executable_asset_keys
    assert here.executable_asset_keys
    for key in here.get_all_asset_keys():
        assert there.get(key).parent_keys == here.get(key).parent_keys
        assert there.get(key).partitions_def == here.get(key).partitions_def
    assert not definitions.sensors
    assert not there.asset_check_keys


def test_a_project_without_a_stack_runs_its_assets_in_any_instance(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that launches batches itself has said that there is no stack, so its assets are its own."""
    state = tmp_path / "state"
    component().write_state_to_path(state)
    monkeypatch.setenv("DAGSTER_HOME", str(home.root / "dagster"))
    assert graph_of(shown(component(sensors=True), state)).executable_asset_keys
    with pytest.raises(InvalidInput, match="has its sensors there"):
        shown(component(sensors=True, external=True), state)


def graph_of(definitions: dg.Definitions) -> Any:
    return definitions.get_repository_def().asset_graph


def test_its_assets_materialize_without_the_stack(home: Settings, tmp_path: Path) -> None:
    """A batch is a partition here too; two steps of one run need no lease of the run."""
    state = tmp_path / "state"
    component().write_state_to_path(state)
    warehouse = opened(home)
    bucket = warehouse.buckets.get(warehouse.namespace_id("default"), "notes")
    warehouse.objects.put(bucket, ObjectSpec(blobs=[BlobSpec(property="body", data="some words")]))
    batch = warehouse.batches.create(bucket, BatchSpec(auto_submit=True))
    lines = warehouse.collections.get(bucket.namespace_id, "lines")
    again = warehouse.collections.get(bucket.namespace_id, "again")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(bucket.bucket_id, [batch.batch_id])
        of_batch = [asset for asset in shown(component(), state).assets or [] if _is_partitioned(asset)]
        result = dg.materialize(of_batch, instance=instance, partition_key=batch.batch_id)
    assert result.success
    assert [warehouse.collections.count(one) for one in (lines, again)] == [1, 1]
    warehouse.close()


def _is_partitioned(asset: Any) -> bool:
    return isinstance(asset, dg.AssetsDefinition) and asset.partitions_def is not None


def test_sensors_come_when_asked_for(home: Settings, tmp_path: Path) -> None:
    """A project without a stack beside it launches batches itself."""
    assert home.snapshots
    state = tmp_path / "state"
    component().write_state_to_path(state)
    definitions = shown(component(sensors=True), state)
    assert {"dead_runs", "ended_runs"} <= {sensor.name for sensor in definitions.sensors or ()}
    definitions.get_repository_def()


def test_specs_are_not_rendered_by_dagster() -> None:
    """Templates of a retriever stay as they are written."""
    stage = component().retrievers[0]["stages"][0]
    assert "{{INPUT.query}}" in json.dumps(stage)


def test_what_is_wrong_is_named() -> None:
    """A manifest that cannot be, and a way of keeping state that registers on every load, are refused."""
    with pytest.raises(InvalidInput, match=r"buckets\.0\.bucket_schema"):
        _ = component(buckets=[{"bucket_name": "b"}]).manifest
    legacy = component(defs_state={"management_type": "LEGACY_CODE_SERVER_SNAPSHOTS"})
    with pytest.raises(InvalidInput, match="not refreshed while definitions load"):
        _ = legacy.defs_state_config
    dev = component(defs_state={"management_type": "LOCAL_FILESYSTEM", "refresh_if_dev": True, "key": "k"})
    assert (dev.defs_state_config.key, dev.defs_state_config.refresh_if_dev) == ("k", False)
    assert component().defs_state_config.key == "MixpeekResources[default]"
    assert issubclass(LeaselessWarehouse, dg.ConfigurableResource)
