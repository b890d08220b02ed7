"""Source items: what a collection reads, as the planner sees it and as the engine takes it."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import polars as pl

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core.admission import admission_of
from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection, FieldPassthrough, Generation
from mixpeek_orchestration.core.errors import Broken, NotFound
from mixpeek_orchestration.core.fingerprint import canonical_json, fields_fp, plain
from mixpeek_orchestration.core.object import Blob, SourceObject
from mixpeek_orchestration.core.plan import FILTERED, MISSING
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.ports.extraction import InputRow, SourceItem
from mixpeek_orchestration.warehouse.runs.refused_documents import column_of, refused_documents

_HAS_BLOB = "has_blob"
_PLAIN_TYPES = frozenset({"string", "int32", "int64", "double", "bool"})
_ARROW_TYPES = {"integer": "int64", "number": "double", "float": "double", "boolean": "bool"}


@dataclass(frozen=True)
class LoadedItem:
    """One source item with everything that its rows inherit."""

    source: SourceItem
    root_object: str
    root_bucket: str
    source_collection: str
    source_fp: str
    input_fp: str
    pass_fp: str
    carried: Mapping[str, Any]
    mime_type: str


class ItemReader(Protocol):
    """The source of one collection."""

    def frame(self, roots: AnyOf[str] | None) -> pl.DataFrame:
        """What the planner needs: `item`, `root_object`, `source_fp`, `filtered`, `missing_input`."""

    def load(self, items: Sequence[str]) -> dict[str, LoadedItem]:
        """The items that still exist, by id."""

    def carried_types(self, carried: AnyOf[str]) -> dict[str, str]:
        """The Arrow type (as text) of every carried column."""


def open_reader(
    collection: Collection,
    catalog: Catalog,
    documents: DocumentStore,
    *,
    instead: Mapping[str, Generation] = MappingProxyType({}),
) -> ItemReader:
    """The reader for a collection's source: of other collections the active generations, or those named `instead`."""
    if collection.source.type == "bucket":
        buckets = {b.bucket_id: b for b in catalog.resources.buckets(collection.namespace_id)}
        return BucketItems(collection, [buckets[bucket_id] for bucket_id in collection.source.ids], catalog)
    upstream = {c.collection_id: c for c in catalog.resources.collections(collection.namespace_id)}
    sources = [upstream[cid] for cid in collection.source.ids]
    generations = [instead.get(s.collection_id) or _active_generation(s, catalog) for s in sources]
    for source, generation in zip(sources, generations, strict=True):
        _check_is_there(source, generation, catalog, documents)
    tables = [(generation.table, generation.collection_id) for generation in generations]
    return DocumentItems(collection, tables, documents)


def _choice_fp(collection: Collection) -> str:
    """What the collection reads and carries. It is part of an item's `source_fp`, so that a collection that is told
    to read or carry other fields looks at every item again."""
    choice = collection.extractor
    mappings = {name: list(paths) for name, paths in choice.input_mappings.items()}
    carried = [[p.source_path, p.target, plain(p.default)] for p in choice.passthrough]
    return fields_fp({"mappings": mappings, "carried": carried, "all": choice.include_all_source_fields})[:8]


def _fingerprints(collection: Collection, inputs: object, carried: Mapping[str, Any]) -> tuple[str, str]:
    """`input_fp` and `pass_fp`; which source field feeds which input is part of the input."""
    mappings = {name: list(paths) for name, paths in collection.extractor.input_mappings.items()}
    return fields_fp({"mappings": mappings, "inputs": inputs}), carried_fp(carried)


def carried_fp(carried: Mapping[str, Any]) -> str:
    """The `pass_fp` of these fields."""
    return fields_fp({name: plain(value) for name, value in carried.items()})


