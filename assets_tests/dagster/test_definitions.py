"""What a snapshot becomes: keys, lineage, what is left out, and what importing it costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType
from dagster._core.definitions.repository_definition import RepositoryLoadData

from assets_tests.dagster.driving import check_of, tick
from assets_tests.dagster.site import ADDRESSES, Site
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.defs.location import build_definitions
from mixpeek_orchestration.defs.pinning import PINNED, pinned_snapshot
from mixpeek_orchestration.warehouse.snapshots.files import read_snapshot, write_snapshot
from mixpeek_orchestration.warehouse.snapshots.snapshot import (
    Snapshot,
    SnapshotBucket,
    SnapshotCollection,
    SnapshotComponent,
    SnapshotEndpoint,
    SnapshotRetriever,
    Unreadable,
)

HOSTILE = [
    "with-hyphen",
    "with_hyphen",
    "with hyphen",
    "Müller",
    "МАССИВ",
    "数据",
    "a/b",
    "quote\"'%*",
    "new\nline",
    "🦆",
    "None",
    "class",
    "x" * 128,
    "__ASSET_JOB",
    "-",
]
EXPECTED = Path(__file__).parent / "expected_assets.json"
HEAVY = ["ray", "lancedb", "lance", "torch", "polars", "pyarrow", "pandas", "numpy", "fastapi"]


def _snapshot(*names: str, namespace: str = "Müller-Daten") -> Snapshot:
    """Per name a bucket, a collection of it, a collection of that, an endpoint and a retriever."""
    ids = range(len(names))
    place = ("ns_1", namespace)
    return Snapshot(
        content_hash="hash",
        buckets=tuple(SnapshotBucket(f"bkt_{i}", *place, names[i]) for i in ids),
        collections=tuple(
            collection
            for i in ids
            for collection in (
                SnapshotCollection(
                    f"col_{i}", *place, names[i], "bucket", (f"bkt_{i}",), "text_extractor", "v1", "fp"
                ),
                SnapshotCollection(
                    f"col_{i}b", *place, f"{names[i]} b", "collection", (f"col_{i}",), "other", "2.0.0", "fp"
                ),
            )
        ),
        endpoints=(SnapshotEndpoint(*place, "text_extractor", "v1", tuple(f"col_{i}" for i in ids)),),
        retrievers=tuple(SnapshotRetriever(f"ret_{i}", *place, names[i], (f"col_{i}",)) for i in ids),
        components=tuple(
            SnapshotComponent(f"bkt_{i}", (f"bkt_{i}",), (f"col_{i}", f"col_{i}b")) for i in ids
        ),
    )


def _build(snapshot: Snapshot, folder: Path) -> dg.Definitions:
    return build_definitions(snapshot, snapshots=folder, addresses=ADDRESSES)


def test_names_that_people_choose_never_keep_the_location_from_loading(tmp_path: Path) -> None:
    """Names that differ only in separators, are not ASCII or are Python words all load, side by side."""
    defs = _build(_snapshot(*HOSTILE), tmp_path)

    dg.Definitions.validate_loadable(defs)

    keys = set(defs.resolve_asset_graph().get_all_asset_keys())
    for name in HOSTILE:
        for kind in ("buckets", "collections", "retrievers"):
            assert dg.AssetKey(["Müller-Daten", kind, name]) in keys


def test_the_lineage_goes_from_bucket_to_collection_to_endpoint_and_retriever(tmp_path: Path) -> None:
    """Key, upstream, owners, tags, kinds, group and code version of every asset are those that were reviewed."""
    defs = _build(_snapshot("texts", namespace="default"), tmp_path)

    shown = {
        spec.key.to_user_string(): {
            "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
            "owners": list(spec.owners),
            "tags": dict(spec.tags),
            "group": spec.group_name,
            "code_version": spec.code_version,
            "metadata": sorted(spec.metadata),
            "partitions": spec.partitions_def.name if spec.partitions_def else None,
        }
        for spec in defs.resolve_all_asset_specs()
    }

    assert shown == json.loads(EXPECTED.read_text())


def test_an_empty_folder_gives_definitions_with_nothing_but_upkeep(tmp_path: Path) -> None:
    """Before anything was declared the location loads, with no asset and the sensors that keep order."""
    defs = _build(read_snapshot(tmp_path / "missing"), tmp_path)

    dg.Definitions.validate_loadable(defs)

    assert list(defs.resolve_all_asset_specs()) == []
    assert {sensor.name for sensor in defs.sensors or ()} == {
        "canceled_batches",
        "ended_runs",
        "dead_runs",
        "unwanted_endpoints",
        "due_syncs",
        "unfinished_erasures",
    }


def test_a_broken_resource_is_left_out_and_shown_as_a_failed_check(
    site: Site, instance: dg.DagsterInstance
) -> None:
    """What cannot be defined costs only itself; a failed check tells its id, name and reason."""
    sound = _snapshot("texts")
    circular = SnapshotCollection(
        "col_x", "ns_1", "Müller-Daten", "round", "collection", ("col_x",), "e", "v1", "fp"
    )
    double = SnapshotBucket("bkt_x", "ns_1", "Müller-Daten", "texts")
    homeless = SnapshotCollection("col_y", "ns_1", "Müller-Daten", "y", "bucket", ("gone",), "e", "v1", "fp")
    broken = Snapshot(
        **{
            **vars(sound),
            "buckets": (*sound.buckets, double),
            "collections": (*sound.collections, circular, homeless),
            "components": (
                *sound.components,
                SnapshotComponent("bkt_x", ("bkt_x",), ("col_x",)),
            ),
            "unreadable": (Unreadable("retrievers", "ret_ü", "needs 'name'"),),
        }
    )
    defs = site.definitions_of(broken)
    dg.Definitions.validate_loadable(defs)

    answer = tick(defs, instance, "broken_definitions")
    for event in answer.asset_events:
        instance.report_runless_asset_event(event)

    assert (
        dg.AssetKey(["Müller-Daten", "collections", "texts"])
        in defs.resolve_asset_graph().get_all_asset_keys()
    )
    told = {event.metadata["resource"].value: event for event in answer.asset_events}
    assert set(told) == {"col_x", "bkt_x", "col_y", "ret_ü"}
    assert "reads from itself" in told["col_x"].metadata["reason"].value
    assert "key of another resource" in told["bkt_x"].metadata["reason"].value
    assert not check_of(instance, told["col_y"].asset_key, "definition_can_be_built").passed
    assert tick(defs, instance, "broken_definitions", cursor=answer.cursor).asset_events == []


def test_a_run_is_built_from_the_snapshot_it_was_launched_with(tmp_path: Path) -> None:
    """After a resource was removed from the current snapshot, a run pinned to the older one still has it."""
    old, new = _snapshot("texts"), Snapshot(content_hash="newer")
    write_snapshot(old, tmp_path)
    with DefinitionsLoadContext.scoped(DefinitionsLoadContext(DefinitionsLoadType.INITIALIZATION)) as context:
        pinned_snapshot(tmp_path)
        pinned = dict(context.get_pending_reconstruction_metadata())
    write_snapshot(new, tmp_path)

    with DefinitionsLoadContext.scoped(_reconstructing(pinned)):
        assert pinned_snapshot(tmp_path) == old
    with DefinitionsLoadContext.scoped(_reconstructing({PINNED: "gone"})), pytest.raises(NotFound) as error:
        pinned_snapshot(tmp_path)
    assert "Submit the batch again" in str(error.value)


def _reconstructing(metadata: dict[str, str]) -> DefinitionsLoadContext:
    data = RepositoryLoadData(cacheable_asset_data={}, reconstruction_metadata=metadata)
    return DefinitionsLoadContext(DefinitionsLoadType.RECONSTRUCTION, repository_load_data=data)


def test_building_definitions_imports_no_heavy_library(tmp_path: Path) -> None:
    """Each run pays for what definitions import: no engine, store or model library is among it."""
    write_snapshot(_snapshot("texts"), tmp_path / "snapshots")
    code = f"""
import sys, dagster
before = set(sys.modules)
from mixpeek_orchestration.definitions import defs
assert len(list(defs().resolve_all_asset_specs())) == 9
new = {{name.split(".")[0] for name in set(sys.modules) - before}}
print(sorted(new & set({HEAVY!r})), "mixpeek_orchestration.bootstrap" in sys.modules)
"""
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"MIXPEEK_HOME": str(tmp_path), "PATH": ""},
    )
    assert answer.stdout.split() == ["[]", "False"], answer.stdout
