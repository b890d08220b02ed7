"""The commands of the README do what the README says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from assets_tests.e2e.running_stack import MIXPEEK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"<!-- executed by assets_tests/e2e/test_readme\.py -->\n```bash\n(.*?)```", re.DOTALL)


def test_the_commands_without_a_stack_end_in_the_right_passage(tmp_path: Path) -> None:
    """The block runs as it stands in an empty folder: the search prints the right file's text first, and the second
    materialization extracts nothing."""
    block = BLOCK.search(README.read_text())
    assert block, "the README has lost its block"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MIXPEEK_")}
    environment["PATH"] = f"{MIXPEEK.parent}:{environment['PATH']}"
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block[1]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = ran.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if re.match(r"1\. \d\.\d+ ", line))
    assert (tmp_path / "notes" / "storage.md").read_text().strip() in lines[first + 1], ran.stdout
    assert "2 written" in ran.stdout
    assert "0 written, 2 unchanged" in lines[-1], ran.stdout
