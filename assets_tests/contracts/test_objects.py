"""The contract of `ObjectStore`, kept by the folder, S3 and memory alike."""

from __future__ import annotations

import hashlib
import os
import pickle
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mixpeek_orchestration.core.errors import InvalidInput, NotFound, NotReady
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.stores.objects import open_objects

ABSENT = "0" * 64


@pytest.mark.parametrize("data", [b"", b"text", bytes(range(256)) * 40_000], ids=["empty", "small", "10 MB"])
def test_bytes_come_back_from_their_hash(object_store: ObjectStore, data: bytes) -> None:
    """The address is the SHA-256 and gives back exactly the bytes, none and many included."""
    address = object_store.put(data)
    assert address == hashlib.sha256(data).hexdigest()
    assert object_store.get(address) == data
    assert object_store.exists(address)


def test_putting_twice_is_putting_once(object_store: ObjectStore) -> None:
    """The same bytes have one address, and one delete removes them."""
    assert object_store.put(b"same") == object_store.put(b"same")
    assert object_store.delete(object_store.put(b"same"))
    assert not object_store.exists(hashlib.sha256(b"same").hexdigest())


def test_what_is_not_there_is_not_found(object_store: ObjectStore) -> None:
    """Reading and signing an absent address raise `NotFound`; asking and deleting answer `False`."""
    with pytest.raises(NotFound):
        object_store.get(ABSENT)
    with pytest.raises(NotFound):
        object_store.url(ABSENT)
    assert not object_store.exists(ABSENT)
    assert not object_store.delete(ABSENT)


@pytest.mark.parametrize("address", ["", "../../etc/passwd", "AB" * 32, "0" * 63, "0" * 64 + "\n"])
def test_only_hashes_are_addresses(object_store: ObjectStore, address: str) -> None:
    """Nothing but 64 lower-case hexadecimal digits reaches the storage, so no address leaves the root."""
    for call in (object_store.get, object_store.exists, object_store.delete, object_store.url):
        with pytest.raises(NotFound) as raised:
            call(address)
        assert raised.value.field == "content_hash"


def test_the_url_needs_no_credentials(object_store: ObjectStore) -> None:
    """Anyone who has the URL can read the bytes with a plain URL opener."""
    address = object_store.put(b"content for a stranger")
    with urllib.request.urlopen(object_store.url(address, expires_s=60)) as answer:
        assert answer.read() == b"content for a stranger"


def test_many_writers_of_the_same_bytes_agree(object_store: ObjectStore) -> None:
    """Concurrent puts of the same and of other bytes leave every address readable and whole."""
    contents = [os.urandom(3000) for _ in range(10)] * 4
    with ThreadPoolExecutor(8) as pool:
        addresses = list(pool.map(object_store.put, contents))
    assert [object_store.get(address) for address in addresses] == contents


def test_a_pickled_store_reads_what_was_written(object_store: ObjectStore) -> None:
    """A store survives pickling, as it must to reach workers."""
    address = object_store.put(b"travels")
    assert pickle.loads(pickle.dumps(object_store)).get(address) == b"travels"


def test_a_folder_has_the_documented_layout(tmp_path: Path) -> None:
    """Content lies under `ab/cd/<sha256>`, and no temporary file stays behind."""
    store = open_objects({"url": f"file://{tmp_path}/with%20space"})
    address = store.put(b"laid out")
    root = tmp_path / "with space"
    assert (root / address[:2] / address[2:4] / address).read_bytes() == b"laid out"
    assert [path for path in root.rglob("*") if path.is_file()] == [
        root / address[:2] / address[2:4] / address
    ]


def test_a_folder_is_readable_by_fsspec(tmp_path: Path) -> None:
    """The layout of a folder is the one that fsspec writes, so a copy of it to S3 is a store."""
    import fsspec

    from mixpeek_orchestration.stores.objects_remote import RemoteObjectStore

    address = open_objects({"url": str(tmp_path)}).put(b"shared layout")
    through_fsspec = RemoteObjectStore(f"file://{tmp_path}")
    assert through_fsspec.get(address) == b"shared layout"
    assert fsspec.filesystem("file").exists(f"{tmp_path}/{address[:2]}/{address[2:4]}/{address}")


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk refuses to sync, the put fails, the address stays empty and the temporary file goes."""
    store = open_objects({"url": str(tmp_path)})

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        store.put(b"too much")
    assert not store.exists(hashlib.sha256(b"too much").hexdigest())
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_missing_bucket_is_named(s3_options: dict[str, Any]) -> None:
    """Writing to an S3 bucket that does not exist says which one and what to do."""
    store = open_objects({"url": "s3://not-there/prefix", "options": s3_options})
    with pytest.raises(NotFound) as raised:
        store.put(b"lost")
    assert raised.value.value == "s3://not-there/prefix"
    assert raised.value.fix


def test_an_unreachable_endpoint_is_not_ready() -> None:
    """A refused connection is something to wait for, not a missing blob."""
    options = {
        "key": "key",
        "secret": "secret",
        "client_kwargs": {"endpoint_url": "http://127.0.0.1:9", "region_name": "eu-central-1"},
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    store = open_objects({"url": "s3://warehouse/prefix", "options": options})
    with pytest.raises(NotReady):
        store.get(ABSENT)


def test_a_store_needs_a_url() -> None:
    """An empty configuration is refused with the field and the fix."""
    with pytest.raises(InvalidInput) as raised:
        open_objects({})
    assert (raised.value.field, bool(raised.value.fix)) == ("url", True)
