"""The page of settings, written from the settings themselves: `python -m mixpeek_orchestration.cli.settings_reference`."""

from __future__ import annotations

import sys
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from mixpeek_orchestration.settings import Settings

_HEAD = """# Settings

All settings are environment variables, read once by every process of a home. `mixpeek up` hands those that it was started
with on to its services.

| variable | default | what it says |
|---|---|---|
"""


def page() -> str:
    """The text of `docs/reference/settings.md`."""
    return _HEAD + "".join(_line(name, field) for name, field in Settings.model_fields.items())


def _line(name: str, field: FieldInfo) -> str:
    told = (field.description or "").replace("|", "\\|")
    return (
        f"| `MIXPEEK_{name.upper()}` | {_default(field.get_default(call_default_factory=True))} | {told} |\n"
    )


def _default(value: Any) -> str:
    if isinstance(value, SecretStr) or value in ("", None) or value == {}:
        return ""
    return f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(page())
