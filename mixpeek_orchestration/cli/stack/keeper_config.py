"""The keeper's configuration file. Pure: text from a stack."""

from __future__ import annotations

import configparser
import io
import shlex
import sys

from mixpeek_orchestration.cli.stack.processes import SERVICE_MARK
from mixpeek_orchestration.cli.stack.services import Service, Stack

LOG_BYTES = "10MB"
LOG_BACKUPS = 3

# Relative to the home, in which the keeper runs: in this file a home with a blank, a percent sign or a
# semicolon in its path would mean something else.
LOGS = "logs"


def render_keeper_config(stack: Stack) -> str:
    """What supervisord reads. Secrets travel in its environment, so none is in this file."""
    config = configparser.RawConfigParser()
    config["unix_http_server"] = {"file": str(stack.layout.socket), "chmod": "0600"}
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    config["supervisord"] = {
        "identifier": stack.layout.stack_id,
        "logfile": f"{LOGS}/keeper.log",
        "logfile_maxbytes": LOG_BYTES,
        "logfile_backups": str(LOG_BACKUPS),
        "pidfile": str(stack.layout.runtime / "keeper.pid"),
        "childlogdir": LOGS,
    }
    for priority, service in enumerate(stack.services):
        config[f"program:{service.name}"] = _program(service, priority)
    text = io.StringIO()
    config.write(text)
    return text.getvalue()


def _program(service: Service, priority: int) -> dict[str, str]:
    launch = shlex.join([sys.executable, "-m", "mixpeek_orchestration.cli.stack.launch", service.name])
    return {
        "command": launch.replace("%", "%%"),
        "environment": f'{SERVICE_MARK}="{service.name}"',
        "priority": str(priority),
        "autostart": "true",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": "5",
        "stopsignal": "TERM",
        "stopwaitsecs": str(service.grace_s),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"{LOGS}/{service.name}.log",
        "stdout_logfile_maxbytes": LOG_BYTES,
        "stdout_logfile_backups": str(LOG_BACKUPS),
    }
