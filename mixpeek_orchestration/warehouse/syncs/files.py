"""From listed files to objects: read, told apart by their content, stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from mixpeek_orchestration.core.bucket import Bucket
from mixpeek_orchestration.core.errors import MixpeekError, NotFound
from mixpeek_orchestration.core.identity import content_hash
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.syncs import SyncSource
from mixpeek_orchestration.core.syncs import plan as sync_plan
from mixpeek_orchestration.core.syncs.filters import place_for
from mixpeek_orchestration.core.syncs.mapping import Labels, SchemaMapping, mapped_fields
from mixpeek_orchestration.core.syncs.sync import Listed, Sync, SyncFile, SyncRules
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.batches import Batches
from mixpeek_orchestration.warehouse.buckets.blobs import Content, checked_text
from mixpeek_orchestration.warehouse.buckets.file_objects import put_each, told_by_name
from mixpeek_orchestration.warehouse.buckets.objects import Objects, Put
from mixpeek_orchestration.warehouse.specs import BlobSpec, ObjectSpec

_READERS: Final = 8
T = TypeVar("T")


@dataclass
class Taken:
    """What came of a chunk. `to_batch` has the object's fingerprint by path for what collections must see, `orphans`
    are objects whose file became a copy of another one."""

    files: list[SyncFile] = field(default_factory=list)
    to_batch: dict[str, str] = field(default_factory=dict)
    orphans: list[str] = field(default_factory=list)
    stored: int = 0
    unchanged: int = 0
    failed: int = 0
    duplicates: int = 0
    bytes: int = 0

    def as_batched(self) -> list[SyncFile]:
        """The files, those that collections must see marked as seen."""
        return [
            replace(one, batched_fp=self.to_batch[one.path]) if one.path in self.to_batch else one
            for one in self.files
        ]


class FileIntake:
    """Turns files into objects, a chunk at a time."""

    def __init__(
        self, sync: Sync, bucket: Bucket, catalog: Catalog, store: ObjectStore, batches: Batches
    ) -> None:
        self._sync_id = sync.sync_id
        self._bucket = bucket
        self._catalog = catalog.objects
        self._syncs = catalog.syncs
        self._contents: dict[str, Content] = {}
        self._labels: dict[str, Labels] = {}
        self._objects = Objects(
            catalog.objects, store, uploaded=lambda _, path: self._contents[path], removals=batches
        )

    def take(
        self,
        chunk: Sequence[Listed],
        known: Mapping[str, SyncFile],
        holders: dict[str, str],
        source: SyncSource,
        rules: SyncRules,
        *,
        job_id: str,
    ) -> Taken:
        """The chunk's files, stored as objects where that is possible; `holders` learns whose contents these are.

        A file that is gone again is left out. Raises what made every file of the chunk unreadable, and what keeps
        objects from being stored at all.
        """
        taken = Taken()
        contents, failures = _told_apart(chunk, _side_by_side([one.path for one in chunk], source.read))
        self._label(contents, source, rules.mapping, failures)
        hashes = {path: content_hash(data) for path, data in contents.items()}
        copies = self._copies(hashes, known, holders) if rules.skip_duplicates else set()
        originals = {path: data for path, data in contents.items() if path not in copies}
        puts = self._stored(rules, originals, failures)
        for one in chunk:
            seen = known.get(one.path)
            if one.path in failures:
                taken.failed += 1
                taken.files.append(_failed(one, seen, failures[one.path], job_id))
            elif one.path in copies:
                taken.duplicates += 1
                taken.files.append(_copy(one, hashes[one.path], job_id))
                taken.orphans += [seen.object_id] if seen is not None and seen.has_object else []
            elif one.path in puts:
                holders[hashes[one.path]] = one.path
                _count(taken, one, puts[one.path], seen, hashes[one.path], job_id)
        return taken

    def remove(self, object_ids: Sequence[str]) -> None:
        """The objects are gone, and the batch that removes their documents is submitted; those gone before do no harm."""
        if object_ids:
            self._objects.delete_many(self._bucket, object_ids)

    def fingerprints(self, object_ids: Sequence[str]) -> dict[str, str]:
        """The fingerprints of the live ones among these objects."""
        return {name: one.source_fp for name, one in self._catalog.get_many(object_ids).items()}

    def _label(
        self,
        contents: dict[str, bytes],
        source: SyncSource,
        mapping: SchemaMapping,
        failures: dict[str, MixpeekError],
    ) -> None:
        """The labels of what was read, where the mapping wants some; a file without them is a failure, not a guess."""
        tags, metadata = mapping.reads("tag"), mapping.reads("metadata")
        self._labels = {}
        if not tags and not metadata:
            return
        paths = list(contents)
        got = _side_by_side(paths, lambda path: source.labels(path, tags=tags, metadata=metadata))
        for path, labels in zip(paths, got, strict=True):
            if isinstance(labels, Labels):
                self._labels[path] = labels
            else:
                failures[path] = labels
                del contents[path]

    def _copies(
        self, hashes: Mapping[str, str], known: Mapping[str, SyncFile], holders: Mapping[str, str]
    ) -> set[str]:
        """The paths whose content needs no object of theirs. A file keeps the one that it has: of two syncs that met
        in the same content, neither gives way to the other."""
        elsewhere = self._syncs.holders(self._bucket.bucket_id, set(hashes.values()), besides=self._sync_id)
        kept = {
            path for path, one in known.items() if one.has_object and one.content_hash == hashes.get(path)
        }
        others = {path for path, hashed in hashes.items() if hashed in elsewhere and path not in kept}
        return _copies(hashes, holders) | others

    def _stored(
        self, rules: SyncRules, contents: Mapping[str, bytes], failures: dict[str, MixpeekError]
    ) -> dict[str, Put]:
        """The objects, in one transaction; one that is refused is taken out, and costs only itself."""
        self._contents = {}
        specs: dict[str, ObjectSpec] = {}
        for path, data in contents.items():
            try:
                specs[path] = self._spec(rules, path, data)
            except MixpeekError as error:
                failures[path] = error
        try:
            return put_each(self._objects, self._bucket, specs, refused=failures, policy="upsert")
        finally:
            self._contents = {}

    def _spec(self, rules: SyncRules, path: str, data: bytes) -> ObjectSpec:
        bucket = self._bucket
        place = place_for(bucket.properties, path, rules)
        assert place is not None, "the plan names only files that have a place"
        if bucket.properties[place.property_name].type == "text":
            data = checked_text(data, field=path)
        filename = path.rsplit("/", 1)[-1]
        self._contents[path] = Content(data, place.mime_type, filename)
        types = {name: prop.type for name, prop in bucket.properties.items()}
        fields = mapped_fields(rules.mapping, path, self._labels.get(path, Labels()), types)
        return ObjectSpec(
            blobs=[BlobSpec(property=place.property_name, upload_id=path)],
            metadata={**told_by_name(bucket, path), **fields},
            source_key=f"{rules.source_path}/{path}",
        )


def _side_by_side(paths: Sequence[str], ask: Callable[[str], T]) -> list[T | MixpeekError]:
    """What the source answers for each path, in order; an error where it does not."""

    def one(path: str) -> T | MixpeekError:
        try:
            return ask(path)
        except MixpeekError as error:
            return error

    with ThreadPoolExecutor(_READERS) as readers:
        return list(readers.map(one, paths))


def _told_apart(
    chunk: Sequence[Listed], results: Sequence[bytes | MixpeekError]
) -> tuple[dict[str, bytes], dict[str, MixpeekError]]:
    contents = {one.path: got for one, got in zip(chunk, results, strict=True) if isinstance(got, bytes)}
    failures = {
        one.path: got
        for one, got in zip(chunk, results, strict=True)
        if isinstance(got, MixpeekError) and not isinstance(got, NotFound)
    }
    if len(chunk) > 1 and len(failures) == len(chunk) and all(e.retryable for e in failures.values()):
        raise next(iter(failures.values()))
    return contents, failures


def _copies(hashes: Mapping[str, str], holders: Mapping[str, str]) -> set[str]:
    """The paths whose content another file holds as an object already, or will, because it comes first."""
    first = dict(holders)
    return {path for path in hashes if first.setdefault(hashes[path], path) != path}


def _count(taken: Taken, one: Listed, put: Put, seen: SyncFile | None, hashed: str, job_id: str) -> None:
    fingerprint = put.object.source_fp
    batched = seen.batched_fp if seen is not None else ""
    if put.change == "unchanged":
        taken.unchanged += 1
    else:
        taken.stored += 1
        taken.bytes += one.size
    if fingerprint != batched:
        taken.to_batch[one.path] = fingerprint
    taken.files.append(
        SyncFile(
            one.path,
            one.fingerprint,
            object_id=put.object.object_id,
            content_hash=hashed,
            size_bytes=one.size,
            batched_fp=batched if fingerprint == batched else "",
            sync_job_id=job_id,
        )
    )


def _copy(one: Listed, hashed: str, job_id: str) -> SyncFile:
    return SyncFile(
        one.path,
        one.fingerprint,
        status="duplicate",
        content_hash=hashed,
        size_bytes=one.size,
        sync_job_id=job_id,
    )


def _failed(one: Listed, seen: SyncFile | None, error: MixpeekError, job_id: str) -> SyncFile:
    failed = sync_plan.after_failure(one, seen, error, now=time.time(), stamp=now(), job_id=job_id)
    return replace(failed, content_hash="" if not failed.has_object else failed.content_hash)
