"""`python -m mixpeek_orchestration.api`: the API on the address that the settings name."""

from __future__ import annotations

import uvicorn

from mixpeek_orchestration.api.app import Limits, create_app
from mixpeek_orchestration.bootstrap import open_warehouse
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.snapshots.publishing import Publisher
from mixpeek_orchestration.warehouse.snapshots.reload import reload_definitions
from mixpeek_orchestration.warehouse.snapshots.reload_once import ReloadOnce

SHUTDOWN_S = 10
"""How long requests in progress may go on after the API was told to stop."""


def main() -> None:
    """Serve until told to stop."""
    settings = Settings()
    warehouse = open_warehouse(settings)
    webserver = f"http://{settings.host}:{settings.webserver_port}"
    publisher = Publisher(
        revision=warehouse.catalog.resources.revision,
        publish=warehouse.publish,
        reload=ReloadOnce(
            warehouse.catalog.leases, settings.snapshots, lambda: reload_definitions(webserver)
        ),
    )
    app = create_app(warehouse, limits=Limits(upload_bytes=settings.upload_bytes), background=[publisher])
    try:
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.api_port,
            server_header=False,
            access_log=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
    finally:
        warehouse.close()


if __name__ == "__main__":
    main()
