"""The core is light: importing it loads no vendor, so that commands start at once and workers stay small."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import pytest

import mixpeek_orchestration.core as core

HEAVY = ("pandas", "pyarrow", "sqlalchemy", "dagster", "ray", "lancedb", "lance", "torch", "numpy", "fastapi")
MODULES = sorted(found.name for found in pkgutil.walk_packages(core.__path__, f"{core.__name__}."))

SCRIPT = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps(sorted(set(json.loads(sys.argv[2])) & set(sys.modules))))
"""


def loaded_after(modules: list[str]) -> list[str]:
    """The heavy packages in a fresh interpreter after importing `modules`."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(modules), json.dumps(HEAVY)],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded: list[str] = json.loads(run.stdout)
    return loaded


def test_the_whole_core_loads_no_vendor() -> None:
    """A fresh interpreter that imported every module of the core has none of the heavy packages."""
    assert len(MODULES) > 15
    assert loaded_after(MODULES) == []


@pytest.mark.parametrize(
    "module", ["errors", "identity", "fingerprint", "tiers", "ports.documents", "ports.catalog"]
)
def test_values_and_ports_do_without_polars(module: str) -> None:
    """Only the planner computes with frames; values, errors and ports name them in signatures only."""
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, mixpeek_orchestration.core.{module}; sys.exit('polars' in sys.modules)",
        ],
        check=False,
    )
    assert run.returncode == 0
