"""A set of declared resources: those named, with everything that they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.place import Place
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.declared.resources import Bucket, Collection, Declared, Retriever
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest


class Declarations:
    """The resources of one namespace. What they read belongs to them without being named."""

    def __init__(self, *resources: Declared[Any], namespace: str = "default") -> None:
        other = next((one for one in resources if not isinstance(one, Declared)), None)
        if other is not None:
            raise InvalidInput(
                f"{other!r} is not a resource.",
                value=repr(other),
                fix="Give Bucket, Collection and Retriever objects, one after the other.",
            )
        self.namespace = namespace
        self._resources = list(_with_what_they_read(resources))

    def manifest(self) -> Manifest:
        """The same as a manifest; raises `InvalidInput` when two resources of a kind have one name."""
        return validated(
            Manifest,
            {
                "namespace": self.namespace,
                "buckets": [one.spec for one in self._of(Bucket)],
                "collections": [one.spec for one in self._of(Collection)],
                "retrievers": [one.spec for one in self._of(Retriever)],
            },
        )

    def places(self) -> dict[str, Place]:
        """Where each resource of the manifest was made, by its path in the manifest."""
        kinds = {"buckets": Bucket, "collections": Collection, "retrievers": Retriever}
        return {
            f"{kind}.{index}": one.place
            for kind, of in kinds.items()
            for index, one in enumerate(self._of(of))
        }

    def _of(self, kind: type[Declared[Any]]) -> list[Declared[Any]]:
        return [one for one in self._resources if isinstance(one, kind)]


def _with_what_they_read(resources: Iterable[Declared[Any]]) -> Iterator[Declared[Any]]:
    """Each resource once, after what it reads."""
    seen: set[int] = set()
    waiting = list(reversed(list(resources)))
    while waiting:
        resource = waiting.pop()
        unread = [one for one in resource.reads if id(one) not in seen]
        if unread:
            waiting += [resource, *reversed(unread)]
        elif id(resource) not in seen:
            seen.add(id(resource))
            yield resource
