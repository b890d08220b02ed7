"""Arrow tables across the pipe, checked before anybody looks into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mixpeek_orchestration.isolation.frames import ProtocolError

if TYPE_CHECKING:
    import pyarrow as pa

PICKLED: Final = "__pickled__"
_EXTENSION: Final = b"ARROW:extension"
_MAX_DEPTH: Final = 32


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
    when a schema is read), or that carries pickled values.
    """
    import pyarrow as pa

    _refuse_extensions(content)
    try:
        table = pa.ipc.open_stream(content).read_all()
        table.validate(full=True)
        for field in table.schema:
            _check_type(field.type, 0)
        bare = pa.schema([pa.field(field.name, field.type) for field in table.schema])
        return pa.Table.from_arrays(table.columns, schema=bare)
    except (pa.ArrowException, ValueError, OSError, TypeError, RecursionError) as error:
        raise ProtocolError(f"a damaged table ({type(error).__name__})") from None


def _refuse_extensions(content: bytes) -> None:
    """Reads the schema message as bytes only."""
    import pyarrow as pa

    try:
        first = pa.ipc.MessageReader.open_stream(content).read_next_message()
    except (pa.ArrowException, StopIteration, ValueError, OSError) as error:
        raise ProtocolError(f"a damaged table ({type(error).__name__})") from None
    if first.type != "schema":
        raise ProtocolError("a table without a schema")
    if _EXTENSION in first.metadata.to_pybytes():
        raise ProtocolError("a table with an extension type")


def _check_type(kind: Any, depth: int) -> None:
    import pyarrow as pa

    if depth > _MAX_DEPTH or isinstance(kind, pa.BaseExtensionType):
        raise ProtocolError("a table with a type that is not plain")
    if pa.types.is_dictionary(kind):
        _check_type(kind.value_type, depth + 1)
        return
    for place in range(kind.num_fields):
        if kind.field(place).name == PICKLED:
            raise ProtocolError("a table with pickled values")
        _check_type(kind.field(place).type, depth + 1)
