"""What a stack was last started with, so that later commands find it without being told again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mixpeek_orchestration.cli.stack.layout import Layout
from mixpeek_orchestration.cli.stack.ports import PORT_FIELDS, choose_ports, option_of
from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.settings import Settings


@dataclass(frozen=True)
class Record:
    """The host and ports of the last start."""

    host: str
    ports: dict[str, int]


def settings_of_stack(settings: Settings, options: Mapping[str, int | None] | None = None) -> Settings:
    """The settings with the ports of this home's stack, unless the caller named others."""
    recorded = read_record(Layout(settings.root))
    return choose_ports(settings, options=options or {}, recorded=recorded.ports if recorded else {})


def read_record(layout: Layout) -> Record | None:
    """The record of the last start, or None before the first."""
    try:
        return Record(**json.loads(layout.record.read_text()))
    except FileNotFoundError:
        return None


def record_of(settings: Settings) -> Record:
    """What is to be remembered of these settings. No URL is in it: URLs may hold passwords."""
    return Record(settings.host, {field: getattr(settings, field) for field in PORT_FIELDS})


def write_record(layout: Layout, record: Record) -> None:
    """The record is on disk, whole or not at all."""
    write_private(layout.record, json.dumps(asdict(record), indent=2))


def refuse_other_ports(settings: Settings, running: Record) -> None:
    """The running stack has the ports asked for; else an error that names the first that differs."""
    wanted = record_of(settings)
    if wanted.host != running.host:
        raise _differs("host", "MIXPEEK_HOST", wanted.host, running.host)
    for field, port in wanted.ports.items():
        if port != running.ports.get(field, port):
            raise _differs(field, option_of(field), port, running.ports[field])


def _differs(field: str, option: str, wanted: object, running: object) -> Conflict:
    return Conflict(
        f"The stack of this home is up with {option} {running}, not {wanted}.",
        field=field,
        value=wanted,
        fix="Run `mixpeek down` first, or leave the option away.",
    )


def write_private(path: Path, text: str) -> bool:
    """The file has this text and only its owner may read it; False when it already had."""
    if path.exists() and path.read_text() == text:
        return False
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
    return True
