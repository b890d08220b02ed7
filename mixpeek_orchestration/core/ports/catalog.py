"""The ports to the catalog, one per concern."""

from __future__ import annotations

from collections.abc import Collection as AnyOf
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.bucket import Bucket, BucketCounts
from mixpeek_orchestration.core.budget import SpendBudget
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.failure import FailureGroup, FailureQuery, ItemError
from mixpeek_orchestration.core.object import SourceObject
from mixpeek_orchestration.core.ports.erasures import ErasureCatalog
from mixpeek_orchestration.core.ports.marks import MarkCatalog
from mixpeek_orchestration.core.ports.measurements import MeasurementCatalog
from mixpeek_orchestration.core.ports.migrations import MigrationCatalog, QueryCatalog
from mixpeek_orchestration.core.ports.models import ModelCatalog
from mixpeek_orchestration.core.ports.packages import PackageCatalog
from mixpeek_orchestration.core.ports.secrets import SecretCatalog
from mixpeek_orchestration.core.ports.syncs import SyncCatalog
from mixpeek_orchestration.core.report import TierReport
from mixpeek_orchestration.core.retriever import Retriever
from mixpeek_orchestration.core.upload import Upload

if TYPE_CHECKING:
    import polars as pl


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


class ObjectCatalog(Protocol):
    """Objects of buckets. Deleted objects stay known by id, so that their documents can be found and removed."""

    def put(self, objects: Sequence[SourceObject]) -> None:
        """Insert or replace by id, all or none; an id that was deleted lives again. Keeps the first `created_at`."""

    def get(self, bucket_id: str, object_id: str) -> SourceObject | None:
        """A live object."""

    def get_many(self, object_ids: Sequence[str]) -> dict[str, SourceObject]:
        """The live ones among these ids."""

    def page(self, bucket_id: str, *, limit: int = 100, offset: int = 0) -> list[SourceObject]:
        """Live objects, oldest first."""

    def delete(self, bucket_id: str, object_ids: Sequence[str]) -> int:
        """Mark as deleted; returns how many were live."""

    def ids(self, bucket_id: str) -> list[str]: ...

    def counts(self, bucket_id: str) -> BucketCounts: ...

    def frame(self, bucket_ids: Sequence[str], *, object_ids: AnyOf[str] | None = None) -> pl.DataFrame:
        """Live objects as the planner sees them, in one read: `item`, `root_object` (the same id), `source_fp`,
        `properties` (list of strings: the object's blob properties)."""


class BatchCatalog(Protocol):
    """Batches, what is in them, and how far they are."""

    def create(self, batch: Batch, object_ids: Sequence[str]) -> Batch: ...
    def get(self, batch_id: str) -> Batch | None: ...
    def get_many(self, batch_ids: Sequence[str]) -> dict[str, Batch]:
        """Those that are there, by id."""

    def recent(
        self, *, bucket_id: str | None = None, statuses: AnyOf[str] | None = None, limit: int = 100
    ) -> list[Batch]:
        """Newest first."""

    def object_ids(self, batch_ids: Sequence[str]) -> dict[str, list[str]]:
        """Object ids by batch id, in the order they were added."""

    def add(self, batch_id: str, object_ids: Sequence[str]) -> Batch:
        """Add objects to a draft, each once. Raises `NotFound`, and `Conflict` when it was submitted."""

    def submit(self, batch_id: str) -> Batch:
        """Raise the submission by one, forget earlier tier reports and set `PENDING`.

        Raises `NotFound`, and `Conflict` while the batch is pending or in progress.
        """

    def start(self, batch_id: str, *, run_id: str) -> Batch:
        """Set `IN_PROGRESS`, remember the run and clear the error, unless the batch has ended."""

    def start_all(self, batch_ids: Sequence[str], *, run_id: str) -> dict[str, Batch]:
        """The same for a set of batches, all of them or none."""

    def record_tier(self, batch_id: str, collection_id: str, report: TierReport, *, run_id: str) -> Batch:
        """Keep the report of one collection and set the status that follows (`core.batch.status_after`)."""

    def record_tiers(
        self, collection_id: str, reports: Mapping[str, TierReport], *, run_id: str
    ) -> dict[str, Batch]:
        """The same for a set of batches, by batch id, all of them or none."""

    def fail(self, batch_id: str, *, error: str, submission: int | None = None) -> Batch:
        """Set `FAILED` with a reason, unless the batch has ended or moved on to another submission."""

    def cancel(self, batch_id: str) -> Batch:
        """Set `CANCELED` unless the batch has ended."""

    def forget(self, batch_ids: Sequence[str]) -> int:
        """Remove drafts and batches that have ended, with what is in them; how many there were. Others stay."""


@dataclass(frozen=True)
class ItemOutcome:
    """Why an item has no rows, or not all of them: `outcome` is `empty`, `failed` or `partial`. One that is `seen` has
    its rows: its source moved in a way that nobody reads (`core.looks`)."""

    item: str
    outcome: str
    reason: str
    root_object: str
    source_fp: str
    input_fp: str
    code_fp: str
    transient: bool = False
    replay: str = ""
    """The batch that is to try the item again whatever was decided before; empty for most."""


@dataclass(frozen=True)
class Failure:
    """An open or resolved failure of one row, as the failure table keeps it. `run_id` is the run that it happened in,
    `resolved_by` the one that resolved it; `root_object` the source object that the item comes from."""

    failure_id: str
    collection_id: str
    generation_id: str
    batch_id: str
    error: ItemError
    attempt: int = 1
    versions: Mapping[str, str] = field(default_factory=dict)
    created_at: str = ""
    resolved_at: str | None = None
    root_object: str = ""
    run_id: str = ""
    resolved_by: str = ""


