"""Definitions in memory."""

from __future__ import annotations

import threading
from dataclasses import replace

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.ports.resources import ApiKey, Namespace
from mixpeek_orchestration.core.retriever import Retriever
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.definitions import (
    BUCKET,
    COLLECTION,
    NAMESPACE,
    RETRIEVER,
    generation_is_active,
    number_taken,
    settled_generation,
    unknown_namespace,
)
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.memory.definitions import MemoryDefinitions
from mixpeek_orchestration.stores.catalog.memory.ledger import MemoryLedger
from mixpeek_orchestration.stores.catalog.memory.objects import MemoryObjects


class MemoryResources:
    """The `ResourceCatalog` in memory."""

    def __init__(self, objects: MemoryObjects, ledger: MemoryLedger) -> None:
        self._objects = objects
        self._ledger = ledger
        self._lock = threading.RLock()
        self._revision = 0
        self._namespaces = MemoryDefinitions(NAMESPACE, self.count_change)
        self._buckets = MemoryDefinitions(BUCKET, self.count_change)
        self._collections = MemoryDefinitions(COLLECTION, self.count_change)
        self._retrievers = MemoryDefinitions(RETRIEVER, self.count_change)
        self._keys: dict[str, ApiKey] = {}
        self._generations: dict[str, str] = {}

    def revision(self) -> int:
        """How many definition changes there were."""
        return self._revision

    def put_namespace(self, namespace: Namespace) -> Namespace:
        with self._lock:
            return self._namespaces.put(namespace)

    def namespaces(self) -> list[Namespace]:
        with self._lock:
            return self._namespaces.all()

    def namespace(self, identifier: str) -> Namespace | None:
        with self._lock:
            return self._namespaces.find(None, identifier)

    def put_key(self, key: ApiKey) -> ApiKey:
        """Insert or replace by id."""
        with self._lock:
            kept = replace(key, created_at=key.created_at or now())
            if self._keys.get(key.key_id) != kept:
                self._keys[key.key_id] = kept
                self.count_change()
            return kept

    def key(self, key_id: str) -> ApiKey | None:
        with self._lock:
            return self._keys.get(key_id)

    def key_by_hash(self, key_hash: str) -> ApiKey | None:
        with self._lock:
            return next((key for key in self._keys.values() if key.key_hash == key_hash), None)

    def put_bucket(self, bucket: Bucket) -> Bucket:
        with self._lock:
            self._check_namespace(bucket.namespace_id)
            return self._buckets.put(bucket)

    def bucket(self, namespace_id: str, identifier: str) -> Bucket | None:
        with self._lock:
            return self._buckets.find(namespace_id, identifier)

    def buckets(self, namespace_id: str | None = None) -> list[Bucket]:
        with self._lock:
            return self._buckets.all(namespace_id)

    def delete_bucket(self, bucket_id: str) -> bool:
        """Remove the bucket; objects that it still held are deleted with it."""
        with self._lock:
            self._objects.delete(bucket_id, self._objects.ids(bucket_id))
            return self._buckets.delete(bucket_id)

    def put_collection(self, collection: Collection) -> Collection:
        """Insert or replace by id. A generation that is active stays so: `activate_generation` alone moves it."""
        with self._lock:
            self._check_namespace(collection.namespace_id)
            return self._collections.put(collection)

    def collection(self, namespace_id: str, identifier: str) -> Collection | None:
        with self._lock:
            return self._collections.find(namespace_id, identifier)

    def collections(self, namespace_id: str | None = None) -> list[Collection]:
        with self._lock:
            return self._collections.all(namespace_id)

    def delete_collection(self, collection_id: str) -> bool:
        """Remove the collection, its generations, and what the ledger knows of them."""
        with self._lock:
            for generation in self.generations(collection_id):
                del self._generations[generation.generation_id]
            self._ledger.drop(collection_id)
            return self._collections.delete(collection_id)

    def put_generation(self, generation: Generation) -> Generation:
        """Insert or replace by id, and count the change if there is one."""
        with self._lock:
            for other in self.generations(generation.collection_id):
                if other.number == generation.number and other.generation_id != generation.generation_id:
                    raise number_taken(generation.collection_id, generation.number, other.generation_id)
            old = self.generation(generation.generation_id)
            kept = settled_generation(generation, old)
            if kept != old:
                self._generations[kept.generation_id] = encoded(kept)
                self.count_change()
            return kept

    def generation(self, generation_id: str) -> Generation | None:
        body = self._generations.get(generation_id)
        return None if body is None else decoded(Generation, body)

    def generations(self, collection_id: str | None = None) -> list[Generation]:
        """The generations of a collection, or of all of them, oldest first."""
        with self._lock:
            every = [decoded(Generation, body) for body in self._generations.values()]
        wanted = [g for g in every if collection_id in (None, g.collection_id)]
        return sorted(wanted, key=lambda g: (g.collection_id, g.number))

    def delete_generation(self, generation_id: str) -> bool:
        """Remove a generation with its outcomes and failures; raises `Conflict` for one that is active."""
        with self._lock:
            found = self.generation(generation_id)
            if found is None:
                return False
            collection = self._collections.by_id(found.collection_id)
            if collection is not None and collection.active_generation == generation_id:
                raise generation_is_active(generation_id)
            self._ledger.drop_generation(generation_id)
            del self._generations[generation_id]
            self.count_change()
            return True

    def activate_generation(self, collection_id: str, *, expected: str, new: str) -> bool:
        """Compare and swap the active generation, and what the collection is filled by with it; `False` when it was
        not `expected`."""
        with self._lock:
            old = self._collections.by_id(collection_id)
            if old is None or old.active_generation != expected:
                return False
            if new != expected:
                generation = self.generation(new)
                filled = old if generation is None else old.filled_by(generation)
                self._collections.write(replace(filled, active_generation=new, updated_at=now()))
            return True

    def set_generation_code(self, generation_id: str, code_fp: str) -> None:
        with self._lock:
            generation = self.generation(generation_id)
            if generation is not None:
                self._generations[generation_id] = encoded(replace(generation, code_fp=code_fp))

    def put_retriever(self, retriever: Retriever) -> Retriever:
        with self._lock:
            self._check_namespace(retriever.namespace_id)
            return self._retrievers.put(retriever)

    def retriever(self, namespace_id: str, identifier: str) -> Retriever | None:
        with self._lock:
            return self._retrievers.find(namespace_id, identifier)

    def retrievers(self, namespace_id: str | None = None) -> list[Retriever]:
        with self._lock:
            return self._retrievers.all(namespace_id)

    def delete_retriever(self, retriever_id: str) -> bool:
        with self._lock:
            return self._retrievers.delete(retriever_id)

    def count_change(self) -> None:
        """Raise the revision by one."""
        with self._lock:
            self._revision += 1

    def _check_namespace(self, namespace_id: str) -> None:
        if self._namespaces.by_id(namespace_id) is None:
            raise unknown_namespace(namespace_id)
