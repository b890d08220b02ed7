"""Definitions in SQL: namespaces, keys, buckets, collections with their generations, retrievers."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, delete, select

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.ports.resources import ApiKey, Namespace
from mixpeek_orchestration.core.retriever import Retriever
from mixpeek_orchestration.stores.catalog import schema
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.definitions import (
    BUCKET,
    COLLECTION,
    NAMESPACE,
    RETRIEVER,
    generation_is_active,
)
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.generations import GenerationTable
from mixpeek_orchestration.stores.catalog.named_table import NamedTable
from mixpeek_orchestration.stores.catalog.objects import forget_objects_of
from mixpeek_orchestration.stores.catalog.revision import bump, changing, read_revision
from mixpeek_orchestration.stores.catalog.statements import upsert

_OF_A_COLLECTION = (schema.generations, schema.outcomes, schema.failures, schema.tier_reports)


class SqlResources:
    """The `ResourceCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._namespaces = NamedTable(database, NAMESPACE, schema.namespaces)
        self._buckets = NamedTable(database, BUCKET, schema.buckets)
        self._collections = NamedTable(database, COLLECTION, schema.collections)
        self._retrievers = NamedTable(database, RETRIEVER, schema.retrievers)
        self._generations = GenerationTable(database)

    def revision(self) -> int:
        """How many definition changes there were."""
        with self._database.reading() as connection:
            return read_revision(connection)

    def put_namespace(self, namespace: Namespace) -> Namespace:
        return self._namespaces.put(namespace)

    def namespaces(self) -> list[Namespace]:
        return self._namespaces.all()

    def namespace(self, identifier: str) -> Namespace | None:
        return self._namespaces.find(None, identifier)

    def put_key(self, key: ApiKey) -> ApiKey:
        """Insert or replace by id."""
        with changing(self._database) as connection:
            old = connection.execute(
                select(schema.api_keys.c.body).where(schema.api_keys.c.key_id == key.key_id)
            ).scalar_one_or_none()
            kept = replace(key, created_at=key.created_at or now())
            row = {"key_id": kept.key_id, "key_hash": kept.key_hash, "body": encoded(kept)}
            if row["body"] != old:
                connection.execute(upsert(connection, schema.api_keys, key=["key_id"]), row)
                bump(connection)
            return kept

    def key(self, key_id: str) -> ApiKey | None:
        return self._key_where(schema.api_keys.c.key_id == key_id)

    def key_by_hash(self, key_hash: str) -> ApiKey | None:
        return self._key_where(schema.api_keys.c.key_hash == key_hash)

    def _key_where(self, condition: ColumnElement[bool]) -> ApiKey | None:
        statement = select(schema.api_keys.c.body).where(condition)
        with self._database.reading() as connection:
            body = connection.execute(statement).scalar_one_or_none()
        return None if body is None else decoded(ApiKey, body)

    def put_bucket(self, bucket: Bucket) -> Bucket:
        return self._buckets.put(bucket)

    def bucket(self, namespace_id: str, identifier: str) -> Bucket | None:
        return self._buckets.find(namespace_id, identifier)

    def buckets(self, namespace_id: str | None = None) -> list[Bucket]:
        return self._buckets.all(namespace_id)

    def delete_bucket(self, bucket_id: str) -> bool:
        """Remove the bucket; objects that it still held are deleted with it."""
        with changing(self._database) as connection:
            forget_objects_of(connection, bucket_id)
            return self._buckets.delete(connection, bucket_id)

    def put_collection(self, collection: Collection) -> Collection:
        """Insert or replace by id. A generation that is active stays so: `activate_generation` alone moves it."""
        return self._collections.put(collection)

    def collection(self, namespace_id: str, identifier: str) -> Collection | None:
        return self._collections.find(namespace_id, identifier)

    def collections(self, namespace_id: str | None = None) -> list[Collection]:
        return self._collections.all(namespace_id)

    def delete_collection(self, collection_id: str) -> bool:
        """Remove the collection, its generations, and what the ledger knows of them."""
        with changing(self._database) as connection:
            for table in _OF_A_COLLECTION:
                connection.execute(delete(table).where(table.c.collection_id == collection_id))
            return self._collections.delete(connection, collection_id)

    def put_generation(self, generation: Generation) -> Generation:
        return self._generations.put(generation)

    def generation(self, generation_id: str) -> Generation | None:
        return self._generations.get(generation_id)

    def generations(self, collection_id: str | None = None) -> list[Generation]:
        return self._generations.of(collection_id)

    def delete_generation(self, generation_id: str) -> bool:
        """Remove a generation with its outcomes and failures; raises `Conflict` for one that is active."""
        with changing(self._database) as connection:
            found = self._generations.by_id(connection, generation_id)
            if found is None:
                return False
            collection = self._collections.by_id(connection, found.collection_id)
            if collection is not None and collection.active_generation == generation_id:
                raise generation_is_active(generation_id)
            for table in (schema.outcomes, schema.failures):
                connection.execute(delete(table).where(table.c.generation_id == generation_id))
            return self._generations.delete(connection, generation_id)

    def activate_generation(self, collection_id: str, *, expected: str, new: str) -> bool:
        """Compare and swap the active generation, and what the collection is filled by with it; `False` when it was
        not `expected`."""
        with changing(self._database) as connection:
            old = self._collections.by_id(connection, collection_id)
            if old is None or old.active_generation != expected:
                return False
            if new != expected:
                generation = self._generations.by_id(connection, new)
                filled = old if generation is None else old.filled_by(generation)
                moved = replace(filled, active_generation=new, updated_at=now())
                self._collections.write(connection, moved, exists=True)
            return True

    def set_generation_code(self, generation_id: str, code_fp: str) -> None:
        self._generations.set_code(generation_id, code_fp)

    def put_retriever(self, retriever: Retriever) -> Retriever:
        return self._retrievers.put(retriever)

    def retriever(self, namespace_id: str, identifier: str) -> Retriever | None:
        return self._retrievers.find(namespace_id, identifier)

    def retrievers(self, namespace_id: str | None = None) -> list[Retriever]:
        return self._retrievers.all(namespace_id)

    def delete_retriever(self, retriever_id: str) -> bool:
        with changing(self._database) as connection:
            return self._retrievers.delete(connection, retriever_id)
