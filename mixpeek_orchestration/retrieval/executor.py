"""Executing a retriever: bind the inputs, run the stages one after the other, cut out the page."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mixpeek_orchestration.core.errors import EndpointFailed, MixpeekError, NotFound, NotReady
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.retriever import Retriever, StageSpec
from mixpeek_orchestration.retrieval.context import RetrievalContext
from mixpeek_orchestration.retrieval.deadline import Deadline
from mixpeek_orchestration.retrieval.execution import Degraded, Execution, StageStatistics
from mixpeek_orchestration.retrieval.inputs import Inputs, bound_inputs
from mixpeek_orchestration.retrieval.pins import Pins
from mixpeek_orchestration.retrieval.request import ExecuteSpec
from mixpeek_orchestration.retrieval.scope import Scope, has_lost_one, open_scope
from mixpeek_orchestration.retrieval.stages.registry import find_stage
from mixpeek_orchestration.retrieval.stages.stage import Document, StageResult, StageRun
from mixpeek_orchestration.retrieval.templates import inputs_used, rendered


@dataclass
class _Progress:
    """What the stages have given so far."""

    documents: list[Document] = field(default_factory=list)
    degraded: list[Degraded] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    statistics: dict[str, StageStatistics] = field(default_factory=dict)


def execute(
    retriever: Retriever,
    request: ExecuteSpec,
    *,
    context: RetrievalContext,
    instead: Mapping[str, str] = MappingProxyType({}),
) -> Execution:
    """The answer of a retriever to one request, from one generation of each collection: the one that is active when the
    request begins, or the one that `instead` names by collection id.

    A request that was reading a generation which is dropped meanwhile is answered again, by the one that took over.
    Raises `InvalidInput` for inputs that do not fit, `NotReady` when a needed part is not up within the time budget, `BudgetExceeded` when it was up but too slow.
    """
    deadline = Deadline.after(retriever.max_time_ms, *request.time_budgets)
    inputs = bound_inputs(retriever.input_schema, request.inputs)
    while True:
        scope = _scope(retriever, context, instead)
        pins = Pins(context.documents)
        run = StageRun("", "", scope, context, deadline, pins, request.return_vectors)
        try:
            progress = _progress(retriever, inputs, run)
        except Exception:
            if instead or not has_lost_one(context.catalog.resources, scope):
                raise
        else:
            if instead or not has_lost_one(context.catalog.resources, scope):
                return _execution(retriever, request, inputs, progress, deadline)


def _progress(retriever: Retriever, inputs: Inputs, run: StageRun) -> _Progress:
    progress = _Progress()
    for position, stage in enumerate(retriever.stages):
        at = f"stages.{position}.config.parameters"
        _advance(progress, stage, inputs, replace(run, name=stage.stage_name, at=at))
    return progress


def _scope(retriever: Retriever, context: RetrievalContext, instead: Mapping[str, str]) -> Scope:
    resources = context.catalog.resources
    scope = open_scope(resources, retriever.namespace_id, retriever.collection_ids, instead=instead)
    if scope.missing and not scope.targets:
        raise NotFound(
            f"None of the collections of the retriever {retriever.name!r} exists any more.",
            field="collection_identifiers",
            value=", ".join(scope.missing),
            fix="Create them again, or create a retriever over other collections.",
        )
    return scope


def _advance(progress: _Progress, stage: StageSpec, inputs: Inputs, run: StageRun) -> None:
    """Run one stage; with `on_error: skip` a part that is not ready is left out, and the answer says so."""
    started, arrived = time.monotonic(), len(progress.documents)
    error: str | None = None
    try:
        result = _run(stage, progress.documents, inputs, run)
    except (NotReady, EndpointFailed) as failure:
        if stage.on_error != "skip":
            raise
        error = str(failure)
        result = StageResult(progress.documents, (_skipped(stage, failure),))
    progress.documents = result.documents
    progress.degraded += result.degraded
    progress.warnings += result.warnings
    progress.statistics[stage.stage_name] = StageStatistics(
        arrived, len(result.documents), (time.monotonic() - started) * 1000, error, result.metadata
    )


def _run(stage: StageSpec, documents: list[Document], inputs: Inputs, run: StageRun) -> StageResult:
    kind = find_stage(stage.stage_id, field=run.at)
    parameters: Mapping[str, object] = rendered(
        stage.parameters, inputs.values, at=run.at, optional=inputs.absent
    )
    return kind.run(parameters, documents, run)


def _skipped(stage: StageSpec, error: MixpeekError) -> Degraded:
    reason = f"The stage was skipped: {error.message}"
    return Degraded("stage", stage.stage_id, reason, error.fix or "Ask again.", stage.stage_name)


def _execution(
    retriever: Retriever, request: ExecuteSpec, inputs: Inputs, progress: _Progress, deadline: Deadline
) -> Execution:
    used = set().union(*(inputs_used(stage.parameters) for stage in retriever.stages))
    page = request.page
    documents = page.of(progress.documents)
    return Execution(
        retriever_id=retriever.retriever_id,
        execution_id=random_id("exec"),
        documents=documents,
        pagination=page.wire(total=len(progress.documents), returned=len(documents)),
        stages=progress.statistics,
        interpretation=inputs.interpretation(used),
        elapsed_ms=deadline.elapsed_ms,
        max_time_ms=deadline.budget_ms,
        max_credits=retriever.max_credits,
        degraded=tuple(progress.degraded),
        warnings=tuple(progress.warnings),
    )
