"""The tags by which runs are found, and which the instance's limits count."""

from __future__ import annotations

from typing import Final

BATCH: Final = "mixpeek/batch"
SUBMISSION: Final = "mixpeek/submission"
NAMESPACE: Final = "mixpeek/namespace"
COLLECTIONS: Final = "mixpeek/collections"
ENDPOINT: Final = "mixpeek/endpoint"
RUN_KEY: Final = "dagster/run_key"
WILL_RETRY: Final = "dagster/will_retry"
