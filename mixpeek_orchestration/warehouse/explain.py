"""Explaining documents: the way they were made, and what the planner says about each step now."""

from __future__ import annotations

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import NotFound
from mixpeek_orchestration.core.explanation import Explanation, Made
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.core.tiers import tier_of
from mixpeek_orchestration.warehouse.lineage import Lineage, Step
from mixpeek_orchestration.warehouse.runs.differing import changes, fields_of
from mixpeek_orchestration.warehouse.runs.planning import Planned, Planner


class Explanations:
    """Why documents are there, and what would make them again."""

    def __init__(
        self, catalog: Catalog, documents: DocumentStore, planner: Planner, lineage: Lineage
    ) -> None:
        self._catalog = catalog
        self._documents = documents
        self._planner = planner
        self._lineage = lineage

    def find(self, namespace_id: str, document_id: str) -> Explanation:
        """The explanation of a document in any collection of a namespace; raises `NotFound`."""
        for collection in self._catalog.resources.collections(namespace_id):
            if self._has(collection, document_id):
                return self.of(collection, document_id)
        raise NotFound(
            f"No collection here has a document {document_id!r}.",
            field="document_id",
            value=document_id,
            fix="Take the document_id of a search result, or of GET /v1/collections/{id}/documents.",
        )

    def of(self, collection: Collection, document_id: str) -> Explanation:
        """The explanation of a document of a collection; raises `NotFound`."""
        way = self._lineage.of(collection, document_id, whole=True)
        root = str(way[0].row[document.ROOT_OBJECT])
        found = self._catalog.objects.get_many([root]).get(root)
        bucket_id = str(way[0].row[document.ROOT_BUCKET])
        bucket = self._catalog.resources.bucket(collection.namespace_id, bucket_id)
        tiers = tier_of(self._catalog.resources.collections(collection.namespace_id))
        return Explanation(
            object_id=root,
            object_key=found.key if found else None,
            object_exists=found is not None,
            bucket=bucket.name if bucket else bucket_id,
            steps=tuple(self._made(step, tiers[step.collection.collection_id], root) for step in way),
        )

    def _has(self, collection: Collection, document_id: str) -> bool:
        generation = self._catalog.resources.generation(collection.active_generation)
        if generation is None or not self._documents.version(generation.table):
            return False
        column = document.DOCUMENT_ID
        found = self._documents.by_ids(generation.table, column, [document_id], columns=[column])
        return bool(found.num_rows)

    def _made(self, step: Step, tier: int, root: str) -> Made:
        row, collection = step.row, step.collection
        planned = self._planner.plan(collection.collection_id, selection=Selection(object_ids=(root,)))
        reason = _reason(planned, row[document.SOURCE_ITEM])
        batch = self._catalog.batches.get(row[document.BATCH]) if row[document.BATCH] else None
        trigger = batch.metadata.get("trigger") if batch else None
        code = self._catalog.ledger.code(row[document.CODE_FP])
        return Made(
            collection_id=collection.collection_id,
            collection=collection.name,
            tier=tier,
            document_id=step.document_id,
            position=row[document.POSITION],
            source=row[document.SOURCE_ITEM],
            extractor=row[document.EXTRACTOR],
            code_fp=row[document.CODE_FP],
            code_fp_now=planned.description.code_fp,
            code=code,
            code_now=planned.description.kept_parts,
            batch_id=row[document.BATCH],
            run_id=(batch.run_id if batch else None) or "",
            trigger=trigger if isinstance(trigger, str) else "",
            created_at=row[document.CREATED_AT],
            updated_at=row[document.UPDATED_AT],
            reads=_reads(planned.collection),
            carries=_carries(planned.collection),
            fields=fields_of(planned.collection, planned.description),
            reason=reason,
            changes=()
            if reason in (planning.UNCHANGED, planning.KNOWN_EMPTY)
            else changes(row, planned, code),
        )


def _reason(planned: Planned, item: str) -> str:
    """What the planner says about a source item; an item that it does not know is gone."""
    found = planned.plan.frame.filter(planned.plan.frame["item"] == item)
    reasons: list[str] = found["reason"].to_list()
    return reasons[0] if reasons else planning.ORPHANED


def _reads(collection: Collection) -> tuple[str, ...]:
    mappings = collection.extractor.input_mappings
    return tuple(f"{', '.join(paths)} as {name}" for name, paths in sorted(mappings.items()))


def _carries(collection: Collection) -> tuple[str, ...]:
    choice = collection.extractor
    every = ("every field of the source",) if choice.include_all_source_fields else ()
    return (*every, *(carried.target for carried in choice.passthrough))
