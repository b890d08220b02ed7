"""The port to the catalog's definitions: namespaces, keys, buckets, collections, generations, retrievers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.retriever import Retriever
from mixpeek_orchestration.core.spending.budget import SpendBudget


@dataclass(frozen=True)
class Namespace:
    """A tenant: all resources live in one. `isolation` is the least strict level at which its packages may run,
    empty where the settings decide; `spend_budget` is what their runs may cost."""

    namespace_id: str
    name: str
    description: str | None = None
    created_at: str = ""
    isolation: str = ""
    spend_budget: SpendBudget = field(default_factory=SpendBudget)


@dataclass(frozen=True)
class ApiKey:
    """A key as the catalog keeps it: never the key itself. `namespaces` empty means all."""

    key_id: str
    key_hash: str
    prefix: str
    namespaces: tuple[str, ...] = ()
    created_at: str = ""


class ResourceCatalog(Protocol):
    """Namespaces, keys, buckets, collections, generations, retrievers. Every change raises `revision()` by one."""

    def revision(self) -> int: ...

    def put_namespace(self, namespace: Namespace) -> Namespace: ...
    def namespaces(self) -> list[Namespace]: ...
    def namespace(self, identifier: str) -> Namespace | None:
        """By id or by name."""

    def put_key(self, key: ApiKey) -> ApiKey: ...
    def key(self, key_id: str) -> ApiKey | None: ...
    def key_by_hash(self, key_hash: str) -> ApiKey | None: ...

    def put_bucket(self, bucket: Bucket) -> Bucket:
        """Insert or replace by id. Raises `NameConflict` when another bucket of the namespace folds to the same
        name (see `core.identity.folded`). The same holds for the other `put_…` of named resources."""

    def bucket(self, namespace_id: str, identifier: str) -> Bucket | None:
        """By id or exact name. The same holds for the other single reads."""

    def buckets(self, namespace_id: str | None = None) -> list[Bucket]:
        """Oldest first; of all namespaces without one. The same holds for the other lists."""

    def delete_bucket(self, bucket_id: str) -> bool:
        """Remove the bucket and its objects; `False` when it was not there."""

    def put_collection(self, collection: Collection) -> Collection:
        """As `put_bucket`; a generation that is active stays so, because `activate_generation` alone moves it. A put
        that does not know of a move keeps the extractor that came with it."""

    def collection(self, namespace_id: str, identifier: str) -> Collection | None: ...
    def collections(self, namespace_id: str | None = None) -> list[Collection]: ...
    def delete_collection(self, collection_id: str) -> bool:
        """Remove the collection, its generations, and what the ledger knows of them."""

    def put_generation(self, generation: Generation) -> Generation: ...
    def generation(self, generation_id: str) -> Generation | None: ...
    def generations(self, collection_id: str | None = None) -> list[Generation]:
        """By number; of all collections without one."""

    def activate_generation(self, collection_id: str, *, expected: str, new: str) -> bool:
        """Compare and swap the active generation, and with it what the collection says it is filled by; `False` when
        it was not `expected`."""

    def delete_generation(self, generation_id: str) -> bool:
        """Forget a generation and what the ledger knows of it; `False` when it was not there. Raises `Conflict` for
        one that is active."""

    def set_generation_code(self, generation_id: str, code_fp: str) -> None:
        """Record the code that committed last. Does not raise the revision: it is state, not definition."""

    def put_retriever(self, retriever: Retriever) -> Retriever: ...
    def retriever(self, namespace_id: str, identifier: str) -> Retriever | None: ...
    def retrievers(self, namespace_id: str | None = None) -> list[Retriever]: ...
    def delete_retriever(self, retriever_id: str) -> bool: ...
