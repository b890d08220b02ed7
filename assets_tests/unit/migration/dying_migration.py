"""A process that does one step of a migration and kills itself on the way:
`python dying_migration.py ROOT COMMAND POINT`, where a point is `CALL` or `CALL:NUMBER`.

It extracts and commits a few items at a time, so that a fill can die between two commits.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets_tests.unit.migration.field import Field, second
from mixpeek_orchestration.bootstrap import open_warehouse
from mixpeek_orchestration.core.commit_group import CommitGroup
from mixpeek_orchestration.engine import in_process
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.runs import materialize

GROUP = 4
"""How many items are extracted and committed together here."""


def opened(root: Path) -> Field:
    """The field below a folder, in this process."""
    settings = Settings(home=root / "home", extractor_paths=str(root / "packages"))
    warehouse = open_warehouse(settings, local=True)
    return Field(warehouse, warehouse.buckets.get(warehouse.namespace_id("default"), "signs"))


def in_small_groups() -> None:
    """Every few items are a commit of this process from now on."""
    in_process.Pace = lambda _first: Steady(GROUP)  # type: ignore[assignment, misc]
    materialize.CommitGroup = lambda: CommitGroup(max_items=GROUP)  # type: ignore[assignment, misc]


@dataclass
class Steady:
    """Chunks of one size, however fast the machine is."""

    size: int

    def took(self, seconds: float) -> None:
        """It stays."""


def dying(method: Callable[..., Any], calls: int) -> Callable[..., Any]:
    """The method, after whose call of that number the process ends as with `kill -9`."""
    left = [calls]

    def call(*arguments: Any, **options: Any) -> Any:
        answer = method(*arguments, **options)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return call


def finish(field: Field) -> None:
    """What Dagster does with batches: runs of dead processes are run again, the others for the first time."""
    for status in ("IN_PROGRESS", "PENDING"):
        for batch in reversed(field.warehouse.catalog.batches.recent(statuses={status})):
            field.run(batch.batch_id)


def do(field: Field, command: str) -> None:
    """One command of `mixpeek migrate`; `fill` is `start` with its batches."""
    migrations = field.warehouse.migrations
    if command == "fill":
        migrations.start(field.collection, second())
        finish(field)
    elif command == "switch":
        migrations.switch(field.collection)
    else:
        migrations.rollback(field.collection)


def main(root: str, command: str, point: str) -> None:
    field = opened(Path(root))
    in_small_groups()
    name, _, number = point.partition(":")
    *path, method = name.split(".")
    owner: Any = field.warehouse
    for part in path:
        owner = getattr(owner, part)
    setattr(owner, method, dying(getattr(owner, method), int(number or 1)))
    do(field, command)


if __name__ == "__main__":
    main(*sys.argv[1:])
