"""Storage connections: where files may be synced from, and by which secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Provider = Literal["s3", "tigris"]
CredentialType = Literal["access_key", "iam_role"]
ConnectionStatus = Literal["ACTIVE", "SUSPENDED"]

OWN_SECRETS: Final = "connection:"
"""What the names of secrets begin with that belong to a connection alone."""


@dataclass(frozen=True)
class Connection:
    """A connection as the catalog holds it. `secrets` has the name of a secret for every field of its credentials:
    no value is ever in a row."""

    connection_id: str
    name: str
    provider: Provider
    credential_type: CredentialType
    secrets: Mapping[str, str]
    region: str = "us-east-1"
    endpoint_url: str | None = None
    use_ssl: bool = True
    verify_ssl: bool = True
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    status: ConnectionStatus = "ACTIVE"
    created_at: str = ""
    updated_at: str = ""

    @property
    def own_secrets(self) -> list[str]:
        """The names of the secrets that nobody else uses."""
        return [name for name in self.secrets.values() if name.startswith(own_secret(self.connection_id, ""))]


def own_secret(connection_id: str, credential: str) -> str:
    """The name of the secret that a connection keeps for a field of its credentials."""
    return f"{OWN_SECRETS}{connection_id}:{credential}"


@dataclass(frozen=True)
class Reach:
    """How a place is reached: the connection with its credentials in the clear, for the length of one use."""

    connection: Connection
    credentials: Mapping[str, str] = field(repr=False)
