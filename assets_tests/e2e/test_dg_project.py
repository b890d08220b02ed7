"""A project of somebody else: made by hand as `dg` wants it, with our component scaffolded into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TYPE = "mixpeek_orchestration.defs.component.MixpeekResources"
PYPROJECT = """
[project]
name = "somebodys"
version = "0.1.0"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "somebodys"
"""
DEFINITIONS = """
from pathlib import Path

import dagster as dg


@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
Run = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new dg project with nothing in it."""
    package = tmp_path / "src/somebodys"
    (package / "defs").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "defs/__init__.py").touch()
    (package / "definitions.py").write_text(DEFINITIONS)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return tmp_path


@pytest.fixture
def dg(project: Path) -> Run:
    """The `dg` command in the project, with a home and a Dagster home of its own."""
    (project / "dagster").mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(project / "src"),
        "MIXPEEK_HOME": str(project / "home"),
        "DAGSTER_HOME": str(project / "dagster"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }

    def run(*arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("dg")), *arguments]
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def keys(dg: Run) -> list[str]:
    listed: dict[str, Any] = json.loads(dg("list", "defs", "--json"))
    return sorted(asset["asset_key"] for asset in listed["assets"])


def test_the_component_is_scaffolded_refreshed_and_shown(project: Path, dg: Run) -> None:
    """dg knows the component and scaffolds a file that loads; nothing is registered before the state is refreshed, and
    afterwards the resources are assets of the project."""
    assert TYPE in dg("list", "components", "--json")
    dg("scaffold", "defs", TYPE, "notes")
    assert keys(dg) == []
    assert not (project / "home").exists()
    dg("utils", "refresh-defs-state")
    assert keys(dg) == [
        "default/buckets/notes",
        "default/collections/notes-passages",
        "default/collections/notes-passages/failures",
        "default/collections/notes-passages/index",
        "default/endpoints/text_extractor/v1",
    ]
