"""Makes a home ready for its services: folders, catalog, key, snapshot and Dagster's files."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import yaml

from mixpeek_orchestration.cli.stack.commands import LOCATION
from mixpeek_orchestration.cli.stack.record import write_private
from mixpeek_orchestration.cli.stack.services import LOOPBACK, Stack, api_url
from mixpeek_orchestration.core.errors import Broken, Forbidden
from mixpeek_orchestration.settings import Settings

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.access import Access

INSTANCE_MODULE = f"{LOCATION}.defs.instance"


def prepare(stack: Stack) -> None:
    """The home has what the services read when they start. Doing it again changes nothing."""
    stack.layout.create_home()
    stack.layout.create_runtime()
    write_private(stack.layout.dagster_home / "dagster.yaml", instance_configuration(stack.settings))
    write_private(stack.layout.workspace, render_workspace(stack.settings))
    prepare_warehouse(stack.settings)


def instance_configuration(settings: Settings) -> str:
    """The text of the Dagster instance's dagster.yaml, from the one package that knows Dagster.

    The pools that collections share have the limits of the settings.
    """
    places = {"cpu": settings.cpu_runs, "gpu": settings.gpu_runs, "api": settings.api_runs}
    limits = [f"mixpeek_{kind}={runs}" for kind, runs in places.items()]
    made = subprocess.run(
        [sys.executable, "-m", INSTANCE_MODULE, str(settings.root), *limits],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise Broken(f"The Dagster instance has no configuration: {made.stderr.strip()[-500:]}")
    return made.stdout


def render_workspace(settings: Settings) -> str:
    """The workspace in which the code server is the only location."""
    server = {"host": LOOPBACK, "port": settings.code_server_port, "location_name": LOCATION}
    return yaml.safe_dump({"load_from": [{"grpc_server": server}]}, sort_keys=False)


def prepare_warehouse(settings: Settings) -> None:
    """Catalog, namespace and key exist, and the snapshot that the definitions are built from is published;
    answers of LLMs that are too old are gone."""
    from mixpeek_orchestration import bootstrap

    bootstrap.prepare_home(settings)
    bootstrap.kept_answers(settings).prune()
    warehouse = bootstrap.open_warehouse(settings, local=True)
    try:
        refresh_credentials(warehouse.access, settings)
        warehouse.publish()
    finally:
        warehouse.close()


def refresh_credentials(access: Access, settings: Settings) -> None:
    """credentials.json names a key that the catalog knows and the address of this stack's API."""
    written = json.loads(settings.credentials.read_text())
    if not is_known(access, written["api_key"]):  # the catalog was replaced since
        written["api_key"], _ = access.create_key()
    content = {**written, "base_url": api_url(settings)}
    write_private(settings.credentials, json.dumps(content, indent=2))


def is_known(access: Access, secret: str) -> bool:
    """Whether the catalog knows this key."""
    try:
        access.authenticate(secret)
    except Forbidden:
        return False
    return True