class FailureCatalog(Protocol):
    """The failure table, read; the ledger writes it."""

    def page(self, which: FailureQuery, *, limit: int = 100, offset: int = 0) -> list[Failure]:
        """Newest first."""

    def count(self, which: FailureQuery) -> int:
        """How many failures, of which an item can have several."""

    def groups(self, which: FailureQuery, *, by: Sequence[str]) -> list[FailureGroup]:
        """By the named parts of `core.failure.GROUPS`; those with the most items first."""

    def items(self, which: FailureQuery) -> dict[str, str]:
        """The root object of every item with such a failure."""


class Ledger(Protocol):
    """What happened to items that left no (or not every) row, the failures, the code parts and the history."""

    def settle(
        self,
        generation_id: str,
        *,
        collection_id: str,
        batch_id: str,
        done: Sequence[str],
        outcomes: Sequence[ItemOutcome],
        errors: Sequence[ItemError],
        versions: Mapping[str, str],
        run_id: str = "",
    ) -> None:
        """After a commit, in one transaction: forget outcomes and resolve failures of the items in `done` and of
        those in `outcomes`, then keep the new outcomes and open a failure per error, its attempt one higher than
        the last failure of the same item. What was asked to be replayed is not asked any more."""

    def outcomes(self, generation_id: str, *, roots: AnyOf[str] | None = None) -> pl.DataFrame:
        """`item`, `root_object`, `outcome`, `reason`, `source_fp`, `input_fp`, `code_fp`, `transient`,
        `replay`."""

    def forget(self, generation_id: str, items: Sequence[str], *, run_id: str = "") -> None:
        """Drop outcomes and resolve failures of items that are gone."""

    def ask_replay(self, generation_id: str, items: Sequence[str], *, batch_id: str) -> int:
        """Mark the failed and partial ones of these items to be tried again by a batch; how many there were."""

    def failures(self, collection_id: str, *, open_only: bool = True, limit: int = 100) -> list[Failure]:
        """Newest first."""

    def open_failure_count(self, collection_id: str) -> int:
        """Source items with an open failure."""

    def keep_code(self, code_fp: str, parts: Mapping[str, str]) -> None: ...
    def code(self, code_fp: str) -> dict[str, str]:
        """The named parts under a `code_fp`; empty when it was never seen."""

    def keep_reports(self, reports: Mapping[str, TierReport], *, run_id: str, code_fp: str) -> None:
        """Add the reports of a run, by batch id, to the history of their collections."""

    def ran_whole(self, collection_id: str) -> bool:
        """Whether any report is of a run over the whole source, without a batch."""

    def history(self, collection_id: str, *, limit: int = 20) -> list[TierReport]:
        """Newest first; what estimates come from."""


@dataclass(frozen=True)
class Lease:
    """The right of one owner to something until it expires (seconds since the epoch)."""

    name: str
    owner: str
    expires_at: float
    host: str = ""
    pid: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)


class LeaseCatalog(Protocol):
    """Leases with heartbeats, by compare and swap; expired ones can be taken by anyone."""

    def acquire(
        self, name: str, *, owner: str, ttl_s: float, payload: Mapping[str, Any] | None = None
    ) -> Lease | None:
        """The lease, also when `owner` has it already (its expiry moves, and without a new payload the old one
        stays); `None` when another owner has it."""

    def renew(self, name: str, *, owner: str, ttl_s: float) -> bool:
        """`False` when the lease was lost: released, or taken by another owner after it had expired."""

    def release(self, name: str, *, owner: str) -> bool: ...
    def held(self, *, prefix: str = "") -> list[Lease]:
        """Leases that were not released, by name; expired ones too, for whoever looks for dead owners."""


@dataclass(frozen=True)
class Deployment:
    """An endpoint: one extractor version that answers queries.

    `wanted_fp` is what should run, `running_fp` what does. `code_fps` maps the fingerprint of each parameter set
    in use to the batch `code_fp` of the package that is running. `namespace_id` is the namespace that a published
    version answers for, empty for a working copy, which answers for all of them.
    """

    endpoint_id: str
    extractor_name: str
    extractor_version: str
    status: str = "PENDING"
    wanted_fp: str = ""
    running_fp: str = ""
    url: str = ""
    code_fps: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    updated_at: str = ""
    namespace_id: str = ""


class DeploymentCatalog(Protocol):
    """Endpoints and their state."""

    def put(self, deployment: Deployment) -> Deployment: ...
    def get(self, name: str, version: str, *, namespace_id: str = "") -> Deployment | None:
        """By extractor name and version in any spelling: the endpoint that answers in a namespace, which is the first
        one in its `core.published.scopes`."""

    def all(self) -> list[Deployment]: ...
    def delete(self, endpoint_id: str) -> bool: ...


class UploadCatalog(Protocol):
    """Files that were announced, and those that have arrived."""

    def put(self, upload: Upload) -> Upload:
        """Insert or replace by id."""

    def get(self, upload_id: str) -> Upload | None: ...


class Catalog(Protocol):
    """All of the catalog, by concern. Implementations are safe to use from several threads and processes."""

    resources: ResourceCatalog
    objects: ObjectCatalog
    batches: BatchCatalog
    ledger: Ledger
    failures: FailureCatalog
    marks: MarkCatalog
    leases: LeaseCatalog
    deployments: DeploymentCatalog
    uploads: UploadCatalog
    erasures: ErasureCatalog
    secrets: SecretCatalog
    models: ModelCatalog
    packages: PackageCatalog
    migrations: MigrationCatalog
    queries: QueryCatalog
    syncs: SyncCatalog
    measurements: MeasurementCatalog

    def close(self) -> None: ...
