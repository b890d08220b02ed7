"""Storage connections: their credentials are secrets, and are put together with them only to reach the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mixpeek_orchestration.core.errors import Conflict, MixpeekError, NotFound, NotReady
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.syncs import OpenSource
from mixpeek_orchestration.core.syncs.connection import Connection, Reach, own_secret
from mixpeek_orchestration.core.syncs.sync import Sync
from mixpeek_orchestration.warehouse.secrets import Secrets
from mixpeek_orchestration.warehouse.syncs.connection_specs import (
    TIGRIS,
    ConnectionSpec,
    ConnectionUpdateSpec,
    ProviderConfig,
    credentials_of,
    referred,
)


class Connections:
    """The connections of the organization."""

    def __init__(self, catalog: Catalog, secrets: Secrets, open_source: OpenSource) -> None:
        self._catalog = catalog
        self._secrets = secrets
        self._open_source = open_source

    def create(self, spec: ConnectionSpec) -> Connection:
        """A new connection, tried out first unless that is not wanted; its credentials become secrets.

        Raises `NotReady` when the store does not let it in, `NotFound` for a secret that is not there, and
        `NameConflict`; then nothing is kept.
        """
        connection_id = random_id("conn")
        given = dict(credentials_of(spec.provider_config.credentials))
        bare = Connection(
            connection_id, spec.name, spec.provider_type, spec.provider_config.credentials.type, {}
        )
        made = replace(
            _configured(bare, spec.provider_config),
            secrets=_names(connection_id, given),
            description=spec.description,
            metadata=spec.metadata or {},
        )
        clear = self._in_clear(given)
        if spec.test_before_save:
            self._try(Reach(made, clear))
        self._keep_secrets(made, given)
        try:
            return self._catalog.connections.put(made)
        except MixpeekError:
            self._drop_secrets(set(made.own_secrets))
            raise

    def get(self, identifier: str) -> Connection:
        """By id or name; raises `NotFound`."""
        found = self._catalog.connections.get(identifier)
        if found is None:
            raise NotFound(
                f"There is no connection {identifier!r}.",
                field="connection_id",
                value=identifier,
                fix="Make it with `mixpeek connection add`, or send local for a folder, s3 for an s3:// prefix.",
            )
        return found

    def all(self) -> list[Connection]:
        """By name."""
        return self._catalog.connections.all()

    def update(self, connection: Connection, spec: ConnectionUpdateSpec) -> Connection:
        """The connection with what the spec names; credentials that are sent replace all there were."""
        said = spec.model_dump(exclude_none=True, include={"name", "description", "metadata", "status"})
        if spec.is_active is not None:
            said["status"] = "ACTIVE" if spec.is_active else "SUSPENDED"
        new = replace(connection, **said)
        if spec.provider_config is None:
            return self._catalog.connections.put(new)
        given = dict(credentials_of(spec.provider_config.credentials))
        self._in_clear(given)
        new = replace(_configured(new, spec.provider_config), secrets=_names(connection.connection_id, given))
        self._keep_secrets(new, given)
        kept = self._catalog.connections.put(new)
        self._drop_secrets(set(connection.own_secrets) - set(kept.own_secrets))
        return kept

    def delete(self, connection: Connection) -> None:
        """Forget the connection and its secrets; raises `Conflict` while a sync reads through it."""
        users = self.users(connection)
        if users:
            raise Conflict(
                f"{len(users)} syncs read through the connection {connection.name!r}.",
                field="connection_id",
                value=[sync.sync_id for sync in users],
                fix="Remove them first.",
            )
        self._catalog.connections.delete(connection.connection_id)
        self._drop_secrets(set(connection.own_secrets))

    def users(self, connection: Connection) -> list[Sync]:
        """The syncs that read through it."""
        known = {connection.connection_id, connection.name}
        return [sync for sync in self._catalog.syncs.all() if sync.rules.connection in known]

    def check(self, connection: Connection) -> None:
        """Raises `NotReady` when the store cannot be reached, or does not let the connection in."""
        self._try(self.reach(connection.connection_id))

    def reach(self, identifier: str) -> Reach:
        """The connection with its credentials; raises `NotFound` for it or a secret of it, `NotReady` while it is
        suspended."""
        connection = self.get(identifier)
        if connection.status != "ACTIVE":
            raise NotReady(
                f"The connection {connection.name!r} is suspended.",
                field="connection_id",
                value=identifier,
                fix="Set its status to ACTIVE.",
            )
        values = {name: self._secrets.value(secret) for name, secret in connection.secrets.items()}
        return Reach(connection, values)

    def _try(self, reach: Reach) -> None:
        self._open_source("s3://", reach).check()

    def _in_clear(self, given: Mapping[str, str]) -> dict[str, str]:
        names = {name: referred(value) for name, value in given.items()}
        return {
            name: self._secrets.value(secret) if (secret := names[name]) else value
            for name, value in given.items()
        }

    def _keep_secrets(self, connection: Connection, given: Mapping[str, str]) -> None:
        for name, value in given.items():
            if referred(value) is None:
                self._secrets.set(connection.secrets[name], value)

    def _drop_secrets(self, names: set[str]) -> None:
        for name in names:
            try:
                self._secrets.delete(name)
            except NotFound:
                continue  # Somebody was faster, or it was never kept.


def _configured(connection: Connection, config: ProviderConfig) -> Connection:
    is_tigris = connection.provider == "tigris"
    return replace(
        connection,
        credential_type=config.credentials.type,
        region=config.region or ("auto" if is_tigris else "us-east-1"),
        endpoint_url=config.endpoint_url or (TIGRIS if is_tigris else None),
        use_ssl=config.use_ssl,
        verify_ssl=config.verify_ssl,
    )


def _names(connection_id: str, given: Mapping[str, str]) -> dict[str, str]:
    """The secret of each field: the one that was referred to, or one of the connection's own."""
    return {name: referred(value) or own_secret(connection_id, name) for name, value in given.items()}
