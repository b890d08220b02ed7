"""The legs of a feature search: one per search, each over the collections that have its feature."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.retrieval.deadline import Deadline
from mixpeek_orchestration.retrieval.fusion import Hit
from mixpeek_orchestration.retrieval.query_vector import given_vector, vector_in
from mixpeek_orchestration.retrieval.scope import Scope, Target
from mixpeek_orchestration.retrieval.stages.feature_search.encoding import Encodings, encode_key
from mixpeek_orchestration.retrieval.stages.feature_search.hits import scored
from mixpeek_orchestration.retrieval.stages.feature_search.parameters import FeatureSearchParameters, Search
from mixpeek_orchestration.retrieval.waiting import result_in_time

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
    def tables(self) -> set[str]:
        return {target.generation.table for target, _ in self.targets}

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


class LegRunner:
    """Runs legs: waits for the query's vector, then searches every target at its pinned version."""

    def __init__(
        self,
        documents: DocumentStore,
        encodings: Encodings,
        pool: Executor,
        versions: Mapping[str, int],
        deadline: Deadline,
    ) -> None:
        self._documents = documents
        self._encodings = encodings
        self._pool = pool
        self._versions = versions
        self._deadline = deadline

    def found(self, leg: Leg) -> Found:
        """The best `top_k` documents of all targets that are above `min_score`."""
        targets = [(t, index) for t, index in leg.targets if self._versions[t.generation.table]]
        queries = [self._query(leg, target, index) for target, index in targets]
        running = [
            self._pool.submit(self._search, leg, target, index, query)
            for (target, index), query in zip(targets[1:], queries[1:], strict=True)
        ]
        tables = [self._search(leg, *targets[0], queries[0])] if targets else []
        tables += [result_in_time(future, self._deadline, f"The search {leg.at}") for future in running]
        return _merged(leg, [(target, table) for (target, _), table in zip(targets, tables, strict=True)])

    def _query(self, leg: Leg, target: Target, index: VectorIndex) -> list[float]:
        if leg.text is None:
            return given_vector(leg.search.query.value, index, field=f"{leg.at}.query.value")
        encoding: Future[dict[str, Any]] = self._encodings.start(target.generation, leg.text)
        endpoint = encode_key(target.generation, leg.text).endpoint
        answer = result_in_time(encoding, self._deadline, f"Encoding the query with {endpoint}")
        return vector_in(answer, index, endpoint=endpoint)

    def _search(self, leg: Leg, target: Target, index: VectorIndex, query: list[float]) -> pa.Table:
        table = target.generation.table
        return self._documents.search(table, index, query, k=leg.search.top_k, version=self._versions[table])


def _merged(leg: Leg, tables: list[tuple[Target, pa.Table]]) -> Found:
    lowest = leg.search.min_score
    rows: dict[str, Row] = {}
    hits: list[Hit] = []
    for target, table in tables:
        for index, (document_id, score) in enumerate(scored(table)):
            if lowest is None or score >= lowest:
                rows[document_id] = Row(table, index, target)
                hits.append(Hit(document_id, score, leg.position))
    hits.sort(key=lambda hit: (-hit.score, hit.document_id))
    return Found(hits[: leg.search.top_k], rows)
