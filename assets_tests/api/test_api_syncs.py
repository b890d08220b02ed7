"""Syncs over HTTP, with the official generated client."""

from __future__ import annotations

from pathlib import Path

import mixpeek
import pytest

from assets_tests.api.conftest import Api
from mixpeek_orchestration.warehouse.syncs.syncs import SyncPolicy

SCHEMA = {"properties": {"body": {"type": "text"}}}


@pytest.fixture
def place(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good and a bad file that the server allows to be synced."""
    folder = tmp_path / "place"
    folder.mkdir()
    (folder / "a.md").write_text("alpha")
    (folder / "bad.txt").write_bytes(b"\xff\xfe")
    monkeypatch.setattr(api.warehouse.syncs, "policy", SyncPolicy((str(tmp_path),)))
    return folder


@pytest.fixture
def syncs(api: Api) -> mixpeek.BucketSyncsApi:
    client = mixpeek.ApiClient(mixpeek.Configuration(host=api.url))
    client.set_default_header("Authorization", f"Bearer {api.key}")
    client.set_default_header("X-Namespace", api.namespace)
    return mixpeek.BucketSyncsApi(client)


def bucket_of(api: Api, name: str) -> str:
    with api.client() as http:
        return str(
            http.post("/buckets", json={"bucket_name": name, "bucket_schema": SCHEMA}).json()["bucket_id"]
        )


def test_the_official_client_walks_through_the_life_of_a_sync(
    api: Api, syncs: mixpeek.BucketSyncsApi, place: Path
) -> None:
    """Every route answers what the client's models accept: create, trigger, metrics, runs, dead letters, pause, delete."""
    bucket_id = bucket_of(api, "synced by the client")
    asked = mixpeek.SyncCreateRequest(
        connection_id="local", source_path=str(place), file_filters={"include_patterns": ["*.md", "*.txt"]}
    )
    sync = syncs.create_sync_configuration_buckets(bucket_id, asked)
    name = str(sync.sync_config_id)
    assert (sync.status, sync.sync_mode, sync.source_path) == ("PENDING", "continuous", str(place))
    api.warehouse.syncs.run(name)

    shown = syncs.get_sync_configuration_buckets_id_config(bucket_id, name)
    assert (shown.status, shown.total_files_synced, shown.total_files_failed) == ("ACTIVE", 1, 1)
    assert shown.schedule is not None
    assert (shown.schedule["interval_seconds"], bool(shown.schedule["last_polled_at"])) == (300, True)
    assert syncs.list_sync_configurations_buckets(bucket_id).total == 1
    metrics = syncs.get_sync_metrics_buckets_id_config(bucket_id, name)
    assert (metrics.healthy, metrics.dlq_total, metrics.dlq_by_error) == (True, 1, {"invalid_input": 1})
    (job,) = syncs.list_sync_jobs_buckets_id_config(bucket_id, name).results
    assert (job.status, job.files_synced, job.progress_percent) == ("completed", 1, 100.0)
    assert syncs.get_sync_job_buckets_id_config(bucket_id, name, str(job.sync_job_id)).files_failed == 1

    (letter,) = syncs.list_dlq_entries_buckets_id_syncs_config(bucket_id, name).results
    assert (letter.source_path, letter.error_type, letter.max_retries_reached) == (
        "bad.txt",
        "invalid_input",
        True,
    )
    assert syncs.requeue_dlq_entries_buckets_id_syncs_config(bucket_id, name).requeued == 1
    given_up = mixpeek.BulkMarkDLQRequest(error_types=["invalid_input"])
    assert (
        syncs.bulk_mark_dlq_permanently_failed_buckets_id_syncs_config(bucket_id, name, given_up).updated == 1
    )

    syncs.trigger_sync_configuration_buckets_id_config(bucket_id, name, full_sync=True)
    assert syncs.get_sync_configuration_buckets_id_config(bucket_id, name).pending_full_sync
    assert syncs.pause_sync_configuration_buckets_id_config(bucket_id, name).status == "SUSPENDED"
    assert syncs.resume_sync_configuration_buckets_id_config(bucket_id, name).paused is False
    changed = mixpeek.SyncUpdateRequest(batch_size=7, description="mine")
    updated = syncs.update_sync_configuration_buckets_id_config(bucket_id, name, changed)
    assert (updated.batch_size, updated.description) == (7, "mine")
    syncs.force_unlock_sync_configuration_buckets_id_config(bucket_id, name)
    syncs.delete_sync_configuration_buckets_id_config(bucket_id, name)
    assert syncs.list_sync_configurations_buckets(bucket_id).total == 0


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"source_path": "/etc"}, 422, "MIXPEEK_SYNC_SOURCES"),
        ({"source_path": "PLACE/../../etc"}, 422, "MIXPEEK_SYNC_SOURCES"),
        ({"source_path": "PLACE/link"}, 422, "MIXPEEK_SYNC_SOURCES"),
        ({"source_path": "s3://somebody/else"}, 422, "MIXPEEK_SYNC_SOURCES"),
        ({"source_path": "PLACE", "connection_id": "conn_of_somebody"}, 404, "conn_of_somebody"),
        ({"source_path": "PLACE", "batch_size": 1000}, 422, "batch_size"),
        ({"source_path": "PLACE", "polling_interval_seconds": 1}, 422, "polling_interval_seconds"),
        ({"source_path": "PLACE", "file_filter": {}}, 422, "file_filter"),
        ({"source_path": "PLACE", "schema_mapping": {"mappings": {"x": {}}}}, 422, "schema_mapping"),
        ({"source_path": "PLACE", "blob_property": "nothing"}, 422, "blob_property"),
        ({"connection_id": "local"}, 422, "source_path"),
    ],
)
def test_what_cannot_be_synced_is_refused(
    api: Api, place: Path, body: dict[str, object], status: int, said: str
) -> None:
    """Places that the server's settings do not name, by whatever spelling or link, and what the bucket has no use for."""
    (place / "link").symlink_to("/etc")
    sent = {k: v.replace("PLACE", str(place)) if isinstance(v, str) else v for k, v in body.items()}
    with api.client() as http:
        found = http.post("/buckets/list", json={"search": "refusing syncs"}).json()["results"]
        bucket_id = found[0]["bucket_id"] if found else bucket_of(api, "refusing syncs")
        answer = http.post(f"/buckets/{bucket_id}/syncs", json=sent)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


