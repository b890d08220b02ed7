"""Reading a service's input out of a batch, and putting its output back row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from mixpeek_orchestration.core.errors import InvalidPackage, ItemFailure

if TYPE_CHECKING:
    import pandas as pd

DATA: Final = "data"
_CONTENT_COLUMNS: Final = frozenset(
    {
        "text",
        "content",
        "source_url",
        "url",
        "image",
        "image_url",
        "image_bytes",
        "audio",
        "audio_url",
        "audio_bytes",
    }
    | {"video", "video_url", "video_bytes", "bytes", "file_bytes"}
)


def values(batch: pd.DataFrame, column: str) -> list[Any]:
    """The cells of `column`, `None` where there is nothing.

    The content is in `data`, also for a package that reads it by one of its older names, such as `audio_bytes`.
    Raises `InvalidPackage` for any other column that the batch does not have.
    """
    name = DATA if column not in batch.columns and column in _CONTENT_COLUMNS else column
    if name not in batch.columns:
        raise InvalidPackage(
            f"The batch has no column {column!r}.",
            field=column,
            value=sorted(map(str, batch.columns)),
            fix="Name a column that the pipeline has at this step; the content of a row is in `data`.",
        )
    return [None if is_missing(value) else value for value in batch[name].tolist()]


def texts(batch: pd.DataFrame, column: str) -> list[str | None]:
    """The texts of `column`, `None` where there are no words; raises `ItemFailure` for what is not text."""
    found = values(batch, column)
    for value in found:
        if value is not None and not isinstance(value, str):
            raise ItemFailure(f"The row holds {type(value).__name__}, not text.", field=column)
    return [value if value and value.strip() else None for value in found]


def is_missing(value: Any) -> bool:
    """Whether a cell says nothing: null, NaN, or no bytes."""
    if value is None or (isinstance(value, bytes | bytearray | str) and not value):
        return True
    return bool(value != value) if isinstance(value, float) else type(value).__name__ in ("NAType", "NaTType")


def spread(present: Sequence[int], results: Sequence[Any], count: int) -> list[Any]:
    """`results` at the places that they are for, `None` at all others."""
    cells: list[Any] = [None] * count
    for place, result in zip(present, results, strict=True):
        cells[place] = result
    return cells


def with_column(batch: pd.DataFrame, name: str, cells: Sequence[Any]) -> pd.DataFrame:
    """The batch with a column of Python objects, whose rows keep their order and index."""
    import pandas as pd

    return batch.assign(**{name: pd.Series(list(cells), index=batch.index, dtype=object)})
