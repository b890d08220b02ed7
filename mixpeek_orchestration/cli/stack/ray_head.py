"""What makes one Ray head small and fit to be restarted on its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from mixpeek_orchestration.cli.stack.layout import Layout, make_private
from mixpeek_orchestration.cli.stack.processes import end, marked

GRACE_S = 3.0


def slim(ray_params: Any, head: bool) -> None:  # noqa: ARG001 - Ray calls it with both
    """Ray's start hook: no Ray Client server and no autoscaler monitor, 90 MB that nobody here uses."""
    ray_params.ray_client_server_port = None
    ray_params.no_monitor = True


def ray_temp(ray_folder: Path) -> Path:
    """Where Ray puts its sessions. Ray opens its folder to every user of the machine; the one around it stays closed."""
    return ray_folder / "ray"


def clear_dead_session(layout: Layout, ray_folder: Path) -> None:
    """Nothing of an earlier session runs, and of its files only the logs are left.

    A new head does not start while a raylet, an agent or a worker of the dead one is alive.
    """
    end(lambda: marked(layout.stack_id, service="ray"), grace_s=GRACE_S)
    make_private(ray_folder)
    forget_sessions(layout, ray_folder)


def forget_sessions(layout: Layout, ray_folder: Path) -> None:
    """Ray's sessions are gone; the newest one's logs are under the home's, in place of the ones before."""
    sessions = sorted(ray_temp(ray_folder).glob("session_2*"))
    if sessions and (sessions[-1] / "logs").is_dir():
        kept = layout.logs / "ray-last-session"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.move(sessions[-1] / "logs", kept)
    shutil.rmtree(ray_temp(ray_folder), ignore_errors=True)
