"""Arrow tables across the pipe, checked before anybody looks into them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

from mixpeek_orchestration.isolation.arrow_messages import is_compressed
from mixpeek_orchestration.isolation.frames import ProtocolError

if TYPE_CHECKING:
    import pyarrow as pa

PICKLED: Final = "__pickled__"
_EXTENSION: Final = b"ARROW:extension"
_MAX_DEPTH: Final = 32
_FREE_VALUES: Final = 1 << 20


def to_bytes(table: pa.Table) -> bytes:
    """The table as an Arrow stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def from_trusted(content: bytes) -> pa.Table:
    """The table in a stream that the parent wrote."""
    import pyarrow as pa

    return pa.ipc.open_stream(content).read_all()


def from_worker(content: bytes) -> pa.Table:
    """The table in a stream that a worker wrote, every offset checked, without metadata.

    Raises `ProtocolError` for a stream that is damaged, that names an extension type (registered ones run code of theirs
    when a schema is read), that carries pickled values, or that is much larger than what arrived.
    """
    import pyarrow as pa

    _look_at_messages(content)
    try:
        reader = pa.ipc.open_stream(content)
        for field in reader.schema:
            _check_type(field.type, 0)
        table = reader.read_all()
        _check_size(table, len(content))
        table.validate(full=True)
        bare = pa.schema([pa.field(field.name, field.type) for field in table.schema])
        return pa.Table.from_arrays(table.columns, schema=bare)
    except (pa.ArrowException, ValueError, OSError, TypeError, RecursionError) as error:
        raise ProtocolError(f"a damaged table ({type(error).__name__})") from None


def _look_at_messages(content: bytes) -> None:
    """Reads what describes the messages, as bytes only: nothing has been unpacked or built yet."""
    import pyarrow as pa

    try:
        messages = list(pa.ipc.MessageReader.open_stream(content))
        packed = any(is_compressed(one.metadata.to_pybytes()) for one in messages)
    except (pa.ArrowException, StopIteration, ValueError, OSError, struct.error) as error:
        raise ProtocolError(f"a damaged table ({type(error).__name__})") from None
    if not messages or messages[0].type != "schema":
        raise ProtocolError("a table without a schema")
    if _EXTENSION in messages[0].metadata.to_pybytes():
        raise ProtocolError("a table with an extension type")
    if packed:
        raise ProtocolError("a compressed table")


def _check_size(table: pa.Table, arrived: int) -> None:
    """Buffers that are used many times, and nulls, which need none, make a large table of a few bytes."""
    if table.nbytes > arrived:
        raise ProtocolError("a table that is larger than what arrived")
    chunks = [chunk for column in table.columns for chunk in column.chunks]
    if sum(map(_values, chunks)) > 8 * arrived + _FREE_VALUES:
        raise ProtocolError("a table with more values than arrived")


def _values(array: pa.Array) -> int:
    """The values of the array and of all arrays in it."""
    import pyarrow as pa

    kind, inner = array.type, []
    if pa.types.is_struct(kind):
        inner = [array.field(place) for place in range(kind.num_fields)]
    elif pa.types.is_map(kind):
        inner = [array.keys, array.items]
    elif pa.types.is_dictionary(kind):
        inner = [array.dictionary]
    elif kind.num_fields:
        inner = [array.values]
    return len(array) + sum(map(_values, inner))


def _check_type(kind: Any, depth: int) -> None:
    import pyarrow as pa

    if depth > _MAX_DEPTH or isinstance(kind, pa.BaseExtensionType):
        raise ProtocolError("a table with a type that is not plain")
    if (kind.num_fields and not _is_known(kind)) or str(kind).endswith("_view"):
        raise ProtocolError(f"a table with {str(kind)[:80]}")
    if pa.types.is_dictionary(kind):
        _check_type(kind.value_type, depth + 1)
        return
    for place in range(kind.num_fields):
        if kind.field(place).name == PICKLED:
            raise ProtocolError("a table with pickled values")
        _check_type(kind.field(place).type, depth + 1)


def _is_known(kind: Any) -> bool:
    """Not views, unions and runs, where one value is many."""
    import pyarrow as pa

    known = (pa.types.is_struct, pa.types.is_map, pa.types.is_list, pa.types.is_large_list)
    return any(is_kind(kind) for is_kind in (*known, pa.types.is_fixed_size_list, pa.types.is_dictionary))
