"""A connection: one warehouse, one namespace."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from mixpeek_orchestration.bootstrap import DEFAULT_NAMESPACE, open_warehouse, prepare_home
from mixpeek_orchestration.client.handles import BucketHandle, CollectionHandle
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.warehouse import Warehouse


def connect(home: Path | str | None = None, *, namespace: str = DEFAULT_NAMESPACE) -> Connection:
    """The warehouse of a home folder, or the one that the `MIXPEEK_…` settings name.

    Raises `NotFound` for a namespace that does not exist.
    """
    settings = Settings() if home is None else Settings(home=Path(home))
    prepare_home(settings)
    return Connection(open_warehouse(settings, local=True), namespace)


class Connection:
    """The buckets and collections of one namespace, by name or id. To be closed, or used in a `with` block."""

    def __init__(self, warehouse: Warehouse, namespace: str = DEFAULT_NAMESPACE) -> None:
        self._warehouse = warehouse
        self._namespace_id = warehouse.namespace_id(namespace)

    def bucket(self, identifier: str) -> BucketHandle:
        """A bucket to put frames into; raises `NotFound`."""
        return BucketHandle(self._warehouse, self._warehouse.buckets.get(self._namespace_id, identifier))

    def collection(self, identifier: str) -> CollectionHandle:
        """A collection to read; raises `NotFound`."""
        found = self._warehouse.collections.get(self._namespace_id, identifier)
        return CollectionHandle(self._warehouse, found)

    def close(self) -> None:
        """Give back what is open."""
        self._warehouse.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
