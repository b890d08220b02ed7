"""The places that syncs follow: a folder of this machine, or a prefix on S3."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mixpeek_orchestration.core.errors import InvalidInput, NotFound, NotReady
from mixpeek_orchestration.core.ports.syncs import SyncSource
from mixpeek_orchestration.core.syncs.connection import Reach
from mixpeek_orchestration.core.syncs.mapping import Labels
from mixpeek_orchestration.core.syncs.sync import Listed
from mixpeek_orchestration.stores.s3_reach import s3_options

_REMOTE = frozenset({"s3", "s3a"})


def open_source(
    path: str, reach: Reach | None = None, *, options: Mapping[str, Any] | None = None
) -> SyncSource:
    """The source at a path or URL, reached through a connection, else with the credentials and the endpoint of this
    process's environment; raises `InvalidInput` for a kind that cannot be synced."""
    scheme = urlsplit(path).scheme if "://" in path else ""
    if scheme in _REMOTE:
        return RemoteSource(path, dict(options or {}), reach)
    if reach is not None:
        raise InvalidInput(
            f"A connection reaches no {scheme or 'folder'}.",
            field="source_path",
            value=path,
            fix="Name s3://bucket/prefix, or send connection_id local for a folder.",
        )
    if scheme in ("", "file"):
        return FolderSource(Path(path.removeprefix("file://")).expanduser().absolute())
    raise InvalidInput(
        f"{scheme}:// cannot be synced.",
        field="source_path",
        value=path,
        fix="Name a folder, or s3://bucket/prefix.",
    )


@dataclass(frozen=True)
class FolderSource:
    """The files below a folder. Links are followed only to files that lie below it too."""

    root: Path

    def list(self) -> Iterable[Listed]:
        """Every file; raises `NotFound` without the folder, `NotReady` when a part of it cannot be read."""
        if not self.root.is_dir():
            raise _no_place(str(self.root))
        found = []
        for folder, folders, names in os.walk(self.root, onerror=_unreadable):
            folders.sort()
            found += [one for name in sorted(names) if (one := self._listed(Path(folder, name))) is not None]
        return found

    def read(self, path: str) -> bytes:
        """The content of a file; raises `NotFound` when it is gone or lies elsewhere, `NotReady` when it cannot be read."""
        place = self.root / path
        if not self._is_inside(place):
            raise _gone(path)
        try:
            return place.read_bytes()
        except FileNotFoundError:
            raise _gone(path) from None
        except OSError as error:
            raise NotReady(f"{path} cannot be read: {error.strerror}.", value=path) from error

    def check(self) -> None:
        """Raises `NotFound` without the folder."""
        if not self.root.is_dir():
            raise _no_place(str(self.root))

    def labels(self, path: str, *, tags: bool, metadata: bool) -> Labels:
        """None: a file has a name and bytes."""
        del path, tags, metadata
        return Labels()

    def _listed(self, place: Path) -> Listed | None:
        """The file, unless it was removed since or is none (a socket, a link to elsewhere)."""
        try:
            status = place.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotReady(f"{place} cannot be listed: {error.strerror}.", value=str(place)) from error
        if not place.is_file() or (place.is_symlink() and not self._is_inside(place)):
            return None
        name = place.relative_to(self.root).as_posix()
        return Listed(name, status.st_size, status.st_mtime_ns / 1e9, str(status.st_ino))

    def _is_inside(self, place: Path) -> bool:
        return place.resolve().is_relative_to(self.root.resolve())


