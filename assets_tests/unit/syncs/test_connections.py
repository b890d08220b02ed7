"""Storage connections: credentials are secrets of their own, and syncs read through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from assets_tests.unit.syncs.conftest import Followed
from mixpeek_orchestration.cli.main import app
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, NameConflict, NotFound
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.stores.catalog.encoding import encoded
from mixpeek_orchestration.warehouse.syncs.connection_specs import ConnectionSpec, ConnectionUpdateSpec
from mixpeek_orchestration.warehouse.syncs.specs import SyncSpec, spec_of

SECRET = "wJalrXUtnFEMI-the-secret-key"


def spec(name: str = "store", endpoint: str = "http://127.0.0.1:9", **said: Any) -> ConnectionSpec:
    keys = {"access_key_id": "AKIA-the-id", "secret_access_key": SECRET}
    config = {
        "credentials": said.pop("credentials", keys),
        "endpoint_url": endpoint,
        "region": "eu-central-1",
    }
    shape = {"name": name, "provider_type": "s3", "provider_config": config, "test_before_save": False}
    return validated(ConnectionSpec, {**shape, **said})


@pytest.fixture
def endpoint(s3_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> str:
    """A store that can only be reached through a connection: the environment names no credentials and no endpoint."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    return str(s3_options["client_kwargs"]["endpoint_url"])


def test_no_row_and_no_text_holds_a_credential(followed: Followed, tmp_path: Path) -> None:
    """Not the connection's row, not its repr with the credentials in use, not the database; extractors do not see the
    secrets, and people do not list them."""
    house = followed.warehouse
    made = house.connections.create(spec())
    reach = house.connections.reach("store")
    assert reach.credentials["secret_access_key"] == SECRET
    assert SECRET not in encoded(made) + repr(made) + repr(reach) + repr(spec())
    assert all(SECRET.encode() not in file.read_bytes() for file in (tmp_path / "home").glob("catalog.db*"))
    (name,) = (one for one in made.own_secrets if one.endswith("secret_access_key"))
    assert (house.secrets.names(), house.secrets.find(name)) == ([], None)
    with pytest.raises(NotFound):
        house.secrets.value(name)
    with pytest.raises(InvalidInput, match="belong to storage connections"):
        house.secrets.set(name, "another")


def test_credentials_can_refer_to_secrets(followed: Followed) -> None:
    """The row has the name of the secret; a new value of it counts at once; one that is not there is refused."""
    house = followed.warehouse
    house.secrets.set("AWS_ID", "one")
    refer = {"access_key_id": "{{SECRET.AWS_ID}}", "secret_access_key": SECRET}
    made = house.connections.create(spec(credentials=refer))
    house.secrets.set("AWS_ID", "two")
    assert house.connections.reach("store").credentials["access_key_id"] == "two"
    assert made.own_secrets == [made.secrets["secret_access_key"]]
    with pytest.raises(NotFound, match="NOBODY"):
        house.connections.create(spec("other", credentials={**refer, "access_key_id": "{{ SECRET.NOBODY }}"}))


def test_a_connection_is_changed_suspended_and_removed_with_its_secrets(followed: Followed) -> None:
    """New credentials replace the old; a name is one connection's; one that a sync reads through stays."""
    house = followed.warehouse
    made = house.connections.create(spec())
    with pytest.raises(NameConflict):
        house.connections.create(spec())
    config = {
        "credentials": {"type": "iam_role", "role_arn": "arn:aws:iam::1:role/r", "external_id": "12345678"}
    }
    changed = house.connections.update(made, validated(ConnectionUpdateSpec, {"provider_config": config}))
    assert (changed.credential_type, sorted(changed.secrets)) == ("iam_role", ["external_id", "role_arn"])
    assert len(house.catalog.secrets.all()) == 2
    sync = followed.follow("bucket/prefix", connection_id="store")
    assert (sync.rules.source_path, spec_of(sync.rules)["connection_id"]) == ("s3://bucket/prefix", "store")
    with pytest.raises(Conflict, match="1 syncs"):
        house.connections.delete(changed)
    house.connections.update(changed, ConnectionUpdateSpec(is_active=False))
    assert "cannot be opened" in str(house.syncs.reason_to_run(followed.state(sync)))
    house.syncs.delete(sync)
    house.connections.delete(changed)
    assert (house.catalog.secrets.all(), house.connections.all()) == ([], [])


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"provider_type": "box"}, "provider_type"),
        ({"provider_type": "nobody"}, "provider_type"),
        ({"write_enabled": True}, "write_enabled"),
        ({"endpoint": "ftp://store"}, "provider_config.endpoint_url"),
        ({"endpoint": "http://user:pass@store"}, "provider_config.endpoint_url"),
        ({"credentials": {"access_key_id": "x"}}, "provider_config.credentials"),
        ({"credentials": {"access_key_id": "x", "secret_access_key": ""}}, "provider_config.credentials"),
        ({"regoin": "x"}, "regoin"),
    ],
)
def test_what_no_connection_can_be_is_refused(said: dict[str, Any], field: str) -> None:
    """With the field; the error never repeats a credential."""
    with pytest.raises(InvalidInput) as raised:
        spec(**said)
    assert str(raised.value.field).startswith(field)
    assert SECRET not in str(raised.value)


