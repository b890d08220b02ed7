"""Archives of packages: the same source gives the same hash, and whatever could harm is refused by rule."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.archives.archive import (
    LIMITS,
    RefusedArchive,
    archive_hash,
    pack,
    unpack,
)

PACKAGE = {"manifest.py": b"name = 'x'\n", "pipeline.py": b"\n", "processors/core.py": b"x = 1\n"}
SMALL = replace(LIMITS, unpacked_bytes=100_000, free_bytes=10_000, files=20)


def folder_of(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path


def zip_of(files: dict[str, bytes], **options: int) -> bytes:
    """A zip as people make them, with times and modes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = options.get("mode", 0o100755) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def tar_of(files: dict[str, bytes], *extra: tarfile.TarInfo) -> bytes:
    """A tar.gz as people make them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_700_000_000
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return buffer.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def rules_of(data: bytes, target: Path) -> set[str]:
    """The rules of the errors that an archive breaks; nothing is left of it."""
    with pytest.raises(RefusedArchive) as refused:
        unpack(data, target / "package", limits=SMALL)
    assert not list(target.iterdir())
    assert all(one.fix for one in refused.value.findings if one.severity is Severity.ERROR)
    return {one.rule for one in refused.value.findings if one.severity is Severity.ERROR}


PARTS = st.text(st.sampled_from("abcxyzäé_-1 "), min_size=1, max_size=6).map(str.strip).filter(bool)
TREES = st.dictionaries(
    st.lists(PARTS, min_size=1, max_size=3).map("/".join).map(lambda path: f"data/{path}.txt"),
    st.binary(max_size=200).map(lambda content: b"data " + content),
    max_size=6,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_the_same_source_has_one_hash_however_it_is_packed(
    tree: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Zip, tar.gz, at the top or in a folder, packed by us or by other tools: one hash, and the files come back."""
    folded = {name.casefold(): name for name in tree}
    files = {**PACKAGE, **{name: tree[name] for name in folded.values()}}
    root = tmp_path_factory.mktemp("archive")
    source = folder_of(root / "source", files)
    in_folder = {f"my_extractor/{name}": content for name, content in files.items()}
    archives = [
        pack(source, "zip"),
        pack(source, "tar.gz"),
        zip_of(in_folder),
        tar_of(in_folder),
        tar_of(files),
    ]
    refused: list[set[str]] = []
    for number, data in enumerate(archives):
        try:
            unpacked = unpack(data, root / str(number))
        except RefusedArchive as error:
            refused.append({one.rule for one in error.findings})
            continue
        assert unpacked.archive_hash == archive_hash(source)
        found = {
            file.relative_to(unpacked.folder).as_posix(): file.read_bytes()
            for file in unpacked.folder.rglob("*")
            if file.is_file()
        }
        assert found == files
    # A file where another file needs a folder can be in no archive, and then in none.
    assert refused in ([], [{"ARC007"}] * len(archives))


def test_packing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    """Times, modes and the order of the disk are not in the archive; bytecode and hidden files are not either."""
    one = folder_of(tmp_path / "one", PACKAGE)
    noise = {
        "__pycache__/manifest.pyc": b"\0",
        ".git/config": b"secret",
        ".env": b"KEY=1",
        "x.egg-info/a": b"",
    }
    two = folder_of(tmp_path / "two", {**noise, **dict(reversed(PACKAGE.items()))})
    (two / "manifest.py").chmod(0o700)
    for kind in ("zip", "tar.gz"):
        assert pack(one, kind) == pack(two, kind)  # type: ignore[arg-type]
    assert archive_hash(one) == archive_hash(two)


def test_another_source_has_another_hash(tmp_path: Path) -> None:
    """A byte of content, or only a name, changes the hash."""
    hashes = {
        archive_hash(folder_of(tmp_path / str(number), files))
        for number, files in enumerate(
            [
                PACKAGE,
                {**PACKAGE, "pipeline.py": b"#\n"},
                {**PACKAGE, "data.txt": b""},
                {**PACKAGE, "date.txt": b""},
            ]
        )
    }
    assert len(hashes) == 4