@dataclass(frozen=True)
class RemoteSource:
    """The objects below an `s3://` prefix."""

    root: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    reach: Reach | None = None

    def list(self) -> Iterable[Listed]:
        """Every object; raises `NotFound` without the bucket, `NotReady` when it cannot be reached. An empty prefix is
        an empty source: S3 has no folders."""
        prefix = self._prefix
        with self._reachable():
            filesystem = self._filesystem()
            bucket = prefix.split("/", 1)[0]
            try:
                filesystem.invalidate_cache()
                filesystem.call_s3("head_bucket", Bucket=bucket)
                infos = filesystem.find(prefix, detail=True)
            except FileNotFoundError as error:
                raise _no_place(self.root) from error
        return [
            Listed(name.removeprefix(f"{prefix}/"), int(info["size"]), _seconds(info), _etag(info))
            for name, info in sorted(infos.items())
            if info.get("type") == "file" and name.startswith(f"{prefix}/") and not name.endswith("/")
        ]

    def read(self, path: str) -> bytes:
        """The content of an object; raises `NotFound` when it is gone, `NotReady` when it cannot be reached."""
        with self._reachable():
            try:
                return bytes(self._filesystem().cat_file(f"{self._prefix}/{path}"))
            except FileNotFoundError:
                raise _gone(path) from None

    def check(self) -> None:
        """Raises `NotReady` when the store does not let us in; where no bucket is named, its list is asked for."""
        bucket = self._prefix.split("/", 1)[0]
        with self._reachable():
            try:
                if bucket:
                    self._filesystem().call_s3("head_bucket", Bucket=bucket)
                else:
                    self._filesystem().call_s3("list_buckets")
            except FileNotFoundError as error:
                raise _no_place(self.root) from error
            except PermissionError as error:
                # Keys that may read one bucket may mostly not list all: that they are known is what was asked.
                if bucket or _code(error) != "AccessDenied":
                    raise

    def labels(self, path: str, *, tags: bool, metadata: bool) -> Labels:
        """The tags and the user metadata of an object; raises as `read`."""
        bucket, _, key = f"{self._prefix}/{path}".partition("/")
        with self._reachable():
            filesystem = self._filesystem()
            try:
                asked = {"Bucket": bucket, "Key": key}
                tagged = filesystem.call_s3("get_object_tagging", **asked)["TagSet"] if tags else []
                said = filesystem.call_s3("head_object", **asked)["Metadata"] if metadata else {}
            except FileNotFoundError:
                raise _gone(path) from None
        lowered = {name.lower(): value for name, value in said.items()}
        return Labels({one["Key"]: one["Value"] for one in tagged}, lowered)

    @property
    def _prefix(self) -> str:
        return self.root.split("://", 1)[1].rstrip("/")

    def _filesystem(self) -> Any:
        import fsspec

        return fsspec.filesystem("s3", **{"use_listings_cache": False, **self.options, **self._reached})

    @cached_property
    def _reached(self) -> Mapping[str, Any]:
        return {} if self.reach is None else s3_options(self.reach)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except PermissionError as error:
            raise NotReady(
                f"{self.root} may not be read.", value=self.root, fix="Check the credentials of the server."
            ) from error
        except (OSError, BotoCoreError, ClientError) as error:
            raise NotReady(
                f"{self.root} cannot be reached: {error}.",
                value=self.root,
                fix="Check that it is up and that its endpoint is right.",
            ) from error


def _code(error: PermissionError) -> str:
    """What S3 itself called it."""
    return str(getattr(error.__cause__, "response", {}).get("Error", {}).get("Code", ""))


def _seconds(info: Mapping[str, Any]) -> float:
    modified = info.get("LastModified")
    return float(modified.timestamp()) if modified is not None else 0.0


def _etag(info: Mapping[str, Any]) -> str:
    return str(info.get("ETag", "")).strip('"')


def _unreadable(error: OSError) -> None:
    # What cannot be listed would look deleted.
    raise NotReady(f"{error.filename} cannot be listed: {error.strerror}.", value=error.filename) from error


def _no_place(path: str) -> NotFound:
    return NotFound(
        f"There is no {path}.",
        field="source_path",
        value=path,
        fix="Mount or create it, then resume the sync.",
    )


def _gone(path: str) -> NotFound:
    return NotFound(f"{path} is gone.", field="path", value=path)
