"""The guide on declaring: its file and its module are valid, and say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mixpeek_orchestration.cli.main import app

GUIDE = Path(__file__).resolve().parents[3] / "docs/guides/declaring.md"


def block(language: str) -> str:
    """The first code block in a language."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_guide_declares_the_same_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command that it names takes the file and the module, and both have one content hash."""
    monkeypatch.setenv("MIXPEEK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("mixpeek.yaml").write_text(block("yaml"))
    Path("declared.py").write_text(block("python"))
    hashes = set()
    for source in ("mixpeek.yaml", "declared.py"):
        for command in (["validate", source], ["lint", source], ["diff", source, "--json"]):
            result = CliRunner().invoke(app, command)
            assert result.exit_code == 0, result.output
        hashes.add(json.loads(result.stdout)["content_hash"])
    assert len(hashes) == 1
    assert CliRunner().invoke(app, ["apply"]).exit_code == 0
    assert "bucket_name: notes" in CliRunner().invoke(app, ["export"]).stdout
