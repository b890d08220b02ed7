"""What the documentation shows of the command and of `mixpeek.yaml` exists as it is written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from mixpeek_orchestration.cli.main import app
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
BLOCK = re.compile(r"```(?:bash|console)\n(.*?)```", re.DOTALL)
YAML = re.compile(r"(?:```yaml\n|<<'YAML'\n)(.*?)(?:```|YAML\n)", re.DOTALL)
COMMAND = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?mixpeek (.*)$", re.MULTILINE)


def commands() -> list[str]:
    """Every line of a block of commands that calls `mixpeek`, without its remark."""
    blocks = [block for page in PAGES for block in BLOCK.findall(page.read_text())]
    return sorted({line.split("  #")[0].strip() for block in blocks for line in COMMAND.findall(block)})


def unknown(line: str) -> str | None:
    """The first part of a command line that the command does not have."""
    command: Any = typer.main.get_command(app)  # Typer has a Click of its own
    for word in shlex.split(line, comments=True):
        if word in {"||", "&&", ";", ">", "|"}:
            break
        if hasattr(command, "commands") and not word.startswith("-"):
            if word not in command.commands:
                return word
            command = command.commands[word]
        elif word.startswith("-") and len(word) > 1:
            options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
            if word.split("=")[0] not in options | {"--help"}:
                return word
    return None


@pytest.mark.parametrize("line", commands())
def test_a_documented_command_exists(line: str) -> None:
    """Its groups, its name and its options are those of the command."""
    assert unknown(line) is None


@pytest.mark.parametrize(
    "page", [page for page in PAGES if YAML.search(page.read_text())], ids=lambda page: page.name
)
def test_a_documented_manifest_is_valid(page: Path) -> None:
    """What is shown of `mixpeek.yaml` can be written there."""
    for block in YAML.findall(page.read_text()):
        said = yaml.safe_load(block)
        if isinstance(said, dict) and {"buckets", "collections", "retrievers"} & set(said):
            assert validated(Manifest, said)


def test_a_command_that_does_not_exist_is_noticed() -> None:
    """The check tells a wrong group, name and option."""
    assert unknown("plugin fly there") == "fly"
    assert unknown("dance") == "dance"
    assert unknown("plan --everything") == "--everything"
