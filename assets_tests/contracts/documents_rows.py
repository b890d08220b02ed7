"""Rows of documents for the contract suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from mixpeek_orchestration.core.collection import Distance, VectorIndex
from mixpeek_orchestration.core.document import DOCUMENT_ID, LINEAGE, POSITION, SOURCE_ITEM
from mixpeek_orchestration.core.identity import document_id
from mixpeek_orchestration.core.ports.documents import Stamp

TABLE = "gen_contract"
DIMENSION = 4
STAMP = Stamp(batch_id="bat_1", code_fp="code_1", run_id="run_1")
INT_COLUMNS = {POSITION: pa.int32()}


def vector_index(distance: Distance = "cosine") -> VectorIndex:
    return VectorIndex(feature="feature", column="vec", dimension=DIMENSION, distance=distance)


def document_rows(
    items: Mapping[str, int],
    *,
    text: str = "text",
    vectors: np.ndarray | None = None,
    extra: Mapping[str, Any] | None = None,
    root: Mapping[str, str] | None = None,
    code_fp: str = "code_1",
) -> pa.Table:
    """Rows for `items`, each with that many documents; `extra` columns are given whole."""
    pairs = [(item, position) for item, count in items.items() for position in range(count)]
    columns: dict[str, Any] = dict.fromkeys(LINEAGE)
    values = {name: [f"{name}"] * len(pairs) for name in LINEAGE}
    values[DOCUMENT_ID] = [document_id("col", item, position) for item, position in pairs]
    values[SOURCE_ITEM] = [item for item, _ in pairs]
    values["_root_object"] = [(root or {}).get(item, item) for item, _ in pairs]
    values["_code_fp"] = [code_fp] * len(pairs)
    values["_content_fp"] = [f"{text}:{item}:{position}" for item, position in pairs]
    for name in LINEAGE:
        columns[name] = pa.array(values[name], pa.string()) if name != POSITION else None
    columns[POSITION] = pa.array([position for _, position in pairs], pa.int32())
    columns["text"] = pa.array([text] * len(pairs), pa.string())
    columns["vec"] = vector_column(
        np.ones((len(pairs), DIMENSION), np.float32) if vectors is None else vectors
    )
    return pa.table({**columns, **(extra or {})})


def vector_column(matrix: np.ndarray) -> pa.FixedSizeListArray:
    flat = pa.array(np.ascontiguousarray(matrix, np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, matrix.shape[1])


def texts_of(table: pa.Table, item: str) -> list[str]:
    """The texts of one item's rows."""
    pairs = zip(table[SOURCE_ITEM].to_pylist(), table["text"].to_pylist(), strict=True)
    return [text for source, text in pairs if source == item]


def ids(items: Sequence[tuple[str, int]]) -> set[str]:
    return {document_id("col", item, position) for item, position in items}
