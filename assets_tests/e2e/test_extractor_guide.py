"""The guide for authors of extractors does what it says, command by command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assets_tests.e2e.running_stack import RunningStack
from assets_tests.e2e.shell import shell

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1500)]

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "write-an-extractor.md"
MARKED = re.compile(
    r"<!-- executed by assets_tests/e2e/test_extractor_guide\.py -->\n```bash\n(.*?)```", re.DOTALL
)
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


def test_every_block_of_the_guide_is_executed() -> None:
    """No block of commands is without the mark that has it run."""
    text = GUIDE.read_text()
    assert MARKED.findall(text) == BLOCK.findall(text)


def test_the_guide_from_an_empty_folder_to_a_search_and_back(
    shared_stack: RunningStack, tmp_path: Path
) -> None:
    """All blocks in order, in one folder: each command succeeds, the search finds the right note, the second version is
    deployed and taken back, and what is refused is refused with its reason."""
    printed = [shell(block, tmp_path, shared_stack) for block in MARKED.findall(GUIDE.read_text())]
    begun, tested, published, used, changed, secrets, llm, refused, gone = printed
    assert "No findings." in begun
    assert "conformance" in tested
    assert "deployed (active)" in published
    assert used.index("A kestrel hovered") < used.index("After two days of rain"), used
    assert "+++ b/manifest.py" in changed
    assert "field_notes_1_0_0: deployed (active)" in changed
    assert (tmp_path / "field_notes_1_0_1" / "manifest.py").read_text() == (
        tmp_path / "field_notes" / "manifest.py"
    ).read_text()
    assert "FIELD_STATION_KEY" in secrets
    assert "not-a-real-key" not in secrets
    assert "No findings." in llm
    assert "SEC001" in refused
    assert refused.endswith("refused, as it should be\n")
    assert "a collection uses it" in gone
