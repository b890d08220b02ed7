"""What people may say about storage connections, in the words of the wire contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, SecretStr, StringConstraints, Tag

from mixpeek_orchestration.core.validation import unsupported
from mixpeek_orchestration.warehouse.specs import Spec

_REFERENCE = re.compile(r"\{\{\s*SECRET\.([^{}\s]+)\s*\}\}")
_OTHERS = frozenset(
    {
        *(
            "google_drive",
            "snowflake",
            "sharepoint",
            "postgresql",
            "instagram",
            "tiktok",
            "rss",
            "http_api",
            "box",
        ),
        *("brightdata", "backblaze", "mux", "email", "supabase", "iconik", "gcs", "azure_blob", "rtsp"),
    }
)
TIGRIS = "https://fly.storage.tigris.dev"

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Description = Annotated[str, StringConstraints(max_length=500)]


def _built(provider: object) -> object:
    if provider in _OTHERS:
        raise unsupported(f"the provider {provider}", "connect to s3 or tigris")
    return provider


def _plain_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise ValueError("must be an http or https URL without credentials")
    return url.rstrip("/")


def _refused_when_on(value: bool | None) -> bool | None:
    if value:
        raise unsupported("writing to a connection", "leave it out")
    return value


Provider = Annotated[Literal["s3", "tigris"], BeforeValidator(_built)]
Writing = Annotated[bool | None, AfterValidator(_refused_when_on)]
Credential = Annotated[
    SecretStr, Field(min_length=1, max_length=8192, description="The value, or {{SECRET.name}}.")
]


class AccessKey(Spec):
    """A pair of keys; each of them the value, or `{{SECRET.name}}`."""

    type: Literal["access_key"] = "access_key"
    access_key_id: Credential
    secret_access_key: Credential
    session_token: Credential | None = None


class Role(Spec):
    """A role that the server's own credentials may take on."""

    type: Literal["iam_role"] = "iam_role"
    role_arn: Credential
    external_id: Credential


def _kind(said: Any) -> str:
    given = said.get("type") if isinstance(said, dict) else getattr(said, "type", None)
    return "iam_role" if given == "iam_role" else "access_key"


Credentials = Annotated[
    Annotated[AccessKey, Tag("access_key")] | Annotated[Role, Tag("iam_role")], Discriminator(_kind)
]


class ProviderConfig(Spec):
    """How the store is reached."""

    provider_type: Provider | None = None
    credentials: Credentials
    region: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    endpoint_url: Annotated[str, AfterValidator(_plain_url)] | None = None
    use_ssl: bool = True
    verify_ssl: bool = True


class ConnectionSpec(Spec):
    """A connection to create."""

    name: Name
    provider_type: Provider
    provider_config: ProviderConfig
    description: Description | None = None
    metadata: dict[str, Any] | None = None
    write_enabled: Writing = None
    test_before_save: bool = True


class ConnectionUpdateSpec(Spec):
    """What may change of a connection; what is left out stays."""

    name: Name | None = None
    description: Description | None = None
    metadata: dict[str, Any] | None = None
    status: Literal["ACTIVE", "SUSPENDED"] | None = None
    is_active: bool | None = None
    write_enabled: Writing = None
    provider_config: ProviderConfig | None = None


def credentials_of(said: AccessKey | Role) -> Mapping[str, str]:
    """The fields of credentials, in the clear or as references."""
    fields = {name: value for name, value in said if isinstance(value, SecretStr)}
    return {name: value.get_secret_value() for name, value in fields.items()}


def referred(value: str) -> str | None:
    """The name of the secret that `{{SECRET.name}}` means; `None` for a value in the clear."""
    match = _REFERENCE.fullmatch(value.strip())
    return match[1] if match else None
