"""Retrievers: checked when they are created, executed by the retrieval package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mixpeek_orchestration.core.bucket import ManagedBy
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.extraction import QueryEncoder
from mixpeek_orchestration.core.retriever import Retriever
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.retrieval.context import RetrievalContext
from mixpeek_orchestration.retrieval.execution import Execution
from mixpeek_orchestration.retrieval.executor import execute
from mixpeek_orchestration.retrieval.request import ExecuteSpec
from mixpeek_orchestration.retrieval.spec import Origin, RetrieverSpec
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.declarations.ownership import check_owner
from mixpeek_orchestration.warehouse.migrations.query_log import QueryLog


class Retrievers:
    """The retrievers of the warehouse."""

    def __init__(
        self,
        catalog: Catalog,
        documents: DocumentStore,
        encoder: QueryEncoder,
        *,
        log: QueryLog | None = None,
    ) -> None:
        self._resources = catalog.resources
        self._context = RetrievalContext(catalog, documents, encoder)
        self._log = log

    def create(
        self,
        namespace_id: str,
        spec: RetrieverSpec,
        *,
        managed_by: ManagedBy = "api",
        created_by: str | None = None,
    ) -> Retriever:
        """A new retriever; raises `InvalidInput` naming the field that cannot work, `NotFound`, `NameConflict`."""
        origin = Origin(managed_by, created_by)
        return self._resources.put_retriever(
            spec.to_retriever(namespace_id, self._resources, now=now(), origin=origin)
        )

    def update(self, old: Retriever, spec: RetrieverSpec, *, managed_by: ManagedBy) -> Retriever:
        """The retriever with what the spec says now, its version raised by one."""
        check_owner(old.managed_by, managed_by, kind="retriever", name=old.name)
        new = self._described(old, spec, managed_by)
        return self._resources.put_retriever(replace(new, version=old.version + 1, updated_at=now()))

    def said(self, old: Retriever, spec: RetrieverSpec) -> Retriever:
        """The retriever as the spec would have it; equal to `old` when it says nothing new."""
        return self._described(old, spec, old.managed_by)

    def get(self, namespace_id: str, identifier: str) -> Retriever:
        """By id or name; raises `NotFound`."""
        found = self._resources.retriever(namespace_id, identifier)
        if found is None:
            raise NotFound(f"There is no retriever {identifier!r}.", field="retriever", value=identifier)
        return found

    def all(self, namespace_id: str) -> list[Retriever]:
        return self._resources.retrievers(namespace_id)

    def delete(self, namespace_id: str, identifier: str, *, managed_by: ManagedBy = "api") -> None:
        retriever = self.get(namespace_id, identifier)
        check_owner(retriever.managed_by, managed_by, kind="retriever", name=retriever.name)
        self._resources.delete_retriever(retriever.retriever_id)

    def execute(
        self, namespace_id: str, identifier: str, request: ExecuteSpec | Mapping[str, Any]
    ) -> Execution:
        """The answer of a retriever; see `retrieval.executor.execute` for what it raises."""
        spec = request if isinstance(request, ExecuteSpec) else validated(ExecuteSpec, dict(request))
        retriever = self.get(namespace_id, identifier)
        answer = execute(retriever, spec, context=self._context)
        if self._log is not None:
            self._log.note(namespace_id, retriever.retriever_id, spec.inputs)
        return answer

    def _described(self, old: Retriever, spec: RetrieverSpec, managed_by: ManagedBy) -> Retriever:
        said = spec.to_retriever(
            old.namespace_id,
            self._resources,
            now=old.updated_at,
            origin=Origin(managed_by, old.created_by),
            retriever_id=old.retriever_id,
        )
        return replace(said, version=old.version, created_at=old.created_at)
