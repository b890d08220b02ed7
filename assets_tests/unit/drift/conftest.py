"""A lab whose tables can be damaged as someone would who uses LanceDB directly."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lancedb
import pytest

from assets_tests.unit.warehouse import conftest as warehouse_conftest
from assets_tests.unit.warehouse.lab import Lab
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.warehouse.specs import BatchSpec

lab = warehouse_conftest.lab
Rows = list[dict[str, Any]]


@dataclass
class Vandal:
    """Someone who changes the table of a collection behind the warehouse's back."""

    lab: Lab
    collection: Collection
    root: Path

    @property
    def name(self) -> str:
        return self.lab.warehouse.collections.generation(self.collection).table

    @property
    def folder(self) -> Path:
        return self.root / f"{self.name}.lance"

    @property
    def table(self) -> Any:
        return lancedb.connect(self.root).open_table(self.name)

    def write(self, *texts: str) -> Batch:
        """A batch of new objects, one commit of its own."""
        ids = [self.lab.put(text, text) for text in texts]
        batch = self.lab.warehouse.batches.create(
            self.lab.bucket, BatchSpec(object_ids=ids, auto_submit=True)
        )
        self.run(batch)
        return batch

    def run(self, batch: Batch) -> int:
        """How many items a run of the batch wrote."""
        return self.lab.run(self.collection, [batch.batch_id]).written

    def heal(self) -> list[int]:
        """How many items had to be extracted again, by batch."""
        healed = self.lab.warehouse.drift.heal(self.collection)
        assert healed.left == ()
        return [self.run(batch) for batch in healed.batches]

    @property
    def kinds(self) -> list[str]:
        found = self.lab.warehouse.drift.check(self.collection)
        return [difference.kind for drifted in found for difference in drifted.differences]

    @property
    def texts(self) -> list[str]:
        return sorted(row["text"] for row in self.lab.rows(self.collection))

    def drop(self) -> None:
        shutil.rmtree(self.folder)


@pytest.fixture
def vandal(lab: Lab, tmp_path: Path) -> Vandal:
    """A collection with two commits of two objects each, one of which has two documents; of `.` none is made."""
    lab.edit_package(
        "processors/core.py", lambda code: code.replace('.str.strip() != ""]', '.str.strip() != "."]')
    )
    found = Vandal(lab, lab.collection(), tmp_path / "home" / "documents")
    found.write("one\nuno", "two")
    found.write("three", "four")
    return found
