"""Makes a home ready for its services: folders, catalog, key, snapshot and Dagster's files."""

from __future__ import annotations

import json
from typing import Any

import yaml

from mixpeek_orchestration.cli.stack.commands import LOCATION
from mixpeek_orchestration.cli.stack.record import write_private
from mixpeek_orchestration.cli.stack.services import LOOPBACK, Stack, api_url
from mixpeek_orchestration.core.errors import Forbidden
from mixpeek_orchestration.settings import Settings

NAMESPACE = "default"


def prepare_home(stack: Stack) -> None:
    """The home has what the services read when they start. Doing it again changes nothing."""
    stack.layout.create()
    write_dagster_files(stack)
    upgrade(stack.settings)
    open_first_time(stack.settings)


def write_dagster_files(stack: Stack) -> None:
    """DAGSTER_HOME has the instance's configuration, and the workspace names the code server."""
    from mixpeek_orchestration.defs.instance import instance_config

    instance = yaml.safe_dump(instance_config(stack.layout.root), sort_keys=False)
    write_private(stack.layout.dagster_home / "dagster.yaml", instance)
    write_private(stack.layout.workspace, render_workspace(stack.settings))


def render_workspace(settings: Settings) -> str:
    """The workspace in which the code server is the only location."""
    server = {"host": LOOPBACK, "port": settings.code_server_port, "location_name": LOCATION}
    return yaml.safe_dump({"load_from": [{"grpc_server": server}]}, sort_keys=False)


def upgrade(settings: Settings) -> None:
    """The catalog has the newest schema."""
    from mixpeek_orchestration.stores.catalog import upgrade_catalog

    upgrade_catalog(settings.catalog)


def open_first_time(settings: Settings) -> None:
    """Namespace and key exist, and the snapshot that the definitions are built from is published."""
    from mixpeek_orchestration.bootstrap import open_warehouse
    from mixpeek_orchestration.warehouse.snapshot import publish

    warehouse = open_warehouse(settings)
    write_credentials(warehouse.access, settings)
    publish(warehouse.catalog, settings.snapshots)


def write_credentials(access: Any, settings: Settings) -> None:
    """credentials.json holds a key that the catalog knows, the namespace and where the API is."""
    secret = known_secret(access, settings)
    if secret is None:
        secret, _ = access.create_key()
        ensure_namespace(access, secret)
    credentials = {"api_key": secret, "namespace": NAMESPACE, "base_url": api_url(settings)}
    write_private(settings.credentials, json.dumps(credentials, indent=2) + "\n")


def known_secret(access: Any, settings: Settings) -> str | None:
    """The key of an earlier start, unless the file or the catalog has been lost since."""
    try:
        secret: str = json.loads(settings.credentials.read_text())["api_key"]
        access.authenticate(secret)
    except (FileNotFoundError, ValueError, KeyError, Forbidden):
        return None
    return secret


def ensure_namespace(access: Any, secret: str) -> None:
    """The namespace `default` exists."""
    names = {namespace.name for namespace in access.visible(access.authenticate(secret))}
    if NAMESPACE not in names:
        access.create_namespace(NAMESPACE)
