"""A run that is terminated, or whose batches are canceled, stops between two commits and accounts for what it did."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from mixpeek_orchestration.warehouse.runs.stopping import RunStopped, Stop

if TYPE_CHECKING:
    from mixpeek_orchestration.core.batch import Batch
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

TERMINATED: Final = frozenset({dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED})
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stoppable(context: dg.AssetExecutionContext) -> Iterator[Stop]:
    """Within, what Dagster sends to end a run asks for a stop, and interrupts nothing that is being written.

    A run that nobody terminated (its machine goes down) ends as interrupted, and is run again.
    """
    stop = Stop(is_final=lambda: _is_terminated(context))
    try:
        with _asked_by_signals(stop):
            yield stop
            if stop.asked and not stop.is_final:
                raise RunStopped  # it came too late to end anything here; what follows must not begin
    except RunStopped:
        if not stop.is_final:
            raise dg.DagsterExecutionInterruptedError from None
        raise ended_early(context, "The run was terminated before anything was done.") from None


def canceled_batches(warehouse: Warehouse, batch_ids: Sequence[str]) -> dict[str, Batch]:
    """Those of the batches of a run that are canceled, by id."""
    found = warehouse.catalog.batches.get_many(batch_ids)
    return {batch_id: batch for batch_id, batch in found.items() if batch.status == "CANCELED"}


def ended_early(
    context: dg.AssetExecutionContext, said: str, metadata: dict[str, Any] | None = None
) -> dg.Failure:
    """What ends the step of a run that is not to go on; the run is canceled then, and not failed."""
    if not _is_terminated(context):
        context.instance.report_run_canceling(context.run, message=said)
    return dg.Failure(f"CANCELED: {said}", metadata=metadata, allow_retries=False)


def _is_terminated(context: dg.AssetExecutionContext) -> bool:
    run = context.instance.get_run_by_id(context.run_id)
    return run is not None and run.status in TERMINATED


@contextlib.contextmanager
def _asked_by_signals(stop: Stop) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.ask()

    before = [signal.signal(one, ask) for one in _SIGNALS]
    try:
        yield
    finally:
        for one, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(one, handler)
