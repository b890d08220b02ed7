"""A process that erases an object and kills itself at the chosen point: `python dying_eraser.py HOME BUCKET OBJECT POINT`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from mixpeek_orchestration.bootstrap import open_warehouse
from mixpeek_orchestration.settings import Settings


def dying(method: Callable[..., Any], calls: int) -> Callable[..., Any]:
    """The method, after whose call of that number the process ends as with `kill -9`."""
    left = [calls]

    def call(*args: Any, **options: Any) -> Any:
        answer = method(*args, **options)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return call


def main(home: str, bucket_name: str, object_id: str, point: str) -> None:
    warehouse = open_warehouse(Settings(home=home), local=True)
    name, _, calls = point.partition(":")
    owner = {
        "request": warehouse.catalog.objects,
        "examined": warehouse.catalog.erasures,
        "deleted": warehouse.documents,
        "compacted": warehouse.documents.upkeep,
        "cleaned": warehouse.documents.upkeep,
        "forgotten": warehouse.catalog.erasures,
        "wiped": warehouse.catalog.erasures,
    }[name]
    method = {
        "request": "delete",
        "examined": "put",
        "deleted": "commit",
        "compacted": "compact",
        "cleaned": "purge",
        "forgotten": "forget",
        "wiped": "wipe",
    }[name]
    setattr(owner, method, dying(getattr(owner, method), int(calls or 1)))
    bucket = warehouse.buckets.get(warehouse.namespace_id("default"), bucket_name)
    warehouse.erasures.erase(bucket, object_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
