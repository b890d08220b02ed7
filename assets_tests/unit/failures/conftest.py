"""A lab whose extractor fails for a reason outside of it, which a test can remove."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from assets_tests.unit.warehouse import conftest as warehouse_conftest
from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.warehouse.specs import BatchSpec

lab = warehouse_conftest.lab


@dataclass
class Outage:
    """While `flag` exists, rows with POISON are a ValueError and rows with SLOW a TimeoutError."""

    lab: Lab
    flag: Path

    def begin(self) -> None:
        self.flag.touch()

    def end(self) -> None:
        self.flag.unlink()

    def submitted(self, *object_ids: str) -> Batch:
        spec = BatchSpec(object_ids=list(object_ids), auto_submit=True)
        return self.lab.warehouse.batches.create(self.lab.bucket, spec)

    def run(self, collection: Collection, batch: Batch) -> TierReport:
        reports = self.lab.warehouse.materialize(
            collection.collection_id, [batch.batch_id], run_id=f"run of {batch.batch_id}"
        )
        return reports[batch.batch_id]


@pytest.fixture
def outage(lab: Lab, tmp_path: Path) -> Outage:
    """An outage that has begun."""
    flag = tmp_path / "outage"
    there = f"__import__('pathlib').Path({str(flag)!r}).exists()"
    raising = (
        f"        if {there} and batch['text'].str.contains('SLOW').any():\n"
        "            raise TimeoutError('it took too long')\n"
        f"        if {there} and batch['text'].str.contains(self.config['poison']).any():\n"
    )
    lab.edit_package(
        "processors/core.py",
        lambda code: code.replace(
            '        if batch["text"].str.contains(self.config["poison"]).any():\n', raising
        ),
    )
    found = Outage(lab, flag)
    found.begin()
    return found
