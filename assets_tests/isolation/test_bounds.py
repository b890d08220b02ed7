"""What a package may hide from those who count: memory, disk, time, and what a few bytes become in the parent."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from mixpeek_orchestration.core.errors import InvalidInput, ItemFailure, TransientItemFailure, WorkerDied
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.extractors.jailed.assets import AssetDoor
from mixpeek_orchestration.extractors.jailed.platform import confined_tools, fetched_model
from mixpeek_orchestration.extractors.jailed.urls import AssetPolicy
from mixpeek_orchestration.extractors.jailed.worker import _own_cache
from mixpeek_orchestration.isolation import broker
from mixpeek_orchestration.isolation.broker import Broker
from mixpeek_orchestration.isolation.frames import Frame, ProtocolError
from mixpeek_orchestration.isolation.levels import Level, Limits
from mixpeek_orchestration.isolation.paths import package_root
from mixpeek_orchestration.isolation.tables import from_worker
from mixpeek_orchestration.isolation.worker import Access, Worker

_ENTRY = """
import fcntl, mmap, os, struct, time

class Hider:
    def shared_memory(self):
        hidden = mmap.mmap(-1, 1 << 20)
        hidden.write(b"x" * (1 << 20))
        hidden.madvise(mmap.MADV_DONTNEED)

    def shared_zeros(self):
        mmap.mmap(os.open("/dev/zero", os.O_RDONLY), 1 << 20, mmap.MAP_SHARED, mmap.PROT_READ)

    def files_without_a_name(self):
        self.kept = []
        for _ in range(8):
            self.kept.append(os.open("kept", os.O_CREAT | os.O_RDWR))
            os.unlink("kept")
            os.posix_fallocate(self.kept[-1], 0, 1 << 20)
        time.sleep(3600)

    def flag_a_file(self, path):
        fcntl.ioctl(os.open(path, os.O_RDONLY), 0x40086602, struct.pack("q", 0x80))

    def imported(self):
        import of_an_environment
        return of_an_environment.VALUE
"""
LIMITS = Limits(call_s=30.0, resident_bytes=256 << 20, file_bytes=2 << 20, disk_bytes=4 << 20)


@pytest.fixture
def hider(tmp_path: Path) -> Iterator[Worker]:
    """A worker that hides what it uses."""
    worker = _worker(tmp_path)
    yield worker
    worker.close()


def _worker(folder: Path, python: Path | None = None) -> Worker:
    modules = folder / "modules"
    modules.mkdir()
    (modules / "hider.py").write_text(_ENTRY)
    access = Access(readable=(modules,), environment={"PYTHONPATH": f"{package_root().parent}:{modules}"})
    return Worker("hider:Hider", limits=LIMITS, access=access, python=python)


def test_nothing_of_an_environment_runs_before_the_jail_is_shut(tmp_path: Path) -> None:
    """Wheels may bring `.pth` files and even an interpreter: the first run in the jail, the second never."""
    home, outside = tmp_path / "environment", tmp_path / "outside"
    packages = home / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "evil.pth").write_text(f"import os; open({str(outside)!r}, 'w')\n")
    (packages / "of_an_environment.py").write_text("VALUE = 7\n")
    python = home / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\ntouch {outside}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    worker = _worker(tmp_path, python)
    try:
        assert worker.call("imported") == 7
    finally:
        worker.close()
    assert not outside.exists()


@pytest.mark.parametrize("method", ["shared_memory", "shared_zeros"])
def test_memory_that_counts_as_nobodys_is_denied(hider: Worker, method: str) -> None:
    """Shared pages that a process lets go of stay in memory, and would be seen by no limit."""
    with pytest.raises(OSError, match=r"Cannot allocate|denied"):
        hider.call(method)


def test_files_that_were_removed_while_open_count(hider: Worker) -> None:
    """A worker that keeps its files open without names is over its limit all the same."""
    with pytest.raises(WorkerDied) as died:
        hider.call("files_without_a_name")
    assert died.value.value == "disk"


def test_what_may_be_read_gets_no_flags(hider: Worker) -> None:
    """The flags of a file system need no right to write, so asking for them is refused."""
    with pytest.raises(PermissionError):
        hider.call("flag_a_file", path=str(Path(pa.__file__)))


def _stream(column: pa.Array, **options: str) -> bytes:
    table, sink = pa.table({"a": column}), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


_ZEROS = pa.array(["\0" * (1 << 20)])
_MANY = 10**8


@pytest.mark.parametrize(
    "content",
    [
        _stream(_ZEROS, compression="zstd"),
        _stream(_ZEROS, compression="lz4"),
        _stream(_ZEROS.dictionary_encode(), compression="zstd"),
        _stream(pa.nulls(_MANY)),
        _stream(pa.LargeListArray.from_arrays(pa.array([0, _MANY], pa.int64()), pa.nulls(_MANY))),
        _stream(pa.FixedSizeListArray.from_arrays(pa.nulls(_MANY), _MANY)),
        _stream(pa.RunEndEncodedArray.from_arrays([_MANY], ["x"])),
        _stream(pa.array(["x" * 100], pa.string_view())),
    ],
    ids=["zstd", "lz4", "dictionary", "nulls", "nulls_in_a_list", "nulls_in_a_row", "runs", "views"],
)
def test_a_few_bytes_do_not_become_a_large_table(content: bytes) -> None:
    """The parent unpacks nothing, and takes no table that is much larger than what arrived."""
    with pytest.raises(ProtocolError):
        from_worker(content)


def test_a_plain_table_arrives() -> None:
    """Nested values, nulls, dictionaries and empty lists are what packages do send."""
    table = pa.table(
        {
            "null": pa.nulls(2),
            "list": pa.array([[1.0], []]),
            "struct": pa.array([{"a": [{"b": True}]}, None]),
            "vector": pa.array([[1.0, 2.0]] * 2, pa.list_(pa.float32(), 2)),
            "category": pa.array(["a", "a"]).dictionary_encode(),
            "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int8())),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    assert from_worker(sink.getvalue().to_pybytes()).equals(table)


def test_questions_that_wait_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that asks for much at once, and each time with much, is refused before the parent is out of memory."""
    monkeypatch.setattr(broker, "_MAX_BYTES", 1 << 10)
    asked = Broker({}, -1)
    with pytest.raises(ProtocolError):
        asked.take(Frame.of(1, {"name": "upload", "arguments": {}}, b"x" * (1 << 11)))


