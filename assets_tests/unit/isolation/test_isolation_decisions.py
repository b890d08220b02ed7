"""What is decided without a process: which machine may run what, what a worker is told, what its words mean."""

from __future__ import annotations

import json
import os
import struct
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.core.errors import (
    Broken,
    Conflict,
    InvalidOutput,
    InvalidPackage,
    ItemFailure,
    LeaseHeld,
    Unschedulable,
)
from mixpeek_orchestration.isolation import syscalls, tables
from mixpeek_orchestration.isolation.environment import worker_environment
from mixpeek_orchestration.isolation.frames import Frame, FrameBuffer, ProtocolError, write_frame
from mixpeek_orchestration.isolation.jail import Jail
from mixpeek_orchestration.isolation.levels import Level, Limits
from mixpeek_orchestration.isolation.support import Support, missing, require
from mixpeek_orchestration.isolation.wire_errors import error_from_wire, error_to_wire


@pytest.mark.parametrize(
    ("support", "reviewed", "untrusted"),
    [
        (Support("Linux", "x86_64", 7, True), True, True),
        (Support("Linux", "aarch64", 4, True), True, True),
        (Support("Linux", "x86_64", 3, True), False, True),
        (Support("Linux", "x86_64", 2, True), False, False),
        (Support("Linux", "x86_64", 0, True), False, False),
        (Support("Linux", "x86_64", 7, False), False, False),
        (Support("Darwin", "arm64", 0, False), False, False),
    ],
)
def test_a_machine_that_cannot_isolate_refuses(support: Support, reviewed: bool, untrusted: bool) -> None:
    """Each level asks for what it needs, and a trusted package for nothing."""
    assert missing(Level.TRUSTED, support) is None
    assert (missing(Level.REVIEWED, support) is None, missing(Level.UNTRUSTED, support) is None) == (
        reviewed,
        untrusted,
    )


def test_the_refusal_says_what_is_missing() -> None:
    """The error names the level, what the kernel has, and what to do; nothing is run at a lower level instead."""
    with pytest.raises(
        Unschedulable, match="'reviewed' on this machine: it needs Landlock 4, and this kernel has 3"
    ) as refused:
        require(Level.REVIEWED, Support("Linux", "x86_64", 3, True))
    assert refused.value.field == "isolation"
    assert "6.7" in (refused.value.fix or "")


def test_no_system_call_is_both_allowed_and_refused() -> None:
    """The lists do not contradict each other, and no allowed call starts a program or reaches another process."""
    lists = (syscalls.ALLOWED, syscalls.REFUSED, syscalls.WITHOUT_EFFECT, syscalls.UNSUPPORTED)
    names = [name for one in lists for name in one]
    assert len(names) == len(set(names))
    assert not {"execve", "ptrace", "socket", "kill", "io_uring_setup", "memfd_create"} & set(
        syscalls.ALLOWED
    )


def test_a_jail_survives_the_pipe() -> None:
    """What the parent decided is what the worker shuts itself into."""
    jail = Jail(
        Level.REVIEWED, Limits(call_s=1.5), ("/a",), ("/b",), ("/c",), ("/dev/null",), ("/x",), (443,)
    )
    assert Jail.from_wire(json.loads(json.dumps(jail.to_wire()))) == jail


def test_credentials_are_not_passed_on() -> None:
    """A worker gets a short list of variables and a home of its own, whatever its parent has."""
    ours = {
        "PATH": "/bin",
        "HOME": "/root",
        "AWS_SECRET_ACCESS_KEY": "x",
        "RAY_AUTH_TOKEN": "x",
        "MIXPEEK_API_KEY": "x",
        "HF_TOKEN": "x",
        "PYTHONPATH": "x",
        "HTTPS_PROXY": "http://user:pass@proxy",
    }
    given = worker_environment(ours, home=Path("/own"), temporary=Path("/tmp/own"))
    assert given["PATH"] == "/bin"
    assert (given["HOME"], given["TMPDIR"]) == ("/own", "/tmp/own")
    assert "x" not in given.values()
    assert "HTTPS_PROXY" not in given


@given(
    st.lists(st.tuples(st.integers(0, 2**63), st.binary(max_size=50), st.binary(max_size=50)), max_size=5),
    st.integers(1, 30),
)
def test_messages_come_out_whole_however_they_arrive(
    parts: list[tuple[int, bytes, bytes]], step: int
) -> None:
    """Chunks end anywhere: in a header, in the text, in the payload."""
    frames = [Frame(*part) for part in parts]
    stream = b"".join(_written(frame) for frame in frames)
    buffer = FrameBuffer(max_payload=100)
    found = [
        one for start in range(0, len(stream), step) for one in buffer.feed(stream[start : start + step])
    ]
    assert found == frames


