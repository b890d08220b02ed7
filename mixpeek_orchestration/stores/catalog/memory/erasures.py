"""Erasures in memory. An entry of another concern is judged by its text, as a row of a table is."""

from __future__ import annotations

import threading
from collections.abc import Collection as AnyOf
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.erasure import ERASED, Erasure, Subject, quieted
from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded, normal
from mixpeek_orchestration.stores.catalog.memory.objects import MemoryObjects

_GOES: Final = frozenset({"objects", "ledger", "uploads", "queries"})
"""Concerns whose entries are the object's: they go. In all others `erased` takes the place of its id."""


class MemoryErasures:
    """The `ErasureCatalog` over the other concerns of a catalog in memory."""

    def __init__(self, concerns: Mapping[str, Any], objects: MemoryObjects) -> None:
        self._lock = threading.RLock()
        self._concerns = concerns
        self._objects = objects
        self._erasures: dict[str, Erasure] = {}

    def put(self, erasure: Erasure) -> Erasure:
        """Insert or replace by id."""
        kept = normal(replace(erasure, requested_at=erasure.requested_at or now()))
        with self._lock:
            self._erasures[kept.erasure_id] = kept
        return kept

    def get(self, erasure_id: str) -> Erasure | None:
        return self._erasures.get(erasure_id)

    def latest(self, object_id: str) -> Erasure | None:
        """The newest erasure of an object."""
        return next((e for e in reversed(self._all()) if e.object_id == object_id), None)

    def unfinished(self) -> list[Erasure]:
        """Oldest first."""
        return [erasure for erasure in self._all() if not erasure.is_completed]

    def recent(self, namespace_id: str, *, limit: int = 100) -> list[Erasure]:
        """Newest first."""
        return [e for e in reversed(self._all()) if e.namespace_id == namespace_id][:limit]

    def bucket_of(self, object_id: str) -> str | None:
        """The bucket that an object is or was in."""
        erased = self.latest(object_id)
        return self._objects.bucket_of(object_id) or (erased.bucket_id if erased is not None else None)

    def released(self, *, object_id: str | None = None, before: float | None = None) -> set[str]:
        """Contents that objects stopped using."""
        return {
            content
            for (content, owner), moment in list(self._objects.released().items())
            if object_id in (None, owner) and (before is None or moment <= before)
        }

    def forget_released(self, contents: AnyOf[str]) -> None:
        """Nobody needs to know any more that these were released."""
        known = self._objects.released()
        for key in [key for key in known if key[0] in contents]:
            del known[key]

    def in_use(self, contents: AnyOf[str]) -> set[str]:
        """Those that an object, an upload or a package names."""
        concerns = {name: c for name, c in self._others() if name != "syncs"}
        texts = [
            _text(value)
            for concern in concerns.values()
            for name, entries in _containers(concern)
            if name != "_released"
            for _, value in _entries(entries)
        ]
        return {content for content in contents if any(content in text for text in texts)}

    def mentions(self, subject: Subject) -> dict[str, int]:
        """By concern, how many entries name the object or one of its items."""
        return {
            f"catalog.{name}": sum(
                _names(entry, subject, items=name == "ledger")
                for _, entries in _containers(concern)
                for entry in _entries(entries)
            )
            for name, concern in self._others()
        }

    def forget(self, subject: Subject) -> None:
        """No entry names the object afterwards."""
        self._quiet(subject)
        self._forget_contents_of_files(subject)
        for name, concern in self._others():
            for attribute, entries in _containers(concern):
                left = _without(entries, subject, items=name == "ledger") if name in _GOES else entries
                vars(concern)[attribute] = _blanked(left, subject.object_id)

    def wipe(self) -> str:
        """Memory keeps nothing of what it forgot."""
        return "memory keeps nothing of what it forgot"

    def _all(self) -> list[Erasure]:
        with self._lock:
            return list(self._erasures.values())

    def _others(self) -> Iterator[tuple[str, Any]]:
        return ((name, concern) for name, concern in self._concerns.items() if concern is not self)

    def _forget_contents_of_files(self, subject: Subject) -> None:
        """Files of its bytes stay known by their paths, so that they do not come back with the next sync."""
        syncs = self._concerns["syncs"]
        for sync in syncs.all(bucket_id=subject.bucket_id):
            its_files = [
                replace(one, content_hash="")
                for one in syncs.files(sync.sync_id)
                if one.content_hash in subject.contents
                and (one.status == "duplicate" or one.object_id == subject.object_id)
            ]
            syncs.commit(sync.sync_id, files=its_files)

    def _quiet(self, subject: Subject) -> None:
        """The messages of errors of its batches, and of runs over whole collections, go."""
        batches, ledger = vars(self._concerns["batches"]), vars(self._concerns["ledger"])
        for batch_id, members in batches["_members"].items():
            if subject.object_id in members:
                batch = decoded(Batch, batches["_bodies"][batch_id])
                batches["_bodies"][batch_id] = encoded(quieted(batch))
        ledger["_reports"] = [
            _silent(r) if r.collection_id in subject.collection_ids else r for r in ledger["_reports"]
        ]


def _silent(report: Any) -> Any:
    return report if report.first_error is None else replace(report, first_error=ERASED)


def _containers(concern: Any) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in vars(concern).items() if isinstance(value, dict | list)]


def _entries(container: Any) -> list[tuple[Any, Any]]:
    return list(container.items()) if isinstance(container, dict) else [("", value) for value in container]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _names(entry: tuple[Any, Any], subject: Subject, *, items: bool) -> bool:
    text = f"{_text(entry[0])} {_text(entry[1])}"
    return subject.object_id in text or (items and any(item in text for item in subject.items))


def _is_its_upload(value: Any, subject: Subject) -> bool:
    if not (isinstance(value, str) and any(content in value for content in subject.contents)):
        return False
    if '"upload_id"' not in value:
        return False
    upload = decoded(Upload, value)
    return not upload.object_id and upload.bucket_id == subject.bucket_id


def _without(container: Any, subject: Subject, *, items: bool) -> Any:
    left = [
        (key, _without(value, subject, items=items) if isinstance(value, list) else value)
        for key, value in _entries(container)
    ]
    left = [
        entry
        for entry in left
        if not _names(entry, subject, items=items) and not _is_its_upload(entry[1], subject)
    ]
    if isinstance(container, dict):
        # The same dictionary, because a concern may have given it out.
        kept = dict(left)
        container.clear()
        container.update(kept)
        return container
    return [value for _, value in left]


def _blanked(value: Any, object_id: str) -> Any:
    """The value with `erased` wherever the id stood."""
    if isinstance(value, str):
        return value.replace(object_id, ERASED)
    if object_id not in repr(value):
        return value
    if isinstance(value, dict):
        return {_blanked(key, object_id): _blanked(entry, object_id) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_blanked(entry, object_id) for entry in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {field.name: _blanked(getattr(value, field.name), object_id) for field in fields(value)}
        return replace(value, **changed)
    return value
