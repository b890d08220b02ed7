"""Comparing the two generations of a migration on queries: logged ones, or those that somebody gives."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.comparison import Answered, Comparison, compared, side_of
from mixpeek_orchestration.core.errors import Conflict, InvalidInput, MixpeekError
from mixpeek_orchestration.core.migration import Migration
from mixpeek_orchestration.core.ports.migrations import LoggedQuery
from mixpeek_orchestration.core.retriever import InputField, Retriever, StageSpec
from mixpeek_orchestration.core.spending.prices import Prices
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.retrieval.context import RetrievalContext
from mixpeek_orchestration.retrieval.executor import execute
from mixpeek_orchestration.retrieval.request import ExecuteSpec
from mixpeek_orchestration.warehouse.migrations.query_log import QueryLog

MAX_QUERIES: Final = 200
REPORTS: Final = 10_000
_WARM_UP: Final = 1


class Comparisons:
    """Asks both generations of a migration the same things."""

    def __init__(self, context: RetrievalContext, queries: QueryLog, prices: Prices) -> None:
        self._context = context
        self._queries = queries
        self._prices = prices

    def compare(
        self, collection: Collection, migration: Migration, *, queries: Sequence[str] = (), k: int = 10
    ) -> Comparison:
        """Both generations on these texts, or on the logged queries of the retrievers that search the collection.

        Which one is asked first alternates, and the first query warms both up and is not counted unless it is the only
        one. Raises `InvalidInput` when there is nothing to ask.
        """
        old, new = (self._generation(i) for i in (migration.from_generation, migration.to_generation))
        asked = self._given(collection, old, queries, k) if queries else self._logged(collection)
        if not asked:
            raise InvalidInput(
                "No query was logged for this collection yet.",
                field="queries",
                fix="Give some: --query TEXT or --queries FILE; queries are logged when retrievers are executed.",
            )
        pairs = [self._pair(collection, query, old, new, turn) for turn, query in enumerate(asked)]
        counted = pairs[_WARM_UP:] or pairs
        reports = self._context.catalog.ledger.history(collection.collection_id, limit=REPORTS)
        first = side_of(
            old.generation_id, migration.from_extractor, [a for a, _ in counted], reports, self._prices
        )
        second = side_of(
            new.generation_id, migration.to_extractor, [b for _, b in counted], reports, self._prices
        )
        return compared(k, counted, (first, second))

    def _logged(self, collection: Collection) -> list[tuple[Retriever, dict[str, Any]]]:
        """Every distinct query of the retrievers that search this collection, newest first."""
        retrievers = {
            r.retriever_id: r
            for r in self._context.catalog.resources.retrievers(collection.namespace_id)
            if collection.collection_id in r.collection_ids
        }
        recent = self._queries.recent(collection.namespace_id, limit=MAX_QUERIES)
        distinct: dict[str, LoggedQuery] = {}
        for query in recent:
            distinct.setdefault(repr((query.retriever_id, sorted(query.inputs.items()))), query)
        return [
            (_alone(retrievers[q.retriever_id], collection), dict(q.inputs))
            for q in distinct.values()
            if q.retriever_id in retrievers
        ]

    def _given(
        self, collection: Collection, old: Generation, queries: Sequence[str], k: int
    ) -> list[tuple[Retriever, dict[str, Any]]]:
        """Each text in a search over the first feature of the old generation."""
        if not old.vectors:
            raise InvalidInput("The collection has no vectors to search.", field="collection")
        search = {
            "feature_uri": str(old.uri(old.vectors[0])),
            "query": {"input_mode": "text", "value": "{{INPUT.query}}"},
            "top_k": k,
        }
        parameters = {"searches": [search], "final_top_k": k}
        retriever = Retriever(
            retriever_id="comparison",
            namespace_id=collection.namespace_id,
            name="comparison",
            collection_ids=(collection.collection_id,),
            stages=(StageSpec("search", "filter", "feature_search", parameters),),
            input_schema={"query": InputField("text", required=True)},
        )
        return [(retriever, {"query": text}) for text in queries]

    def _pair(
        self,
        collection: Collection,
        query: tuple[Retriever, dict[str, Any]],
        old: Generation,
        new: Generation,
        turn: int,
    ) -> tuple[Answered, Answered]:
        order = (old, new) if turn % 2 == 0 else (new, old)
        answers = {g.generation_id: self._answer(collection, *query, g) for g in order}
        return answers[old.generation_id], answers[new.generation_id]

    def _answer(
        self, collection: Collection, retriever: Retriever, inputs: dict[str, Any], generation: Generation
    ) -> Answered:
        request = validated(ExecuteSpec, {"inputs": inputs})
        started = time.monotonic()
        try:
            answer = execute(
                retriever,
                request,
                context=self._context,
                instead={collection.collection_id: generation.generation_id},
            )
        except MixpeekError as error:
            return Answered(error=type(error).__name__)
        elapsed_ms = (time.monotonic() - started) * 1000
        sources = [str(d["source_document_id"] or d["source_object_id"]) for d in answer.documents]
        return Answered(tuple(dict.fromkeys(sources)), elapsed_ms)

    def _generation(self, generation_id: str) -> Generation:
        found = self._context.catalog.resources.generation(generation_id)
        if found is None:
            raise Conflict(
                f"The generation {generation_id} is gone; there is nothing to compare with.",
                field="generation",
                value=generation_id,
            )
        return found


def _alone(retriever: Retriever, collection: Collection) -> Retriever:
    """The retriever over this collection only: what other collections answer says nothing about the two."""
    return replace(retriever, collection_ids=(collection.collection_id,))
