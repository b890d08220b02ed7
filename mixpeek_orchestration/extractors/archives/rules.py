"""What an archive of a package may hold: the rules, and the decisions about names and contents."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from mixpeek_orchestration.core.finding import Finding, Severity
from mixpeek_orchestration.extractors.package_source import MANIFEST, PIPELINE


class Rule(StrEnum):
    """The rules of archives."""

    DAMAGED = "ARC001"
    TOO_LARGE = "ARC002"
    TOO_MANY = "ARC003"
    ESCAPES = "ARC004"
    LINK = "ARC005"
    SPECIAL = "ARC006"
    COLLIDES = "ARC007"
    NAME = "ARC008"
    UNREADABLE = "ARC009"
    ROOT = "ARC010"
    INCOMPLETE = "ARC011"
    BYTECODE = "ARC012"
    NATIVE = "ARC013"
    LEFT_OUT = "ARC014"


FIXES: Final[Mapping[Rule, str]] = {
    Rule.DAMAGED: "Send a zip or tar.gz file; `mixpeek plugin push` makes one.",
    Rule.TOO_LARGE: "Leave weights out: load them from the hub or push them with `mixpeek model push`.",
    Rule.TOO_MANY: "Leave out what the extractor does not need.",
    Rule.ESCAPES: "Use paths relative to the package folder.",
    Rule.LINK: "Put the file itself there.",
    Rule.SPECIAL: "Leave it out: only files and folders belong into a package.",
    Rule.COLLIDES: "Keep one of them; names that differ only in case or accents' encoding are one.",
    Rule.NAME: "Rename the file.",
    Rule.UNREADABLE: "Store or deflate the file, without a password.",
    Rule.ROOT: "Put the package's files at the top, or into one folder.",
    Rule.INCOMPLETE: "Add it at the top of the package.",
    Rule.BYTECODE: "Leave it out: Python makes it again from the source.",
    Rule.NATIVE: "Declare the library in dependencies instead.",
    Rule.LEFT_OUT: "",
}

_MAX_PATH, _MAX_PART = 512, 200
_NATIVE_ENDINGS: Final = (".so", ".dll", ".dylib", ".pyd", ".exe", ".o", ".a", ".lib", ".node")
_NATIVE_MAGIC: Final = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"!<arch>\n",
)
_BYTECODE_ENDINGS: Final = (".pyc", ".pyo")


def refused(rule: Rule, file: str, message: str, *, severity: Severity = Severity.ERROR) -> Finding:
    """The finding for a rule that an entry breaks; a name that cannot be printed is escaped."""
    shown = file.encode("utf-8", "backslashreplace").decode()
    return Finding(shown[:_MAX_PATH] or "archive", 0, rule.value, message, FIXES[rule], severity)


def name_refusal(name: str) -> Finding | None:
    """Why an entry cannot have this path; `None` when it can."""
    if not name.isprintable() or any(0xD800 <= ord(char) <= 0xDFFF for char in name):
        return refused(Rule.NAME, ascii(name)[1:-1], "The name is not UTF-8, or holds control characters.")
    if "\\" in name or ":" in name.split("/")[0]:
        return refused(Rule.ESCAPES, name, "The path is one of Windows.")
    if name.startswith("/") or ".." in name.split("/"):
        return refused(Rule.ESCAPES, name, "The path leads out of the package.")
    if len(name.encode()) > _MAX_PATH or any(len(part.encode()) > _MAX_PART for part in name.split("/")):
        return refused(
            Rule.NAME, name, f"The path is longer than {_MAX_PATH} bytes, or a part of it than {_MAX_PART}."
        )
    return None


def plain_path(name: str) -> str:
    """The path without `.` and empty parts."""
    path = PurePosixPath(name).as_posix()
    return "" if path == "." else path


def is_left_out(path: str) -> bool:
    """Whether a file is no part of a package: hidden, or what macOS adds."""
    parts = path.split("/")
    return parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts)


def content_refusal(path: str, head: bytes) -> Finding | None:
    """Why a file with this path and these first bytes is refused; `None` when it is not."""
    lowered = path.lower()
    if lowered.endswith(_BYTECODE_ENDINGS) or "__pycache__" in path.split("/"):
        return refused(Rule.BYTECODE, path, "This is compiled Python, which nobody can read.")
    if lowered.endswith(_NATIVE_ENDINGS) or ".so." in lowered or _is_native(head):
        return refused(Rule.NATIVE, path, "This is a native binary, which nobody can read.")
    return None


def _is_native(head: bytes) -> bool:
    if head.startswith(_NATIVE_MAGIC):
        return True
    start = int.from_bytes(head[0x3C:0x40], "little") if head.startswith(b"MZ") else 0
    return start > 0 and head[start : start + 4] == b"PE\0\0"


class Paths:
    """The paths of an archive so far, to find those that are one on some file system."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def add(self, path: str) -> Finding | None:
        """Take a file in; a finding when its path is taken."""
        folded = _folded(path)
        other = self._files.get(folded) or self._folders.get(folded)
        if other is None:
            other = self._clash_of_folders(path)
        if other is not None:
            return refused(Rule.COLLIDES, path, f"{other!r} has the same path.")
        self._files[folded] = path
        return None

    def _clash_of_folders(self, path: str) -> str | None:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            folded = _folded(folder)
            if folded in self._files:
                return self._files[folded]
            if self._folders.setdefault(folded, folder) != folder:
                return self._folders[folded]
        return None


def package_root(paths: Iterable[str]) -> tuple[str, list[Finding]]:
    """The folder (`""` for the top) that is the package, and what is wrong with it."""
    files = set(paths)
    tops = {path.split("/")[0] for path in files}
    if MANIFEST in files or PIPELINE in files or not files:
        root = ""
    elif len(tops) == 1 and (top := next(iter(tops))) not in files:
        root = f"{top}/"
    else:
        shown = ", ".join(sorted(tops)[:5])
        return "", [
            refused(Rule.ROOT, "archive", f"The archive holds {shown} at its top, which is no one package.")
        ]
    missing = [name for name in (MANIFEST, PIPELINE) if root + name not in files]
    deeper = sorted(path for path in files if path.endswith(f"/{MANIFEST}") and path != root + MANIFEST)
    if MANIFEST in missing and deeper:
        message = f"The package is too deep in the archive: {deeper[0]}."
        return root, [refused(Rule.ROOT, "archive", message)]
    return root, [refused(Rule.INCOMPLETE, name, f"The package has no {name}.") for name in missing]


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
