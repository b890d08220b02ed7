"""The ports to the catalog's syncs, and to the places that are synced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Collection as AnyOf
from typing import Protocol

from mixpeek_orchestration.core.syncs.connection import Reach
from mixpeek_orchestration.core.syncs.mapping import Labels
from mixpeek_orchestration.core.syncs.sync import Listed, Sync, SyncFile, SyncJob


class SyncCatalog(Protocol):
    """Syncs, what they know of every file, and their runs."""

    def put(self, sync: Sync) -> Sync:
        """Insert or replace by id."""

    def get(self, sync_id: str) -> Sync | None: ...
    def all(self, *, bucket_id: str | None = None, namespace_id: str | None = None) -> list[Sync]:
        """Oldest first."""

    def change(self, sync_id: str, edit: Callable[[Sync], Sync]) -> Sync:
        """The sync as `edit` makes it, while no one else can change it; raises `NotFound`."""

    def delete(self, sync_id: str) -> bool:
        """Forget a sync with its files and jobs; `False` when it was not known."""

    def files(self, sync_id: str, *, statuses: AnyOf[str] | None = None) -> list[SyncFile]:
        """By path."""

    def holders(self, bucket_id: str, contents: AnyOf[str], *, besides: str = "") -> set[str]:
        """Those of these content hashes that a synced file of the bucket holds as an object; of other syncs than
        `besides`."""

    def commit(
        self,
        sync_id: str,
        *,
        files: Sequence[SyncFile] = (),
        forget: Sequence[str] = (),
        edit: Callable[[Sync], Sync] = lambda sync: sync,
        job: SyncJob | None = None,
    ) -> Sync:
        """In one transaction: keep these files, forget those paths, change the sync, keep the job; raises `NotFound`
        for a sync that is gone, and then keeps nothing."""

    def jobs(self, sync_id: str, *, status: str | None = None, limit: int = 100) -> list[SyncJob]:
        """Newest first."""

    def job(self, sync_job_id: str) -> SyncJob | None: ...
    def past_jobs(self, before: str) -> list[str]:
        """The ids of jobs that ended before a moment."""

    def forget_jobs(self, sync_job_ids: Sequence[str]) -> None: ...


class SyncSource(Protocol):
    """A folder or a prefix that is synced."""

    def list(self) -> Iterable[Listed]:
        """Every file below it. Raises rather than leave one out: `NotFound` when there is no such place, `NotReady`
        when it cannot be reached."""

    def read(self, path: str) -> bytes:
        """The content of a file; raises `NotFound` when it is gone, `NotReady` when it cannot be read now."""

    def check(self) -> None:
        """Raises `NotReady` when the place cannot be reached or entered, `NotFound` when there is none."""

    def labels(self, path: str, *, tags: bool, metadata: bool) -> Labels:
        """What the place says about a file besides its content: its tags, its metadata, where they are asked for.
        Raises as `read`."""


class OpenSource(Protocol):
    """Opens places."""

    def __call__(self, path: str, reach: Reach | None = None) -> SyncSource:
        """The source at a path or URL, reached through a connection or else with the server's own rights; raises
        `InvalidInput` for one of a kind that cannot be synced."""