def test_a_connection_reaches_s3_only(followed: Followed) -> None:
    """A folder has no credentials; a connection that is not there is named."""
    followed.warehouse.connections.create(spec())
    with pytest.raises(NotFound, match="nobody"):
        followed.follow("s3://bucket/x", connection_id="nobody")
    with pytest.raises(InvalidInput, match="reaches no gs"):
        followed.follow("gs://bucket/x", connection_id="store")
    assert SyncSpec(source_path="/a/b", connection_id="conn_local").rules.connection == ""


def test_a_sync_reads_through_its_connection(
    followed: Followed, endpoint: str, s3_options: dict[str, Any], typed: CliRunner
) -> None:
    """With the endpoint and the keys of the connection, added on the command line, and with a role that is taken on."""
    import s3fs

    prefix = f"warehouse/{followed.folder.parent.name}/connected"
    s3fs.S3FileSystem(**s3_options).pipe_file(f"{prefix}/a.md", b"alpha")

    def cli(*words: str, given: str = "") -> Result:
        return typed.invoke(app, words, input=given)

    added = cli("connection", "add", "minio", "--key-id", "key", "--endpoint", endpoint, given=f"{SECRET}\n")
    assert (added.exit_code, f"minio reaches {endpoint}" in added.output) == (0, True), added.output
    assert SECRET not in added.output
    assert "lets the connection in" in cli("connection", "test", "minio").output
    followed_there = cli("sync", "add", "docs", prefix, "--connection", "minio")
    assert f"follows s3://{prefix}" in followed_there.output, followed_there.output
    assert "1 synced" in cli("sync", "run", f"s3://{prefix}").output
    assert list(followed.objects) == ["a.md"]
    assert "minio" in cli("connection", "list").output
    assert cli("connection", "remove", "minio").exit_code == 1
    cli("sync", "remove", f"s3://{prefix}")
    assert "is removed" in cli("connection", "remove", "minio").output


def test_a_role_is_taken_on(
    followed: Followed, endpoint: str, s3_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the server's own credentials; the keys that read are those that the role was given."""
    import s3fs

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    prefix = f"warehouse/{followed.folder.parent.name}/role"
    s3fs.S3FileSystem(**s3_options).pipe_file(f"{prefix}/a.md", b"alpha")
    role = {
        "type": "iam_role",
        "role_arn": "arn:aws:iam::123456789012:role/reader",
        "external_id": "12345678",
    }
    followed.warehouse.connections.create(spec("role", endpoint, credentials=role, test_before_save=True))
    sync = followed.follow(prefix, connection_id="role")
    assert followed.run(sync).synced == 1


def test_mappings_come_from_a_file(followed: Followed, typed: CliRunner, tmp_path: Path) -> None:
    """`--mapping` takes YAML in the words of the contract."""
    followed.write("red/a.md", "alpha")
    file = tmp_path / "mapping.yaml"
    file.write_text("mappings: {team: {source: {type: folder_path, segment: 0}}}")
    added = typed.invoke(app, ["sync", "add", "docs", str(followed.folder), "--mapping", str(file)])
    assert added.exit_code == 0, added.output
    typed.invoke(app, ["sync", "run", str(followed.folder)])
    assert followed.warehouse.objects.page(followed.bucket)[0].metadata["team"] == "red"
