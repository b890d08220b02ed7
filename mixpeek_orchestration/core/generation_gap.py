"""What one generation lacks against another one, read off the plans of both."""

from __future__ import annotations

from typing import Final

import polars as pl

from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.migration import Remaining
from mixpeek_orchestration.core.plan import Plan

PENDING: Final = (
    planning.NEW,
    planning.INPUT_CHANGED,
    planning.PASS_CHANGED,
    planning.RETRY,
    planning.REPLAYED,
    planning.ORPHANED,
)
"""Reasons that lie in the source: work that waits for its batch, in whichever generation."""


def gap(answering: Plan, other: Plan, *, documents: int) -> Remaining:
    """What `other` lacks that the generation that answers has. What both still have to do is no difference, unless the
    one that answers has to do it because its code changed."""
    pending = answering.frame.filter(
        pl.col("action").is_in([planning.EXTRACT, planning.PATCH, planning.DELETE])
        & pl.col("reason").is_in(PENDING)
    )
    failed = answering.frame.filter(pl.col("action") == planning.FAILED)
    alone = other.frame.join(pending, on="item", how="anti")
    return Remaining(
        to_do=alone.filter(pl.col("action").is_in([planning.EXTRACT, planning.PATCH])).height,
        to_delete=alone.filter(pl.col("action") == planning.DELETE).height,
        failed=alone.filter(pl.col("action") == planning.FAILED).join(failed, on="item", how="anti").height,
        documents=documents,
    )
