"""Making a home ready."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mixpeek_orchestration.bootstrap.opening import open_warehouse
from mixpeek_orchestration.settings import Settings

if TYPE_CHECKING:
    pass


DEFAULT_NAMESPACE = "default"


def prepare_home(settings: Settings) -> None:
    """The home with an upgraded catalog, the default namespace, and credentials (mode 0600) on the first call."""
    from mixpeek_orchestration.stores.catalog import upgrade_catalog

    settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade_catalog(settings.catalog)
    if settings.credentials.exists():
        return
    warehouse = open_warehouse(settings, local=True)
    try:
        warehouse.ensure_namespace(DEFAULT_NAMESPACE)
        secret, _ = warehouse.access.create_key()
    finally:
        warehouse.close()
    _write_private(
        settings.credentials,
        {
            "api_key": secret,
            "namespace": DEFAULT_NAMESPACE,
            "base_url": f"http://{settings.host}:{settings.api_port}",
        },
    )


def _write_private(path: Path, content: dict[str, str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
