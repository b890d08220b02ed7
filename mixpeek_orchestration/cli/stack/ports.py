"""Which ports a stack listens on, where each number comes from, and who else has it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import psutil
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from mixpeek_orchestration.cli.stack.services import LOOPBACK, has_own_ray
from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.settings import Settings

LOCAL_RAY_PORTS = ("ray_port", "ray_agent_port", "serve_port")
PORT_FIELDS = ("api_port", "webserver_port", "code_server_port", *LOCAL_RAY_PORTS)
PUBLIC_FIELDS = ("api_port", "webserver_port")
DYING_S = 10.0
"""How long a killed process may keep a port on a busy machine."""
POLL_S = 0.1


@dataclass(frozen=True)
class Holder:
    """A process that listens on a port."""

    pid: int
    command: str


def choose_ports(
    settings: Settings, *, options: Mapping[str, int | None], recorded: Mapping[str, int]
) -> Settings:
    """Settings with each port from, in this order: the option, the environment, the last start, the default."""
    chosen = {
        field: _choose(settings, field, options.get(field), recorded.get(field)) for field in PORT_FIELDS
    }
    refuse_shared_ports(chosen)
    return settings.model_copy(update=chosen)


def _choose(settings: Settings, field: str, option: int | None, recorded: int | None) -> int:
    if option is not None:
        return option
    default: int = getattr(settings, field)
    if field in settings.model_fields_set or recorded is None:
        return default
    return recorded


def refuse_shared_ports(chosen: Mapping[str, int]) -> None:
    """No two services were given one port."""
    seen: dict[int, str] = {}
    for field, port in chosen.items():
        if port in seen:
            raise Conflict(
                f"{option_of(seen[port])} and {option_of(field)} are both {port}.",
                field=field,
                value=port,
                fix=f"Set {option_of(field)} or {variable_of(field)} to another port.",
            )
        seen[port] = field


def needed_ports(settings: Settings) -> dict[str, tuple[str, int]]:
    """Host and port of every setting that this stack listens on."""
    fields = PUBLIC_FIELDS + ("code_server_port",) + (LOCAL_RAY_PORTS if has_own_ray(settings) else ())
    return {
        field: (settings.host if field in PUBLIC_FIELDS else LOOPBACK, getattr(settings, field))
        for field in fields
    }


def refuse_taken_ports(settings: Settings, *, ours: Collection[int]) -> None:
    """Every port is free or held by one of our own processes; else an error that names port and holder.

    A process that was killed a moment ago may be seen no more while its port still is; it is waited for.
    """
    for field, (host, port) in needed_ports(settings).items():
        holders = _holders(host, port)
        if holders is not None and not (holders and all(holder.pid in ours for holder in holders)):
            raise taken(field, port, holders)


def _holders(host: str, port: int) -> list[Holder] | None:
    """Who is in the way of a server there; `None` when nobody is, and nobody in it when it is someone whom this user
    may not see."""
    rounds = Retrying(
        stop=stop_after_delay(DYING_S),
        wait=wait_fixed(POLL_S),
        retry=retry_if_result(lambda found: found == []),
        retry_error_callback=lambda _: [],
    )
    found: list[Holder] | None = rounds(lambda: None if is_free(host, port) else listeners(port))
    return found


def taken(field: str, port: int, holders: Collection[Holder]) -> Conflict:
    """The error for a port that someone else has."""
    who = ", ".join(f"process {holder.pid} ({holder.command})" for holder in holders)
    return Conflict(
        f"Port {port} is taken by {who or 'a process of another user'}.",
        field=field,
        value=port,
        fix=f"End it, or choose another port with {option_of(field)} or {variable_of(field)}.",
    )


def option_of(field: str) -> str:
    """The command-line option of a port."""
    return "--" + field.replace("_", "-")


def variable_of(field: str) -> str:
    """The environment variable of a port."""
    return f"MIXPEEK_{field.upper()}"


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. Old connections in TIME_WAIT do not count."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def listeners(port: int) -> list[Holder]:
    """The processes that listen on a port, as far as this user may see them and as they are not ending."""
    found = {
        c.pid
        for c in psutil.net_connections("tcp")
        if c.status == psutil.CONN_LISTEN and c.laddr.port == port
    }
    holders = [Holder(pid, _command(pid)) for pid in sorted(pid for pid in found if pid)]
    return [holder for holder in holders if holder.command]


def _command(pid: int) -> str:
    """The command line; nothing of a process that has already given back its memory."""
    try:
        return " ".join(psutil.Process(pid).cmdline())[:80]
    except psutil.AccessDenied:
        return "command unknown"
    except psutil.Error:
        return ""
