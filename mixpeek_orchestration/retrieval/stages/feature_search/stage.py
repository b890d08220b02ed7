"""`feature_search`: nearest neighbours of a query in one or several features, fused into one list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import EndpointFailed, MixpeekError, NotReady
from mixpeek_orchestration.core.feature_uri import FeatureUri
from mixpeek_orchestration.retrieval.deadline import Deadline
from mixpeek_orchestration.retrieval.execution import Degraded
from mixpeek_orchestration.retrieval.fusion import Fused, fused
from mixpeek_orchestration.retrieval.query_vector import given_vector
from mixpeek_orchestration.retrieval.scope import Scope, Target
from mixpeek_orchestration.retrieval.stages.feature_search import doubts
from mixpeek_orchestration.retrieval.stages.feature_search.encoding import Encodings
from mixpeek_orchestration.retrieval.stages.feature_search.hits import document, hidden_fields
from mixpeek_orchestration.retrieval.stages.feature_search.legs import (
    Found,
    Leg,
    Row,
    Searcher,
    legs_of,
    merged,
)
from mixpeek_orchestration.retrieval.stages.feature_search.parameters import (
    FeatureSearchParameters,
    is_vector,
    parsed,
)
from mixpeek_orchestration.retrieval.stages.feature_search.vectors import with_vectors
from mixpeek_orchestration.retrieval.stages.stage import Document, StageResult, StageRun
from mixpeek_orchestration.retrieval.waiting import request_pool

if TYPE_CHECKING:
    import pyarrow as pa

Outcome = Found | MixpeekError


class FeatureSearch:
    """Finds documents by vectors; the documents of an earlier stage are replaced."""

    stage_id = "feature_search"
    stage_type = "filter"

    def parameter_schema(self) -> dict[str, Any]:
        return FeatureSearchParameters.model_json_schema()

    def normalized(self, parameters: Mapping[str, Any], *, at: str) -> dict[str, Any]:
        return parsed(parameters, at=at, rendered=False).model_dump(
            exclude_unset=True,
            warnings=False,  # a template may stand where a number will be
        )

    def features(self, parameters: Mapping[str, Any]) -> list[FeatureUri]:
        asked = parsed(parameters, at="parameters", rendered=False)
        return list(dict.fromkeys(search.uri for search in asked.searches))

    def check(self, parameters: Mapping[str, Any], scope: Scope, *, at: str) -> None:
        asked = parsed(parameters, at=at, rendered=False)
        for position, search in enumerate(asked.searches):
            here = f"{at}.searches.{position}"
            identifiers = search.collection_identifiers or asked.collection_identifiers
            named = identifiers if isinstance(identifiers, list) else None
            narrowed = scope.narrowed(named, field=f"{here}.collection_identifiers")
            for _, index in narrowed.require(search.uri, field=f"{here}.feature_uri"):
                if is_vector(search.query.value):
                    given_vector(search.query.value, index, field=f"{here}.query.value")

    def run(self, parameters: Mapping[str, Any], documents: list[Document], run: StageRun) -> StageResult:
        asked = parsed(parameters, at=run.at, rendered=True)
        return _answer(asked, legs_of(asked, run.scope, at=run.at), run)


def _answer(asked: FeatureSearchParameters, legs: list[Leg], run: StageRun) -> StageResult:
    encodings, outcomes = _outcomes(asked, legs, run)
    found, left_out = _sorted_out(legs, outcomes, stage=run.name)
    return StageResult(
        _documents(asked, legs, found, run),
        (*left_out, *_doubts(legs, run)),
        (*encodings.warnings(), *_warnings(found)),
        {"searches": len(legs), "encodings": len(encodings), "fusion": asked.fusion},
    )


def _outcomes(
    asked: FeatureSearchParameters, legs: list[Leg], run: StageRun
) -> tuple[Encodings, dict[int, Outcome]]:
    """The encodings of the queries, and what became of each leg by the deadline."""
    deadline = run.deadline.narrowed(asked.hard_timeout_ms)
    namespace_id = next((t.collection.namespace_id for leg in legs for t, _ in leg.targets), "")
    encodings = Encodings(run.context.encoder, deadline, waits=asked.waits, namespace_id=namespace_id)
    searcher = Searcher(run.context.documents, encodings, run.pins)
    with request_pool(sum(len(leg.targets) for leg in legs)) as pool:
        running = {
            leg.position: [(t, pool.submit(searcher.search, leg, t, index)) for t, index in leg.targets]
            for leg in legs
        }
        wait([future for parts in running.values() for _, future in parts], timeout=deadline.remaining_s)
        outcomes = {leg.position: _outcome(leg, running[leg.position], deadline) for leg in legs}
    return encodings, outcomes


def _outcome(
    leg: Leg, parts: Sequence[tuple[Target, Future[pa.Table | None]]], deadline: Deadline
) -> Outcome:
    """What a leg found over all its targets, or the first error among them."""
    tables: list[tuple[Target, pa.Table]] = []
    for target, future in parts:
        if not future.done():
            return deadline.exceeded(f"The search {leg.at}")
        try:
            table = future.result()
        except MixpeekError as error:
            return error
        if table is not None:
            tables.append((target, table))
    return merged(leg, tables)


def _sorted_out(
    legs: list[Leg], outcomes: Mapping[int, Outcome], *, stage: str
) -> tuple[dict[int, Found], list[Degraded]]:
    """What was found, and an entry per optional search that could not answer.

    Raises the error of the first search that had to answer, and that of an optional one when none did.
    """
    found = {position: o for position, o in outcomes.items() if isinstance(o, Found)}
    left_out: list[Degraded] = []
    for leg in legs:
        error = outcomes[leg.position]
        if isinstance(error, Found):
            continue
        excused = leg.search.optional and isinstance(error, NotReady | EndpointFailed)
        if not (excused and any(answer.searched for answer in found.values())):
            raise error
        left_out.append(
            Degraded("search", leg.search.feature_uri, str(error), "Ask again in a few seconds.", stage)
        )
    return found, left_out


def _documents(
    asked: FeatureSearchParameters,
    legs: list[Leg],
    found: Mapping[int, Found],
    run: StageRun,
) -> list[Document]:
    answered = [leg for leg in legs if leg.position in found]
    if not answered:
        return []
    best = fused(
        [found[leg.position].hits for leg in answered],
        strategy=asked.fusion,
        weights=[leg.search.weight for leg in answered],
    )[: asked.final_top_k]
    uris = {leg.position: leg.search.feature_uri for leg in answered}
    rows = [found[hit.best.search].rows[hit.document_id] for hit in best]
    documents = _read(best, rows, uris)
    if run.return_vectors:
        return with_vectors(documents, [row.target for row in rows], run.context.documents, run.pins)
    return documents


def _read(best: list[Fused], rows: list[Row], uris: Mapping[int, str]) -> list[Document]:
    """The documents in the order of `best`, reading each table once."""
    by_table: dict[int, list[int]] = {}
    for position, row in enumerate(rows):
        by_table.setdefault(id(row.table), []).append(position)
    documents: dict[int, Document] = {}
    for positions in by_table.values():
        table = rows[positions[0]].table
        taken = table.take([rows[position].index for position in positions]).to_pylist()
        for position, values in zip(positions, taken, strict=True):
            hit = best[position]
            documents[position] = document(
                values, rows[position].target, score=hit.score, feature_uri=uris[hit.best.search]
            )
    return [documents[position] for position in range(len(best))]


def _doubts(legs: list[Leg], run: StageRun) -> list[Degraded]:
    catalog, versions = run.context.catalog, run.pins.versions()
    targets = {t.generation.generation_id: t for leg in legs for t, _ in leg.targets}
    empty = [target for target in targets.values() if versions.get(target.generation.table) == 0]
    encoded = {t.generation.generation_id: t for leg in legs if leg.text is not None for t, _ in leg.targets}
    asked = [target for target in encoded.values() if target not in empty]
    entries = [doubts.deleted(identifier, stage=run.name) for identifier in run.scope.missing]
    entries += filter(None, (doubts.unfilled(catalog, target, stage=run.name) for target in empty))
    return entries + doubts.other_code(catalog, asked, stage=run.name)


def _warnings(found: Mapping[int, Found]) -> list[str]:
    hidden = {
        (row.target.collection.name, name)
        for answer in found.values()
        for row in {id(row.table): row for row in answer.rows.values()}.values()
        for name in hidden_fields(row.table.column_names)
    }
    return [
        f"The field {name!r} of {collection!r} is not shown: results have a key of that name."
        for collection, name in sorted(hidden)
    ]
