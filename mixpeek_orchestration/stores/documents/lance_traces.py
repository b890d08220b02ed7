"""What lies in the files of a Lance table, whether or not a version still shows it.

Data files are decoded one by one with Lance's file reader, which knows no deletion vectors: a row that was deleted is
there until its file is. A file that holds only some columns is judged by the file of the same fragment that names the
objects.
"""

from __future__ import annotations

import re
from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Iterator, Mapping

import lance
import pyarrow as pa
import pyarrow.compute as pc
from lance.file import LanceFileReader, LanceFileSession

from mixpeek_orchestration.core.document import DOCUMENT_ID, ROOT_OBJECT, SOURCE_ITEM
from mixpeek_orchestration.core.ports.upkeep import FileTrace

_BATCH_ROWS = 16_384
_CHUNK_BYTES = 1 << 22
_CONTENT = re.compile(r"[0-9a-f]{64}")


class TableFiles:
    """The files below one table, in whatever store it lies, read with the credentials of the table."""

    def __init__(self, uri: str, options: Mapping[str, str]) -> None:
        self._session = LanceFileSession(uri, dict(options) or None)

    def reader(self, path: str, columns: list[str] | None = None) -> LanceFileReader:
        """A reader of one file, of all its columns unless some are named."""
        return self._session.open_reader(path, columns)

    def paths(self) -> list[str]:
        """All files, also when no version of the table is there."""
        return sorted(self._session.list())

    def chunks(self, path: str, size: int) -> Iterator[bytes]:
        """The bytes of a file, each chunk with the end of the one before, so that no name is cut in two."""
        kept = b""
        for start in range(0, size, _CHUNK_BYTES):
            chunk = kept + self._session.read_range(path, start, min(_CHUNK_BYTES, size - start))
            yield chunk
            kept = chunk[-256:]

    def remove(self) -> None:
        """Remove every file. Nobody may be writing to the table."""
        for path in self.paths():
            self._session.delete_file(path)


def sizes(dataset: lance.LanceDataset) -> dict[str, int]:
    """All files below the table with their bytes, those that no version needs too."""
    found: dict[str, int] = {}
    for batch in dataset.all_files():
        found.update(zip(batch["path"].to_pylist(), batch["size_bytes"].to_pylist(), strict=True))
    return dict(sorted(found.items()))


def leftovers(files: TableFiles) -> list[FileTrace]:
    """The files of a creation that was killed, or never got its first version. They are not looked into: they may hold
    anything and nobody needs them."""
    return [FileTrace(path, _kind(path), False, 0, 0, mentions=True) for path in files.paths()]


def traces(
    files: TableFiles, dataset: lance.LanceDataset, root: str, mentions: AnyOf[str]
) -> list[FileTrace]:
    """Every file of the table with what it holds of the object."""
    paths = sizes(dataset)
    needles = [mention.encode() for mention in mentions]
    decoded = {path: _decoded(files, path, root) for path in paths if _kind(path) != "other"}
    siblings = _siblings(dataset)
    found = []
    for path in paths:
        rows, own = decoded.get(path, (0, 0))
        belonging = own if own is not None else _by_siblings(path, siblings, decoded)
        mentioned = (
            any(needle in chunk for chunk in files.chunks(path, paths[path]) for needle in needles)
            if needles
            else False
        )
        found.append(FileTrace(path, _kind(path), path in decoded, rows, belonging, mentioned))
    return found


def identifiers(files: TableFiles, dataset: lance.LanceDataset, root: str) -> set[str]:
    """The ids of documents and source items of an object in all data files."""
    found: set[str] = set()
    for path in sizes(dataset):
        columns = files.reader(path).metadata().schema if _kind(path) == "data" else ()
        texts = [field.name for field in columns if _is_text(field.type)]
        if ROOT_OBJECT not in texts:
            continue
        for batch in files.reader(path, texts).read_all(batch_size=_BATCH_ROWS).to_batches():
            own = batch.filter(pc.equal(batch[ROOT_OBJECT], root))
            if own.num_rows:
                found |= {*own[DOCUMENT_ID].to_pylist(), *own[SOURCE_ITEM].to_pylist()}
                found |= contents_in(own.columns)
    return found


def named(dataset: lance.LanceDataset, contents: AnyOf[str]) -> set[str]:
    """Those of these addresses that a row of this version names in one of its texts."""
    texts = [field.name for field in dataset.schema if _is_text(field.type)]
    batches = dataset.to_batches(columns=texts, batch_size=_BATCH_ROWS)
    return set().union(*(contents_in(batch.columns) for batch in batches)).intersection(contents)


def contents_in(columns: Iterable[pa.Array]) -> set[str]:
    """The addresses of contents that texts name, in URLs too."""
    found: set[str] = set()
    for column in columns:
        likely = column.filter(pc.match_substring_regex(column, _CONTENT.pattern))
        found.update(content for text in likely.to_pylist() for content in _CONTENT.findall(text))
    return found


def _kind(path: str) -> str:
    if path.startswith("data/") and path.endswith(".lance"):
        return "data"
    return "index" if path.startswith("_indices/") else "other"


def _columns(files: TableFiles, path: str) -> set[str]:
    return set(files.reader(path).metadata().schema.names)


def _decoded(files: TableFiles, path: str, root: str) -> tuple[int, int | None]:
    """How many rows a file has and how many name the object; `None` for a data file that does not say whose they are."""
    columns = _columns(files, path)
    if _kind(path) == "data":
        if ROOT_OBJECT not in columns:
            return files.reader(path).num_rows(), None
        return _counted(files, path, [ROOT_OBJECT], root)
    return _counted(files, path, None, root)


def _counted(files: TableFiles, path: str, columns: list[str] | None, root: str) -> tuple[int, int]:
    rows = found = 0
    for batch in files.reader(path, columns).read_all(batch_size=_BATCH_ROWS).to_batches():
        rows += batch.num_rows
        texts = [column for column in batch.columns if _is_text(column.type)]
        found += sum(pc.sum(pc.equal(column, root)).as_py() or 0 for column in texts)
    return rows, found


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _siblings(dataset: lance.LanceDataset) -> dict[str, set[str]]:
    """By data file, the files that hold other columns of the same rows, in any version that is left."""
    together: dict[str, set[str]] = {}
    for entry in dataset.versions():
        for fragment in dataset.checkout_version(entry["version"]).get_fragments():
            paths = {f"data/{file.path}" for file in fragment.metadata.files}
            for path in paths:
                together.setdefault(path, set()).update(paths)
    return together


def _by_siblings(
    path: str, siblings: Mapping[str, AnyOf[str]], decoded: Mapping[str, tuple[int, int | None]]
) -> int:
    """What the file's fragment holds of the object; a file of no fragment may hold anything, so all its rows count."""
    said = [decoded[other][1] for other in siblings.get(path, ()) if other in decoded]
    known = [count for count in said if count is not None]
    return max(known) if known else decoded[path][0]
