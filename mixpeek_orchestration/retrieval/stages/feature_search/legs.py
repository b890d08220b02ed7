"""The legs of a feature search: one per search, each over the collections that have its feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.retrieval.fusion import Hit
from mixpeek_orchestration.retrieval.pins import Pins, reading
from mixpeek_orchestration.retrieval.query_vector import given_vector, vector_in
from mixpeek_orchestration.retrieval.scope import Scope, Target
from mixpeek_orchestration.retrieval.stages.feature_search.encoding import Encodings, encode_key
from mixpeek_orchestration.retrieval.stages.feature_search.hits import scored
from mixpeek_orchestration.retrieval.stages.feature_search.parameters import FeatureSearchParameters, Search

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Leg:
    """One search with the indexes it goes over; `at` is where it stands in the retriever."""

    position: int
    at: str
    search: Search
    targets: tuple[tuple[Target, VectorIndex], ...]

    @property
    def text(self) -> str | None:
        """The text to encode, `None` when the query is a vector already."""
        return self.search.query.value if self.search.query.input_mode == "text" else None


@dataclass(frozen=True)
class Row:
    """Where a document that was found lies."""

    table: pa.Table
    index: int
    target: Target


@dataclass(frozen=True)
class Found:
    """What one leg found: hits and, by document id, their rows."""

    hits: list[Hit]
    rows: Mapping[str, Row]
    searched: int
    """How many targets had a table to search."""


def legs_of(asked: FeatureSearchParameters, scope: Scope, *, at: str) -> list[Leg]:
    """A leg per search that has something to search for.

    Raises `InvalidInput` for an empty query unless its search says to skip it, and when nothing is left.
    """
    legs: list[Leg] = []
    for position, search in enumerate(asked.searches):
        here = f"{at}.searches.{position}"
        if not search.query.is_empty:
            legs.append(Leg(position, here, search, _targets(search, asked, scope, at=here)))
        elif search.on_empty == "error":
            raise _empty(f"{here}.query.value")
    if not legs:
        raise _empty(f"{at}.searches")
    return legs


def _targets(
    search: Search, asked: FeatureSearchParameters, scope: Scope, *, at: str
) -> tuple[tuple[Target, VectorIndex], ...]:
    identifiers = search.collection_identifiers or asked.collection_identifiers
    narrowed = scope.narrowed(identifiers, field=f"{at}.collection_identifiers")
    if narrowed.missing:
        return tuple(narrowed.having(search.uri))
    return tuple(narrowed.require(search.uri, field=f"{at}.feature_uri"))


def _empty(field: str) -> InvalidInput:
    return InvalidInput(
        "The query is empty.",
        field=field,
        value="",
        fix="Send text to search for, or set on_empty to skip on searches that may go without.",
    )


class Searcher:
    """Searches single targets of legs: pins the table, waits for the query's vector, asks the table."""

    def __init__(self, documents: DocumentStore, encodings: Encodings, pins: Pins) -> None:
        self._documents = documents
        self._encodings = encodings
        self._pins = pins

    def search(self, leg: Leg, target: Target, index: VectorIndex) -> pa.Table | None:
        """The nearest rows at the pinned version; `None` when the collection has no table."""
        table = target.generation.table
        version = self._pins.version(table)
        if not version:
            return None
        query = self._query(leg, target, index)
        with reading(table):
            return self._documents.search(table, index, query, k=leg.search.top_k, version=version)

    def _query(self, leg: Leg, target: Target, index: VectorIndex) -> list[float]:
        if leg.text is None:
            return given_vector(leg.search.query.value, index, field=f"{leg.at}.query.value")
        answer = self._encodings.answer(target.generation, leg.text)
        return vector_in(answer, index, endpoint=encode_key(target.generation, leg.text).endpoint)


def merged(leg: Leg, tables: Sequence[tuple[Target, pa.Table]]) -> Found:
    """The best `top_k` documents of all targets that are above `min_score`."""
    lowest = leg.search.min_score
    rows: dict[str, Row] = {}
    hits: list[Hit] = []
    for target, table in tables:
        for index, (document_id, score) in enumerate(scored(table)):
            if lowest is None or score >= lowest:
                rows[document_id] = Row(table, index, target)
                hits.append(Hit(document_id, score, leg.position))
    hits.sort(key=lambda hit: (-hit.score, hit.document_id))
    return Found(hits[: leg.search.top_k], rows, len(tables))
