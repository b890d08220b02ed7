"""The ports to extractors, runners and query encoders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from mixpeek_orchestration.core.extractor import ExtractorDescription, Recipe
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.report import Usage
from mixpeek_orchestration.core.transience import Patience

if TYPE_CHECKING:
    import pyarrow as pa


class ExtractorRegistry(Protocol):
    """The extractors that can be used here."""

    def describe(
        self,
        name: str,
        version: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        namespace_id: str = "",
    ) -> ExtractorDescription:
        """The description of a version with validated parameters, as a namespace sees it.

        Working copies come first, then what the namespace has published, then what is shared by all. Without a
        version it is the newest working copy or the active published version.

        Raises `InvalidInput` for an unknown extractor or version (the message lists what there is), for unknown
        or ill-typed parameters (naming field, value and fix), and `InvalidPackage` for a broken package.
        """

    def names(self, namespace_id: str = "") -> list[tuple[str, str]]:
        """Name and version of everything that a namespace can use; without one, of the working copies."""


@dataclass(frozen=True)
class InputRow:
    """One row that an extractor starts from. Either `text` is the content, or `content_hash` its address."""

    blob_id: str
    blob_property: str
    blob_type: str
    mime_type: str
    size_bytes: int
    text: str | None = None
    content_hash: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceItem:
    """The unit of work: one object or one upstream document, with the rows it starts as."""

    item: str
    object_id: str
    rows: tuple[InputRow, ...]


@dataclass(frozen=True)
class ExtractionJob:
    """Everything a runner and its workers need; picklable.

    `open_objects` is an importable function: a worker calls it with `object_store` to read content. It may be left
    out when every row carries its text. `patience` is for what fails transiently. `item_s`: by how many seconds an item
    has made earlier runs longer, where there were any.
    """

    recipe: Recipe
    description: ExtractorDescription
    collection_id: str
    object_store: Mapping[str, Any] = field(default_factory=dict)
    open_objects: Callable[[Mapping[str, Any]], ObjectStore] | None = None
    patience: Patience = field(default_factory=Patience)
    item_s: float | None = None


@dataclass(frozen=True)
class Extracted:
    """Finished items, each exactly once. `rows` holds the rows of all of them in item order, with `_source_item`
    and `_position` (int32, from 0 within the item) beside the columns that the pipeline left."""

    items: tuple[str, ...]
    rows: pa.Table
    errors: tuple[ItemError, ...] = ()
    empty: Mapping[str, str] = field(default_factory=dict)
    """Why an item has no rows, for those that have none and no error."""


class Runner(Protocol):
    """Runs a pipeline over source items. Both runners give identical rows."""

    name: str

    def check(self, job: ExtractionJob) -> None:
        """Raises `Unschedulable` with the numbers when the job could never be scheduled here."""

    def run(self, job: ExtractionJob, items: Iterable[SourceItem]) -> Iterator[Extracted]:
        """Finished items in any order, a few at a time; closing the iterator ends the work."""

    def usage(self) -> Usage:
        """What the last run has used so far."""

    def together(self, group_s: float, item_s: float) -> int:
        """How many items of the last run's kind finish together in a long run, where a group of them takes `group_s`
        and each of them `item_s` more."""


class QueryEncoder(Protocol):
    """Encodes queries with the realtime half of an extractor."""

    def encode(
        self,
        name: str,
        version: str,
        inputs: Mapping[str, Any],
        parameters: Mapping[str, Any],
        *,
        timeout_s: float,
        namespace_id: str = "",
    ) -> dict[str, Any]:
        """The answer of `realtime.py` for a namespace. Raises `NotReady` while no endpoint is running, `BudgetExceeded` past the
        time, `InvalidInput` when the package refuses the input."""

    def close(self) -> None:
        """Give back connections and threads; a process with an open encoder may not end."""
