"""The guide to three tiers does what it says, command by command, with a real browser for what is done by mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets_tests.e2e.dagster_pages import CollectionPage, browser_page
from assets_tests.e2e.dagster_site import DagsterSite
from assets_tests.e2e.running_stack import RunningStack, free_ports, wait_until
from assets_tests.e2e.shell import shell

pytestmark = [pytest.mark.slow, pytest.mark.ray, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "three-tiers.md"
MARKED = re.compile(
    r"<!-- executed by assets_tests/e2e/test_house_guide\.py -->\n```bash\n(.*?)```", re.DOTALL
)
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
TIERS = ("logbook-passages", "logbook-keywords", "logbook-vectors")


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[RunningStack]:
    """A home for the guide; it starts its stack itself."""
    packages = {"MIXPEEK_EXTRACTOR_PATHS": str(tmp_path / "guide" / "extractors")}
    stack = RunningStack(tmp_path / "home", free_ports(), packages)
    yield stack
    stack.mixpeek("down")


def test_every_block_of_the_guide_is_executed() -> None:
    """No block of commands is without the mark that has it run."""
    text = GUIDE.read_text()
    assert MARKED.findall(text) == BLOCK.findall(text)


def test_the_guide_from_three_tiers_to_another_model(own_stack: RunningStack, tmp_path: Path) -> None:
    """Each command succeeds and prints what the guide says of it."""
    folder = tmp_path / "guide"
    folder.mkdir()

    def run(block: str) -> str:
        return shell(block, folder, own_stack, {"EXAMPLES": str(ROOT / "examples")})

    define, first, failed, replayed, edited, changed, compared, switched = MARKED.findall(GUIDE.read_text())

    assert "applied 5 changes" in run(define)
    printed = run(first)
    assert "2 new" in printed
    assert "price: unknown" in printed
    assert "3 written" in printed
    assert "something of it failed" in printed
    assert "Whales surfaced" in printed

    assert "The glossary does not say what EPIRB means." in run(failed)
    assert "no item has an open failure" in run(replayed)

    assert "1 stale" in run(edited)
    counts = materialized_by_mouse(own_stack)
    assert counts == {"logbook-passages": (1, 1), "logbook-keywords": (1, 3), "logbook-vectors": (1, 3)}

    printed = run(changed)
    assert "the code in processors/ranking.py has changed" in printed
    assert "4 stale" in printed
    assert "$" in printed
    assert "logbook-passages: " not in printed.split("submitted")[-1]

    assert "overlap" in run(compared)
    printed = run(switched)
    assert printed.count("Dolphins played") == 2


def materialized_by_mouse(stack: RunningStack) -> dict[str, tuple[int, int]]:
    """Written and unchanged items of each tier, after a click on Materialize for the partition of the first run."""
    site = DagsterSite(stack.url("webserver"))
    counts = {}
    with browser_page() as page:
        for name in TIERS:
            key = ["default", "collections", name]
            before = site.materializations(key)
            partition = before[-1]["partition"]
            CollectionPage(page, stack.url("webserver"), "default", name).materialize(partition)
            known = {one["run_id"] for one in before}
            made = wait_until(
                lambda key=key, known=known: [
                    one for one in site.materializations(key) if one["run_id"] not in known
                ],
                f"the materialization of {name}",
            )
            counts[name] = (made[0]["metadata"]["written"], made[0]["metadata"]["unchanged"])
    return counts
