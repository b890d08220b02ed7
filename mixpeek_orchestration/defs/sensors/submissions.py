"""What to do with a submitted batch, decided without Dagster."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from mixpeek_orchestration.core.batch import Batch


@dataclass(frozen=True)
class Decision:
    """`run` it, `wait` for definitions that name it, or `refuse` it for a reason that only a person can remove."""

    action: Literal["run", "wait", "refuse"]
    batch: Batch
    reason: str = ""

    @property
    def resource_ids(self) -> tuple[str, ...]:
        """What one run of the batch goes through: its bucket, then every tier."""
        return (self.batch.bucket_id, *self.batch.collection_ids)


def decide(batch: Batch, *, defined: AnyOf[str], is_newest: bool) -> Decision:
    """`defined` are the ids of resources with an asset; `is_newest` says that no newer definitions will come."""
    missing = [i for i in (batch.bucket_id, *batch.collection_ids) if i not in defined]
    if not missing:
        return Decision("run", batch)
    named = ", ".join(missing)
    if not is_newest:
        return Decision("wait", batch, f"{batch.batch_id} waits for the definition of {named}.")
    return Decision(
        "refuse",
        batch,
        f"The batch cannot run: {named} is gone, or could not be defined as an asset (its failed check says why). "
        "Mend or recreate it and submit the batch again.",
    )


def missing_partitions(submitted: Iterable[str], existing: AnyOf[str]) -> list[str]:
    """The batches that a component's partitions lack; also after components were joined or split."""
    known = set(existing)
    return [batch_id for batch_id in submitted if batch_id not in known]


def changed_components(now: Mapping[str, str], seen: Mapping[str, str]) -> list[str]:
    """The names of components whose buckets are others than when their partitions were last looked at."""
    return [name for name, buckets in now.items() if seen.get(name) != buckets]
