"""A process that is killed while it extracts costs what was in flight, and never a wrong row."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.crash import bound, run_campaign


@pytest.mark.slow
def test_killing_the_engine_repeats_little_and_corrupts_nothing(tmp_path: Path) -> None:
    """Five `kill -9` at random points: repeats stay below a chunk and a commit group, the table equals a clean one."""
    clean, crashed = tmp_path / "clean", tmp_path / "crashed"
    clean.mkdir()
    crashed.mkdir()
    reference = run_campaign(clean, objects=1_200, kills=0)
    campaign = run_campaign(crashed, objects=1_200, kills=5, seed=1)
    assert reference.extractions == 1_200
    assert campaign.contents == reference.contents
    assert campaign.repeated_per_kill <= bound()
