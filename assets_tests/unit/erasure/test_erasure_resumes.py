"""An erasure that is killed at any point is taken up again and ends with the same proof."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assets_tests.unit.erasure.conftest import Place, everywhere
from assets_tests.unit.erasure.test_erasure import SECRET, fill
from assets_tests.unit.tiers.lab import TierLab
from mixpeek_orchestration.core.erasure import unproved

SCRIPT = Path(__file__).parent / "dying_eraser.py"
POINTS = ["request", "examined:3", "deleted", "compacted", "cleaned:2", "forgotten", "wiped"]


@everywhere
@pytest.mark.parametrize(
    "point", [p if p == "cleaned:2" else pytest.param(p, marks=pytest.mark.slow) for p in POINTS]
)
def test_a_killed_erasure_is_taken_up(lab: TierLab, place: Place, point: str) -> None:
    """After `kill -9` the erasure is unfinished in the catalog; performing it completes it, with what the decoder found
    before the first attempt still in the proof."""
    bucket = lab.bucket("texts")
    secret, collections = fill(lab, bucket, 3)
    died = subprocess.run([sys.executable, SCRIPT, place.home, "texts", secret, point], check=False)
    assert died.returncode == -signal.SIGKILL
    (left,) = lab.warehouse.erasures.unfinished()
    erasure = lab.warehouse.erasures.perform(left.erasure_id)
    assert erasure.is_completed
    assert unproved(erasure) == []
    assert len(erasure.tables) == len(collections)
    assert all(proof.found_before >= 2 for proof in erasure.tables)
    assert all(proof.removed_files for proof in erasure.tables)
    assert {count.store: count.before for count in erasure.stores}["catalog.objects"] == 1
    assert place.holding(SECRET) == []
    assert all(len(lab.rows(collection)) == 3 for collection in collections)
