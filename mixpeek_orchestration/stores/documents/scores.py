"""From a distance as Lance counts it to a score of which higher is nearer."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from mixpeek_orchestration.core.collection import Distance

SCORE: Final = "_score"
METRICS: Final[dict[Distance, str]] = {"cosine": "cosine", "euclid": "l2", "dot": "dot"}
"""Lance's name of each distance."""


def scores(distances: pa.ChunkedArray, metric: Distance) -> pa.ChunkedArray:
    """Lance gives 1 - cosine, the *squared* Euclidean distance, and 1 - dot product."""
    if metric == "euclid":
        return pc.negate(pc.sqrt(pc.max_element_wise(distances, pa.scalar(0.0, pa.float32()))))
    return pc.subtract(pa.scalar(1.0, pa.float32()), distances)
