"""The page of commands is what the commands say."""

from __future__ import annotations

from pathlib import Path

from mixpeek_orchestration.cli.command_reference import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"


def test_the_page_is_the_newest() -> None:
    """`python -m mixpeek_orchestration.cli.command_reference > docs/reference/commands.md` writes it again."""
    assert PAGE.read_text() == page()


def test_every_command_says_what_it_does() -> None:
    """No command is without a line of help, and those inside groups are there."""
    lines = page().splitlines()[6:]
    assert [line for line in lines if line.endswith("|  |") or "****" in line] == []
    assert any(line.startswith("| `mixpeek migrate switch` |") for line in lines)
