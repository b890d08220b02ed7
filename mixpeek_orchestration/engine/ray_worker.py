"""What runs in a Ray actor: one stage of a pipeline over envelopes. Nothing that happens here loses an item."""

from __future__ import annotations

import os
import pickle
from typing import Any

import numpy as np
import pyarrow as pa

from mixpeek_orchestration.core.errors import Broken, MixpeekError
from mixpeek_orchestration.engine.metering import Meter
from mixpeek_orchestration.engine.pipeline import Part, Pipeline

FATAL = "fatal"
"""The only column of a block that says why the whole run must end."""

_METERED = ("cpu_s", "gpu_s", "api_usd", "peak_rss_bytes")


NICENESS = 10
"""Extraction yields to queries and to the services on the same machine."""


class StageWorker:
    """Runs a part of a pipeline. The pipeline is built with the first envelope, from its recipe."""

    def __init__(self, part: Part, gpus: float) -> None:
        os.nice(NICENESS)
        self._pipeline = Pipeline(part)
        self._gpus = gpus

    def __call__(self, envelope: pa.Table) -> pa.Table:
        """The envelope after this stage, with what it cost; or a block with the error that ends the run."""
        if FATAL in envelope.column_names:
            return envelope
        meter = Meter("ray")
        try:
            with meter:
                result = self._pipeline.run(envelope)
        except MixpeekError as error:
            return fatal(error)
        except Exception as error:  # noqa: BLE001 - raised again in the driver
            return fatal(Broken(f"A worker failed outside of any step: {type(error).__name__}: {error}"))
        return _metered(result, meter, self._gpus)


def fatal(error: MixpeekError) -> pa.Table:
    """A block that carries an error to the driver."""
    return pa.table({FATAL: pa.array([pickle.dumps(error)], pa.binary())})


def raise_fatal(block: pa.Table) -> None:
    """Raises the error that the block carries, if it carries one."""
    if FATAL in block.column_names:
        raise pickle.loads(block.column(FATAL)[0].as_py())


def spent(block: pa.Table) -> dict[str, float]:
    """What the items of a block cost in all stages so far: CPU and GPU seconds, dollars, and the largest worker's memory."""
    *summed, rss = (block.column(name).to_numpy() for name in _METERED)
    cost = {name: float(values.sum()) for name, values in zip(_METERED, summed, strict=False)}
    return {**cost, "peak_rss_bytes": float(rss.max(initial=0))}


def _metered(envelope: pa.Table, meter: Meter, gpus: float) -> pa.Table:
    """With the cost of this stage spread over its items and added to that of the stages before."""
    usage, count = meter.read(), envelope.num_rows
    now: dict[str, np.ndarray[Any, Any]] = {
        "cpu_s": np.full(count, usage.cpu_s / count),
        "gpu_s": np.full(count, usage.wall_s * gpus / count),
        "api_usd": np.full(count, usage.api_usd / count),
        "peak_rss_bytes": np.full(count, float(usage.peak_rss_bytes)),
    }
    for name, values in now.items():
        place = envelope.schema.get_field_index(name)
        if place < 0:
            envelope = envelope.append_column(name, pa.array(values))
            continue
        before = envelope.column(name).to_numpy()
        merged = np.maximum(before, values) if name == "peak_rss_bytes" else before + values
        envelope = envelope.set_column(place, name, pa.array(merged))
    return envelope