def _written(frame: Frame) -> bytes:
    reading, writing = os.pipe()
    try:
        write_frame(writing, frame)
        return os.read(reading, 1 << 16)
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("header", [(1, 1 << 31, 0), (1, 0, 101), (1, 0, 1 << 63)])
def test_a_forged_length_is_refused_before_there_is_room_for_it(header: tuple[int, int, int]) -> None:
    """Nobody allocates what a worker claims to send."""
    with pytest.raises(ProtocolError, match="bytes"):
        list(FrameBuffer(max_payload=100).feed(struct.pack(">QIQ", *header)))


@pytest.mark.parametrize(
    "text", [b"\x80\x04\x95.", b"[1]", b"[" * 100_000, b"", b'{"a":' + b"9" * 5000 + b"}", b"\xff\xfe{"]
)
def test_what_is_no_object_is_a_protocol_error(text: bytes) -> None:
    """Pickles, lists, deep nesting and endless numbers are all the same: no message."""
    with pytest.raises(ProtocolError):
        Frame(1, text).content()


@pytest.mark.parametrize(
    ("raised", "rebuilt"),
    [
        (InvalidPackage("m", field="f", value="v", fix="x"), InvalidPackage),
        (InvalidOutput("m"), InvalidOutput),
        (Conflict("m", planned="p"), Conflict),
        (ValueError("m"), ValueError),
        (TimeoutError("m"), TimeoutError),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "m"), ItemFailure),
        (Broken("m"), ItemFailure),
        (LeaseHeld("m"), ItemFailure),
        (SystemExit(3), ItemFailure),
        (KeyboardInterrupt(), ItemFailure),
        (StopIteration("m"), ItemFailure),
        (type("Unknown", (Exception,), {})("m"), ItemFailure),
    ],
)
def test_errors_come_back_as_what_a_package_may_raise(
    raised: BaseException, rebuilt: type[Exception]
) -> None:
    """Ours by their code and Python's by their name, with the worker's traceback; nothing about the warehouse itself."""
    error = error_from_wire(json.loads(json.dumps(error_to_wire(raised))))
    assert type(error) is rebuilt
    assert error.__notes__[0].startswith("In the worker:")
    if isinstance(raised, InvalidPackage):
        assert (error.field, error.value, error.fix) == ("f", "v", "x")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([{"__pickled__": b"\x80\x04."}]),
        pa.array([[{"deep": {"__pickled__": b"\x80\x04."}}]]),
        pa.array(
            [[("k", {"__pickled__": b"x"})]], pa.map_(pa.string(), pa.struct([("__pickled__", pa.binary())]))
        ),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16))),
    ],
)
def test_a_table_that_could_run_code_is_refused(column: pa.Array) -> None:
    """Pickled values at any depth and extension types do not get into the parent."""
    with pytest.raises(ProtocolError):
        tables.from_worker(tables.to_bytes(pa.table({"a": column})))


def test_an_extension_type_is_refused_before_it_is_looked_up() -> None:
    """A registered type's own code runs when Arrow reads a schema: the schema is not read."""
    ran: list[bytes] = []

    class Loaded(pa.ExtensionType):
        def __init__(self) -> None:
            super().__init__(pa.int64(), "isolation.test")

        def __arrow_ext_serialize__(self) -> bytes:
            return b"hostile"

        @classmethod
        def __arrow_ext_deserialize__(cls, storage: pa.DataType, serialized: bytes) -> Loaded:
            ran.append(serialized)
            return cls()

    content = tables.to_bytes(pa.table({"a": pa.ExtensionArray.from_storage(Loaded(), pa.array([1]))}))
    pa.register_extension_type(Loaded())
    try:
        with pytest.raises(ProtocolError, match="extension"):
            tables.from_worker(content)
    finally:
        pa.unregister_extension_type("isolation.test")
    assert ran == []


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_table_is_refused_or_read(place: int, value: int) -> None:
    """Whatever byte is changed, reading ends with a table that was checked or with the one error."""
    content = bytearray(tables.to_bytes(pa.table({"a": ["x", "yy"], "b": [[1.0], [2.0, 3.0]]})))
    content[place % len(content)] = value
    with suppress(ProtocolError):
        tables.from_worker(bytes(content)).validate(full=True)


def test_a_plain_table_comes_back_without_metadata() -> None:
    """Columns and types are equal; what a schema says about itself is dropped."""
    table = pa.table({"a": pa.array(["x", "x"]).dictionary_encode(), "v": [[1.0], None]})
    back = tables.from_worker(tables.to_bytes(table.replace_schema_metadata({"pandas": "{}"})))
    assert back.equals(table)
    assert back.schema.metadata is None