class BucketItems:
    """Objects of buckets."""

    def __init__(self, collection: Collection, buckets: Sequence[Bucket], catalog: Catalog) -> None:
        self._collection = collection
        self._buckets = {bucket.bucket_id: bucket for bucket in buckets}
        self._objects = catalog.objects
        self._choice_fp = _choice_fp(collection)
        paths = [path for mapped in collection.extractor.input_mappings.values() for path in mapped]
        self._mapped_blobs = [p for p in paths if any(_is_blob(b, p) for b in buckets)]
        self._mapped_fields = [p for p in paths if p not in self._mapped_blobs]
        self._admission = admission_of(collection, inputs=tuple(self._mapped_fields))
        carried = collection.extractor.passthrough
        self._source_of = {p.target: p.source_path.removeprefix("metadata.") for p in carried}

    def frame(self, roots: AnyOf[str] | None) -> pl.DataFrame:
        found = self._objects.frame(list(self._buckets), object_ids=roots)
        present = pl.col("properties").list.eval(pl.element().is_in(self._mapped_blobs)).list.any()
        found = found.with_columns(present.fill_null(False).alias(_HAS_BLOB), _with_choice(self._choice_fp))
        return found.with_columns(*self._flags(found)).drop(_HAS_BLOB)

    def _flags(self, found: pl.DataFrame) -> list[pl.Series | pl.Expr]:
        """What is filtered and what is missing. Objects are read only where their fields decide it."""
        asked = self._admission
        if not asked.fields:
            return [pl.lit(False).alias(FILTERED), (~pl.col(_HAS_BLOB)).alias(MISSING)]
        undecided = found if asked.looks_at_all else found.filter(~pl.col(_HAS_BLOB))
        read = self._objects.get_many(undecided["item"].to_list())
        fields = {object_id: obj.metadata for object_id, obj in read.items()}
        each = [
            (fields.get(item, {}), has_blob) for item, has_blob in found.select("item", _HAS_BLOB).iter_rows()
        ]
        return [
            pl.Series(FILTERED, [not asked.takes(said) for said, _ in each], dtype=pl.Boolean),
            pl.Series(
                MISSING,
                [asked.lacks_required(said) or not (blob or asked.has_input(said)) for said, blob in each],
                dtype=pl.Boolean,
            ),
        ]

    def load(self, items: Sequence[str]) -> dict[str, LoadedItem]:
        return {object_id: self._loaded(obj) for object_id, obj in self._objects.get_many(items).items()}

    def _loaded(self, obj: SourceObject) -> LoadedItem:
        rows = [_blob_row(blob) for blob in obj.blobs if blob.property in self._mapped_blobs]
        rows += [row for path in self._mapped_fields if (row := _field_row(obj, path)) is not None]
        carried = self._carried(obj)
        described = [[r.blob_property, r.blob_type, r.mime_type, r.content_hash or r.text] for r in rows]
        input_fp, pass_fp = _fingerprints(self._collection, described, carried)
        return LoadedItem(
            source=SourceItem(obj.object_id, obj.object_id, tuple(rows)),
            root_object=obj.object_id,
            root_bucket=obj.bucket_id,
            source_collection="",
            source_fp=f"{obj.source_fp}:{self._choice_fp}",
            input_fp=input_fp,
            pass_fp=pass_fp,
            carried=carried,
            mime_type=rows[0].mime_type if rows else "",
        )

    def _carried(self, obj: SourceObject) -> dict[str, Any]:
        choice = self._collection.extractor
        everything = dict(obj.metadata) if choice.include_all_source_fields else {}
        named = {p.target: _value_at(obj.metadata, p) for p in choice.passthrough}
        types = self.carried_types({*everything, *named})
        return {name: _as_column(value, types[name]) for name, value in {**everything, **named}.items()}

    def carried_types(self, carried: AnyOf[str]) -> dict[str, str]:
        """Declared scalar fields keep their type; everything else is text, JSON where it is not text already."""
        return {name: self._type_of(self._source_of.get(name, name)) for name in carried}

    def _type_of(self, path: str) -> str:
        """The type that every bucket declares for a field; text where one of them does not."""
        declared = {b.properties[path].type if path in b.properties else "" for b in self._buckets.values()}
        return _ARROW_TYPES.get(declared.pop(), "string") if len(declared) == 1 else "string"


