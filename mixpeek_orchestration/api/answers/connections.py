"""Storage connections on the wire: of their credentials only the type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mixpeek_orchestration.api.answers.syncs import INTERNAL_ID
from mixpeek_orchestration.core.syncs.connection import Connection
from mixpeek_orchestration.core.syncs.sync import Sync


def connection_answer(connection: Connection, users: Sequence[Sync] = ()) -> dict[str, Any]:
    """A connection, and how the syncs that read through it fare."""
    errors = [sync.state.last_error for sync in users if sync.state.last_error]
    used = [sync.state.last_sync_at for sync in users if sync.state.last_sync_at]
    return {
        "connection_id": connection.connection_id,
        "internal_id": INTERNAL_ID,
        "name": connection.name,
        "provider_type": connection.provider,
        "provider_config": {
            "provider_type": connection.provider,
            "credentials": {"type": connection.credential_type},
            "region": connection.region,
            "endpoint_url": connection.endpoint_url,
            "use_ssl": connection.use_ssl,
            "verify_ssl": connection.verify_ssl,
        },
        "write_enabled": False,
        "description": connection.description,
        "metadata": dict(connection.metadata),
        "status": connection.status,
        "is_active": connection.status == "ACTIVE",
        "last_used_at": max(used, default=None),
        "last_error": errors[0] if errors else None,
        "consecutive_failures": max((sync.state.consecutive_failures for sync in users), default=0),
        "created_at": connection.created_at or None,
        "updated_at": connection.updated_at or None,
        "created_by_user_id": "api",
    }
