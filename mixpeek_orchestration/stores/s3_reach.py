"""From a storage connection to the options of its filesystem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mixpeek_orchestration.core.syncs.connection import Reach

_SESSION: Final = "mixpeek"


def s3_options(reach: Reach) -> dict[str, Any]:
    """What `s3fs` needs to reach the store. A role is taken on now, for the hour that the store gives it."""
    keys = _assumed(reach) if reach.connection.credential_type == "iam_role" else reach.credentials
    return {
        "key": keys["access_key_id"],
        "secret": keys["secret_access_key"],
        "token": keys.get("session_token"),
        "use_ssl": reach.connection.use_ssl,
        "client_kwargs": _client(reach),
    }


def _client(reach: Reach) -> dict[str, Any]:
    connection = reach.connection
    given: dict[str, Any] = {"region_name": connection.region, "verify": connection.verify_ssl}
    return {**given, "endpoint_url": connection.endpoint_url} if connection.endpoint_url else given


def _assumed(reach: Reach) -> Mapping[str, str]:
    """The keys of the role; the credentials that may take it on are those of this process's environment."""
    from botocore.session import get_session

    client = get_session().create_client("sts", **_client(reach))
    answer = client.assume_role(
        RoleArn=reach.credentials["role_arn"],
        ExternalId=reach.credentials["external_id"],
        RoleSessionName=_SESSION,
    )["Credentials"]
    return {
        "access_key_id": answer["AccessKeyId"],
        "secret_access_key": answer["SecretAccessKey"],
        "session_token": answer["SessionToken"],
    }
