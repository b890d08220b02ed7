"""The code server of the local stack: it builds the definitions anew in the process that serves them.

`python -m mixpeek_orchestration.defs.code_server --host HOST --port PORT`

Dagster's own starts a new Python for each reload, which imports Dagster (two seconds of a core, many more on a busy
machine) only to read another snapshot. Here the code is the installed package and changes with a restart alone; what
changes while a stack runs is one file. `docs/adr/0246` says what of Dagster this rests on.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.utils import FuturesAwareThreadPoolExecutor
from dagster._grpc.__generated__.dagster_api_pb2 import ReloadCodeReply
from dagster._grpc.server import DagsterApiServer, DagsterGrpcServer, LoadedRepositories
from dagster._utils.error import serializable_error_info_from_exc_info
from dagster._utils.interrupts import setup_interrupt_handlers
from dagster._utils.log import configure_loggers

from mixpeek_orchestration.warehouse.snapshots.reload import LOCATION

DEFINITIONS: Final = "mixpeek_orchestration.definitions"

_log = logging.getLogger("dagster.code_server")


class InPlaceServer(DagsterApiServer):
    """Dagster's server of definitions, of which `ReloadCode` leaves the process as it is."""

    def ReloadCode(self, _request: Any, _context: Any) -> ReloadCodeReply:
        """The definitions are those of the current snapshot, or the error that building them ended with is told.

        Webserver and daemon read them again because the server has a new id.
        """
        with self._reload_lock, _without_collection():
            try:
                self._loaded_repositories = LoadedRepositories(
                    self._loadable_target_origin,
                    container_image=None,
                    entry_point=self._entry_point,
                    container_context=None,
                    code_location_name=LOCATION,
                )
                self._serializable_load_error = None
            except Exception:  # noqa: BLE001 - the webserver shows it, and asks again when told to
                self._serializable_load_error = serializable_error_info_from_exc_info(sys.exc_info())
                _log.exception("The definitions could not be built")
            self._server_id = str(uuid.uuid4())
        return ReloadCodeReply()


@contextmanager
def _without_collection() -> Iterator[None]:
    """Thousands of definitions that all live on: looking for garbage among them takes a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def in_place_server(executor: FuturesAwareThreadPoolExecutor, ended: threading.Event) -> InPlaceServer:
    """A server of our definitions; where they cannot be built it serves the reason."""
    origin = LoadableTargetOrigin(
        executable_path=sys.executable, module_name=DEFINITIONS, working_directory=os.getcwd()
    )
    return InPlaceServer(
        server_termination_event=ended,
        logger=_log,
        server_threadpool_executor=executor,
        loadable_target_origin=origin,
        lazy_load_user_code=True,
        entry_point=[sys.executable, "-m", "dagster"],
        location_name=LOCATION,
    )


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(
        description="Serves the definitions of the snapshot that the settings name."
    )
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    where = parser.parse_args()
    setup_interrupt_handlers()
    configure_loggers()
    ended, executor = threading.Event(), FuturesAwareThreadPoolExecutor()
    servicer = in_place_server(executor, ended)
    server = DagsterGrpcServer(ended, servicer, _log, executor, host=where.host, port=where.port)
    _log.info("Serving definitions on port %s in process %s", where.port, os.getpid())
    try:
        server.serve()
    except KeyboardInterrupt:
        _log.info("Told to stop")


if __name__ == "__main__":
    main()
