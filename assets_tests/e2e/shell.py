"""Running shell commands as a person would type them, in a folder, against a stack."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from assets_tests.e2e.running_stack import MIXPEEK, RunningStack

PATIENCE_S = 1500


def need(*programs: str) -> None:
    """Skip where a program is missing, and fail where `MIXPEEK_CI` says that everything is installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        (pytest.fail if os.environ.get("MIXPEEK_CI") else pytest.skip)(f"there is no {', '.join(missing)}")


def shell(
    script: str, folder: Path, stack: RunningStack, environment: Mapping[str, str] | None = None
) -> str:
    """What the commands printed; none may fail."""
    path = f"{MIXPEEK.parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**stack.environment, "PATH": path, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}\n{stack.logs()}"
    return ran.stdout


def documented_variables(stack: RunningStack) -> dict[str, str]:
    """The variables that Mixpeek's documentation says to set first."""
    written = json.loads((stack.home / "credentials.json").read_text())
    return {
        "MIXPEEK_API_KEY": written["api_key"],
        "MIXPEEK_NAMESPACE": written["namespace"],
        "MIXPEEK_API_URL": written["base_url"],
    }