def test_another_namespace_sees_nothing(api: Api, place: Path) -> None:
    """A sync is found through its own bucket only."""
    bucket_id, other = bucket_of(api, "synced here"), bucket_of(api, "not synced")
    with api.client() as http:
        sync_id = http.post(f"/buckets/{bucket_id}/syncs", json={"source_path": str(place)}).json()[
            "sync_config_id"
        ]
        assert http.get(f"/buckets/{other}/syncs/{sync_id}").status_code == 404
        assert http.get(f"/buckets/{bucket_id}/syncs/{sync_id}").status_code == 200
    with api.client(key=api.other_key, namespace="elsewhere") as http:
        assert http.get(f"/buckets/{bucket_id}/syncs/{sync_id}").status_code == 404


def test_the_official_client_keeps_connections_and_never_sees_their_credentials(
    api: Api, syncs: mixpeek.BucketSyncsApi
) -> None:
    """Created, read, listed, changed, tried out; a sync reads through it without the server's leave; then it stays."""
    connections = mixpeek.OrganizationConnectionsApi(syncs.api_client)
    credentials = {"type": "access_key", "access_key_id": "the-id", "secret_access_key": "the-key"}
    config = {"credentials": credentials, "endpoint_url": "http://127.0.0.1:9"}
    asked = mixpeek.StorageConnectionCreateRequest(
        name="closed", provider_type="s3", provider_config=config, test_before_save=False
    )
    made = connections.create_storage_connection_organizations(asked)
    assert (made.name, made.status, made.is_active) == ("closed", "ACTIVE", True)
    name = str(made.connection_id)
    assert connections.get_storage_connection_organizations("closed").connection_id == name
    assert connections.list_storage_connections_organizations().total == 1
    changed = mixpeek.StorageConnectionUpdateRequest(description="mine")
    assert connections.update_storage_connection_organizations(name, changed).description == "mine"
    tried = connections.test_storage_connection_organizations(name)
    assert (tried.success, "cannot be reached" in tried.message) == (False, True)

    bucket_id = bucket_of(api, "synced through a connection")
    through = mixpeek.SyncCreateRequest(connection_id="closed", source_path="bucket/prefix")
    sync = syncs.create_sync_configuration_buckets(bucket_id, through)
    assert (sync.connection_id, sync.source_path) == (name, "s3://bucket/prefix")
    with api.client() as http:
        shown = http.get(f"/organizations/connections/{name}")
        assert shown.json()["provider_config"]["credentials"] == {"type": "access_key"}
        assert ("the-key" in shown.text, "the-id" in shown.text) == (False, False)
        assert http.delete(f"/organizations/connections/{name}").status_code == 409
        broken = {"name": "x", "provider_type": "s3", "provider_config": {"credentials": "the-key"}}
        refused = http.post("/organizations/connections", json=broken)
        assert (refused.status_code, "the-key" in refused.text) == (422, False), refused.text
        assert "connection:" not in http.get("/organizations/secrets").text
        http.delete(f"/buckets/{bucket_id}/syncs/{sync.sync_config_id}")
    assert connections.delete_storage_connection_organizations(name)["deleted"]
    with api.client(key=api.other_key, namespace="elsewhere") as http:
        assert http.post("/organizations/connections/list").status_code == 403


def test_a_mapping_is_sent_and_read_with_the_official_client(
    api: Api, syncs: mixpeek.BucketSyncsApi, place: Path
) -> None:
    """In the contract's own models."""
    bucket_id = bucket_of(api, "mapped by the client")
    entries = {
        "body": {"target_type": "blob", "source": {"type": "file"}},
        "team": {"target_type": "field", "source": {"type": "folder_path", "segment": 0}},
    }
    asked = {"source_path": str(place), "schema_mapping": {"mappings": entries}}
    with api.client() as http:
        made = http.post(f"/buckets/{bucket_id}/syncs", json=asked).json()
    shown = syncs.get_sync_configuration_buckets_id_config(bucket_id, made["sync_config_id"])
    assert shown.schema_mapping is not None
    assert sorted(shown.schema_mapping.mappings) == ["body", "team"]
