"""What a stage is: a name, a family, and three questions it answers about its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mixpeek_orchestration.core.feature_uri import FeatureUri
from mixpeek_orchestration.retrieval.context import RetrievalContext
from mixpeek_orchestration.retrieval.deadline import Deadline
from mixpeek_orchestration.retrieval.execution import Degraded
from mixpeek_orchestration.retrieval.pins import Pins
from mixpeek_orchestration.retrieval.scope import Scope

Document = dict[str, Any]


@dataclass(frozen=True)
class StageRun:
    """What a stage may use while it runs. `at` is where its parameters stand in the retriever, for messages."""

    name: str
    at: str
    scope: Scope
    context: RetrievalContext
    deadline: Deadline
    pins: Pins
    return_vectors: bool = False


@dataclass(frozen=True)
class StageResult:
    """The documents that a stage passes on, best first, and what was missing or odd on the way."""

    documents: list[Document]
    degraded: tuple[Degraded, ...] = ()
    warnings: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Stage(Protocol):
    """One kind of stage. Implementations hold no state."""

    stage_id: str
    stage_type: str

    def parameter_schema(self) -> dict[str, Any]:
        """The JSON schema of the parameters as people write them, templates included."""

    def normalized(self, parameters: Mapping[str, Any], *, at: str) -> dict[str, Any]:
        """The parameters as they are stored, in the newest spelling; raises `InvalidInput` naming the field."""

    def features(self, parameters: Mapping[str, Any]) -> list[FeatureUri]:
        """The features that these (normalized) parameters need."""

    def check(self, parameters: Mapping[str, Any], scope: Scope, *, at: str) -> None:
        """Raises `InvalidInput` when normalized parameters need something that the scope does not have."""

    def run(self, parameters: Mapping[str, Any], documents: list[Document], run: StageRun) -> StageResult:
        """What becomes of the documents of the stage before, with rendered parameters."""