class DocumentItems:
    """Documents of other collections."""

    def __init__(
        self,
        collection: Collection,
        tables: Sequence[tuple[str, str]],
        documents: DocumentStore,
    ) -> None:
        """`tables` are the tables to read, each with the id of its collection."""
        self._collection = collection
        self._documents = documents
        self._choice_fp = _choice_fp(collection)
        self._tables = list(tables)
        choice = collection.extractor
        self._inputs = [(name, path) for name, paths in choice.input_mappings.items() for path in paths]
        self._admission = admission_of(collection, inputs=tuple(path for _, path in self._inputs))
        self._sources = {p.target: column_of(p.source_path) for p in choice.passthrough}

    def frame(self, roots: AnyOf[str] | None) -> pl.DataFrame:
        each = [self._flagged(table, roots) for table, _ in self._tables]
        return pl.concat(each).with_columns(_with_choice(self._choice_fp))

    def _flagged(self, table: str, roots: AnyOf[str] | None) -> pl.DataFrame:
        found = self._documents.upstream(table, roots=roots)
        refused = refused_documents(self._documents, table, self._admission, roots)
        marked = found.join(refused, on="item", how="left", maintain_order="left")
        return marked.with_columns(pl.col(FILTERED, MISSING).fill_null(False))

    def load(self, items: Sequence[str]) -> dict[str, LoadedItem]:
        found: dict[str, LoadedItem] = {}
        # Every look at a table's columns asks for its newest version: once for all items, not once for each.
        types = [self._documents.columns(table) for table, _ in self._tables]
        for (table, collection_id), present in zip(self._tables, types, strict=True):
            columns = self._columns(present)
            rows = self._documents.by_ids(table, document.DOCUMENT_ID, items, columns=columns).to_pylist()
            for row in rows:
                found[row[document.DOCUMENT_ID]] = self._loaded(row, collection_id, types)
        return found

    def _columns(self, present: Mapping[str, str]) -> list[str]:
        choice = self._collection.extractor
        wanted = {*document.LINEAGE, *(column_of(path) for _, path in self._inputs), *self._sources.values()}
        if choice.include_all_source_fields:
            wanted |= {name for name, kind in present.items() if not kind.startswith("fixed_size_list")}
        return [name for name in present if name in wanted]

    def _loaded(
        self, row: Mapping[str, Any], collection_id: str, types: Sequence[Mapping[str, str]]
    ) -> LoadedItem:
        choice = self._collection.extractor
        item = row[document.DOCUMENT_ID]
        inputs = {(name, path): row.get(column_of(path)) for name, path in self._inputs}
        rows = [
            _value_row(item, path, value) for (_, path), value in inputs.items() if value not in (None, "")
        ]
        carried = {p.target: _default(row.get(column_of(p.source_path)), p) for p in choice.passthrough}
        if choice.include_all_source_fields:
            carried = {**{k: v for k, v in row.items() if not document.is_reserved(k)}, **carried}
        carried = {
            name: _as_column(value, _common_type(types, self._sources.get(name, name)))
            for name, value in carried.items()
        }
        described = [[r.blob_property, r.text] for r in rows]
        input_fp, pass_fp = _fingerprints(self._collection, described, carried)
        return LoadedItem(
            source=SourceItem(item, row[document.ROOT_OBJECT], tuple(rows)),
            root_object=row[document.ROOT_OBJECT],
            root_bucket=row[document.ROOT_BUCKET],
            source_collection=collection_id,
            source_fp=f"{row[document.CONTENT_FP]}:{self._choice_fp}",
            input_fp=input_fp,
            pass_fp=pass_fp,
            carried=carried,
            mime_type=rows[0].mime_type if rows else "",
        )

    def carried_types(self, carried: AnyOf[str]) -> dict[str, str]:
        types = [self._documents.columns(table) for table, _ in self._tables]
        return {name: _common_type(types, self._sources.get(name, name)) for name in carried}


def _common_type(tables: Sequence[Mapping[str, str]], column: str) -> str:
    """The type of a column in all of the tables, where they agree on a plain one; text elsewhere."""
    kinds = {table[column] for table in tables if column in table}
    return kinds.pop() if len(kinds) == 1 and kinds <= _PLAIN_TYPES else "string"


def _with_choice(choice_fp: str) -> pl.Expr:
    return (pl.col("source_fp") + f":{choice_fp}").alias("source_fp")


def _active_generation(collection: Collection, catalog: Catalog) -> Generation:
    generation = catalog.resources.generation(collection.active_generation)
    if generation is None:
        raise NotFound(
            f"Collection {collection.name!r} has no active generation.", value=collection.collection_id
        )
    return generation


def _check_is_there(
    source: Collection, generation: Generation, catalog: Catalog, documents: DocumentStore
) -> None:
    """Raises `Broken` for a table that somebody removed: it reads like a source whose documents were all deleted."""
    mark = catalog.marks.get(generation.generation_id)
    if mark is not None and mark.rows and not documents.version(generation.table):
        raise Broken(
            f"The table of {source.name!r} had {mark.rows} documents, and is gone.",
            value=generation.table,
            fix=f"mixpeek drift heal {source.name}",
        )


def _is_blob(bucket: Bucket, path: str) -> bool:
    return path in bucket.properties and bucket.properties[path].is_blob


def _blob_row(blob: Blob) -> InputRow:
    return InputRow(
        blob_id=blob.blob_id,
        blob_property=blob.property,
        blob_type=blob.type,
        mime_type=blob.mime_type,
        size_bytes=blob.size_bytes,
        content_hash=blob.content_hash,
    )


def _field_row(obj: SourceObject, path: str) -> InputRow | None:
    value = _at(obj.metadata, path.removeprefix("metadata."))
    return None if value in (None, "") else _value_row(obj.object_id, path, value)


def _value_row(item: str, path: str, value: Any) -> InputRow:
    text = value if isinstance(value, str) else canonical_json(value)
    return InputRow(
        blob_id=f"{item}:{path}",
        blob_property=path,
        blob_type="text",
        mime_type="text/plain",
        size_bytes=len(text.encode()),
        text=text,
    )


def _at(fields: Mapping[str, Any], path: str) -> Any:
    value: Any = fields
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _value_at(fields: Mapping[str, Any], carried: FieldPassthrough) -> Any:
    return _default(_at(fields, carried.source_path.removeprefix("metadata.")), carried)


def _default(value: Any, carried: FieldPassthrough) -> Any:
    return carried.default if value is None else value


def _as_column(value: Any, arrow_type: str) -> Any:
    """A value that fits a column of this type: text stays text, anything else becomes JSON in a text column."""
    if value is None or (isinstance(value, str) and arrow_type == "string"):
        return value
    if arrow_type == "double":
        return float(value)
    return value if arrow_type != "string" else canonical_json(plain(value))