def test_a_tool_without_an_end_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time that is no number does not mean for ever."""
    worker = Worker("hider:Hider", level=Level.TRUSTED, limits=Limits(call_s=0.2))
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sox").write_text("#!/bin/sh\nexec sleep 3600\n")
    (programs / "sox").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    try:
        with pytest.raises(TransientItemFailure):
            confined_tools(worker, tmp_path)(tool="sox", args=[], timeout=float("nan"))
    finally:
        worker.close()


def test_an_asset_packed_many_times_is_not_unpacked(tmp_path: Path) -> None:
    """A chunk of gzip in gzip, or of zstd, may become more than the memory that there is."""
    import httpx

    door = AssetDoor(AssetPolicy(), tmp_path, 1 << 20)
    response = httpx.Response(
        200, headers={"content-encoding": "gzip, gzip"}, request=httpx.Request("GET", "https://example.com/a")
    )
    with pytest.raises(ItemFailure, match="encoding"):
        door._save(response, tmp_path / "a")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "::127.0.0.1",
            "::ffff:0:7f00:1",
            "::ffff:127.0.0.1",
            "64:ff9b:1::7f00:1",
            "2002:7f00:1::",
            "fec0::1",
        ),
        *("168.63.129.16", "192.0.0.192", "169.254.169.254", "100.100.100.200", "fd00:ec2::254", "0.0.0.0"),
    ],
)
def test_inner_addresses_are_refused_however_they_are_spelt(address: str) -> None:
    """An asset is not read from this machine, its network, or what a cloud tells its machines."""
    with pytest.raises(ItemFailure):
        AssetPolicy(internet=True).address("https://example.com/a", lambda *_: [address])


def test_a_home_that_is_hidden_does_not_hide_what_is_stored(tmp_path: Path) -> None:
    """The default home is a hidden folder: only what is hidden in the store itself is no content."""
    store = tmp_path / ".mixpeek" / "objects"
    (store / ".partial").mkdir(parents=True)
    (store / "a").write_text("a")
    (store / ".partial" / "b").write_text("b")
    policy = AssetPolicy((store,))
    assert policy.local_file((store / "a").as_uri()) == store / "a"
    with pytest.raises(ItemFailure):
        policy.local_file((store / ".partial" / "b").as_uri())


def test_a_package_leaves_nothing_from_one_namespace_for_another(tmp_path: Path) -> None:
    """The folder that the same package writes to is another one in every namespace: a shared package could carry the
    secrets of one to another."""
    recipe = Recipe("a", "1", str(tmp_path), {}, "", str(tmp_path), archive="ab")
    folders = {_own_cache(recipe, namespace_id) for namespace_id in ("ns_1", "ns_2", "")}
    assert len(folders) == 3


def test_a_revision_is_no_way_out_of_the_model_cache() -> None:
    """The revision of a model becomes the name of a file in the cache of the host."""
    with pytest.raises(InvalidInput):
        fetched_model(online=False)(model_id="a/b", revision="../../../token", allow_patterns=None)
