"""Erasing one object from one table of documents: out of its rows, its files, its indexes and its versions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa

from mixpeek_orchestration.core.collection import Distance, Generation
from mixpeek_orchestration.core.document import ROOT_OBJECT, SOURCE_ITEM
from mixpeek_orchestration.core.erasure import TableProof
from mixpeek_orchestration.core.ports.documents import DocumentStore, Stamp
from mixpeek_orchestration.core.ports.upkeep import FileTrace, TableFacts


@dataclass(frozen=True)
class DocumentTable:
    """A table with the generation that it belongs to, `None` for one that the catalog does not know."""

    name: str
    generation: Generation | None = None

    @property
    def lease(self) -> str:
        """The name of the lease of its one writer."""
        return f"write:{self.name}"


def rows_of(object_id: str) -> str:
    """The filter for the documents of an object."""
    return f"`{ROOT_OBJECT}` = '{object_id}'"


class TableEraser:
    """Does it. The caller holds the lease of the table's writer."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._upkeep = documents.upkeep

    def examine(self, table: DocumentTable, object_id: str) -> tuple[TableProof, set[str]]:
        """What the files of the table hold now, and the ids of everything of the object that they name.

        A table whose files hold nothing of it is proved by that.
        """
        files = self._upkeep.traces(table.name, object_id, mentions=[object_id])
        generation = table.generation
        proof = TableProof(
            table=table.name,
            collection_id=generation.collection_id if generation else "",
            generation_id=generation.generation_id if generation else "",
            rows_before=self._documents.count(table.name, where=rows_of(object_id)) if files else 0,
            found_before=sum(file.found for file in files),
            files_before=tuple(file.path for file in files),
            version=self._documents.version(table.name),
        )
        if all(file.is_clean for file in files):
            return replace(proof, files=tuple(files), files_before=(), is_rewritten=True), set()
        return proof, self._upkeep.identifiers(table.name, object_id)

    def rewrite(self, table: DocumentTable, proof: TableProof, object_id: str, erasure_id: str) -> TableProof:
        """The proof that no file of the table holds the object any more. Can be done again from any point."""
        self._delete_rows(table, object_id, erasure_id)
        self._upkeep.compact(table.name, all_deletions=True)
        rebuilt = self._rebuild_indexes(table)
        cleaned = self._upkeep.purge(table.name)
        files: list[FileTrace] = self._upkeep.traces(table.name, object_id, mentions=[object_id])
        left = {file.path for file in files}
        return replace(
            proof,
            version=self._documents.version(table.name),
            is_rewritten=True,
            files=tuple(files),
            files_before=(),
            removed_files=(*proof.removed_files, *(path for path in proof.files_before if path not in left)),
            removed_versions=proof.removed_versions + cleaned.versions,
            removed_tags=(*proof.removed_tags, *cleaned.tags),
            rebuilt_indexes=tuple(rebuilt),
        )

    def _delete_rows(self, table: DocumentTable, object_id: str, erasure_id: str) -> None:
        rows = self._documents.read(table.name, columns=[SOURCE_ITEM], where=rows_of(object_id))
        items = rows[SOURCE_ITEM].unique().to_pylist()
        if items:
            code_fp = table.generation.code_fp if table.generation else ""
            nothing = pa.table({SOURCE_ITEM: pa.array([], pa.string())})
            stamp = Stamp(erasure_id, code_fp, erasure_id)
            self._documents.commit(table.name, nothing, items=items, stamp=stamp)

    def _rebuild_indexes(self, table: DocumentTable) -> list[str]:
        """Every index made from the rows that are left: an index that is only patched keeps words and bounds of others."""
        facts: TableFacts | None = self._upkeep.facts(table.name)
        vectors = table.generation.vectors if table.generation else ()
        metric: dict[str, Distance] = {vector.column: vector.distance for vector in vectors}
        rebuilt = []
        for index in facts.indexes if facts else ():
            if not facts or not facts.rows or index.kind == "other":
                self._upkeep.drop_index(table.name, index.name)
                continue
            distance = metric.get(index.column, "cosine")
            self._upkeep.build(
                table.name, index.name, column=index.column, kind=index.kind, distance=distance
            )
            rebuilt.append(index.name)
        return rebuilt