LINK = special("data.txt", tarfile.SYMTYPE, "/etc/passwd")
REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "no archive": ("ARC001", lambda: b"hello"),
    "empty": ("ARC001", lambda: b""),
    "cut off zip": ("ARC001", lambda: zip_of(PACKAGE)[:-30]),
    "cut off tar": ("ARC001", lambda: tar_of({**PACKAGE, "a": bytes(range(256)) * 9})[:-40]),
    "too large": ("ARC002", lambda: zip_of({**PACKAGE, "big": bytes(200_000)})),
    "too large tar": ("ARC002", lambda: tar_of({**PACKAGE, "big": bytes(200_000)})),
    "too large where hidden": ("ARC002", lambda: tar_of({**PACKAGE, ".cache/big": bytes(200_000)})),
    "header bomb": ("ARC002", lambda: header_bomb()),
    "too many": ("ARC003", lambda: zip_of({**PACKAGE, **{f"f{n}.txt": b"" for n in range(30)}})),
    "parent zip": ("ARC004", lambda: zip_of({**PACKAGE, "../evil.py": b""})),
    "parent tar": ("ARC004", lambda: tar_of({**PACKAGE, "x/../../evil.py": b""})),
    "absolute": ("ARC004", lambda: tar_of({**PACKAGE, "/etc/evil.py": b""})),
    "windows": ("ARC004", lambda: zip_of({**PACKAGE, "a\\..\\..\\evil.py": b""})),
    "drive": ("ARC004", lambda: zip_of({**PACKAGE, "C:evil.py": b""})),
    "symlink tar": ("ARC005", lambda: tar_of(PACKAGE, LINK)),
    "hard link": ("ARC005", lambda: tar_of(PACKAGE, special("b", tarfile.LNKTYPE, "manifest.py"))),
    "symlink zip": ("ARC005", lambda: zip_of({"a": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777)),
    "device": ("ARC006", lambda: tar_of(PACKAGE, special("dev", tarfile.CHRTYPE))),
    "fifo": ("ARC006", lambda: tar_of(PACKAGE, special("pipe", tarfile.FIFOTYPE))),
    "fifo zip": ("ARC006", lambda: zip_of({"a": b""}, mode=stat.S_IFIFO | 0o600)),
    "twice": ("ARC007", lambda: tar_of_pairs([*PACKAGE.items(), ("manifest.py", b"other")])),
    "case": ("ARC007", lambda: zip_of({**PACKAGE, "Manifest.py": b""})),
    "folder case": ("ARC007", lambda: zip_of({**PACKAGE, "Processors/x.py": b""})),
    "accents": ("ARC007", lambda: zip_of({**PACKAGE, "\u00e9.txt": b"", "e\u0301.txt": b""})),
    "file and folder": ("ARC007", lambda: zip_of({**PACKAGE, "processors": b""})),
    "control": ("ARC008", lambda: zip_of({**PACKAGE, "a\nb.py": b""})),
    "not utf-8": ("ARC008", lambda: tar_of({**PACKAGE, "a\udcff.txt": b""})),
    "long": ("ARC008", lambda: zip_of({**PACKAGE, "a" * 300: b""})),
    "two roots": ("ARC010", lambda: zip_of({"a/manifest.py": b"", "b/pipeline.py": b""})),
    "too deep": ("ARC010", lambda: zip_of({f"a/b/{name}": data for name, data in PACKAGE.items()})),
    "no pipeline": ("ARC011", lambda: zip_of({"manifest.py": b""})),
    "nothing": ("ARC011", lambda: tar_of({})),
    "bytecode": ("ARC012", lambda: zip_of({**PACKAGE, "x.pyc": b""})),
    "bytecode folder": ("ARC012", lambda: zip_of({**PACKAGE, "__pycache__/x.txt": b""})),
    "library": ("ARC013", lambda: zip_of({**PACKAGE, "lib/libx.so.1": b""})),
    "ELF by another name": (
        "ARC013",
        lambda: zip_of({**PACKAGE, "data.txt": b"\x7fELF\x02\x01" + bytes(60)}),
    ),
    "PE by another name": ("ARC013", lambda: tar_of({**PACKAGE, "notes.md": pe_file()})),
}


def tar_of_pairs(pairs: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in pairs:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def pe_file() -> bytes:
    return b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(16)


def header_bomb() -> bytes:
    """A tar file whose one header wants to be larger than everything may be."""
    info = tarfile.TarInfo("manifest.py")
    info.pax_headers = {"comment": "x" * 3_000_000}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    return buffer.getvalue()


@pytest.mark.parametrize("what", REFUSED)
def test_what_could_harm_is_refused_by_its_rule(what: str, tmp_path: Path) -> None:
    """Each kind of harm has a rule and a fix, and leaves nothing behind."""
    rule, make = REFUSED[what]
    assert rule in rules_of(make(), tmp_path)


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    """The flag is set by hand: the standard library writes no encrypted archives."""
    data = bytearray(zip_of(PACKAGE))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    assert rules_of(bytes(data), tmp_path) == {"ARC009"}


def test_every_finding_is_told_at_once(tmp_path: Path) -> None:
    """Several things that are wrong are several findings."""
    found = rules_of(zip_of({**PACKAGE, "x.pyc": b"", "y.so": b"", "../z": b""}), tmp_path)
    assert found == {"ARC012", "ARC013", "ARC004"}


def test_hidden_files_are_left_out_and_told(tmp_path: Path) -> None:
    """What editors and macOS add is no part of the package, and that is a note."""
    noise = {"x/.DS_Store": b"1", "__MACOSX/x/._manifest.py": b"2"}
    unpacked = unpack(zip_of({**{f"x/{n}": c for n, c in PACKAGE.items()}, **noise}), tmp_path / "package")
    assert [(one.rule, one.severity) for one in unpacked.findings] == [("ARC014", Severity.NOTE)]
    assert unpacked.file_count == len(PACKAGE)


def test_packing_refuses_links(tmp_path: Path) -> None:
    """A link would silently be missing, or bring a file of this machine along."""
    source = folder_of(tmp_path / "source", PACKAGE)
    (source / "data.txt").symlink_to("/etc/passwd")
    with pytest.raises(RefusedArchive) as refused:
        pack(source)
    assert refused.value.findings[0].rule == "ARC005"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(["zip", "tar"]), at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_archive_is_refused_or_right(
    kind: str, at: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever one byte is changed to: no other error, and no folder that is not a whole package."""
    data = bytearray(zip_of(PACKAGE) if kind == "zip" else tar_of(PACKAGE))
    data[at % len(data)] = byte
    target = tmp_path_factory.mktemp("damaged") / "package"
    try:
        assert (unpack(bytes(data), target).folder / "manifest.py").is_file()
    except RefusedArchive:
        assert not target.exists()
