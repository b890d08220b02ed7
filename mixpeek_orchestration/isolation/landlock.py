"""Landlock by its three system calls: which files and TCP ports this process can still reach."""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # equal on every architecture
_VERSION: Final = 1
_PATH_BENEATH, _NET_PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG, REFER, TRUNCATE, IOCTL_DEV = 1 << 7, 1 << 8, 1 << 13, 1 << 14, 1 << 15
_OF_FILES: Final = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

READ: Final = READ_FILE | READ_DIR
TAKE: Final = READ | REMOVE_FILE
"""Read, and remove what is not needed any more; make nothing."""
WRITE: Final = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
"""Everything but links, sockets, pipes and devices: nobody outside can be led elsewhere by such a folder."""
DEVICE: Final = READ_FILE | WRITE_FILE | IOCTL_DEV

_FS_BITS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_CONNECT_TCP: Final = 1 << 1
_ALL_NET: Final = 3
_ALL_SCOPES: Final = 3
NET_ABI, SCOPE_ABI = 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _NetPort(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def abi() -> int:
    """The version of Landlock that this kernel speaks, 0 for none."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))))


def restrict(rules: Iterable[tuple[Path, int]], ports: Iterable[int]) -> None:
    """From now on this thread, and every one it starts, reaches only what the rules name. Cannot be taken back.

    Paths that do not exist are left out. TCP goes to `ports` only, where the kernel knows about ports.
    """
    version = abi()
    handled = (1 << _FS_BITS.get(version, 16)) - 1
    attributes = _Ruleset(
        handled, _ALL_NET if version >= NET_ABI else 0, _ALL_SCOPES if version >= SCOPE_ABI else 0
    )
    ruleset = _checked(_CREATE, ctypes.byref(attributes), ctypes.c_size_t(_size(version)), ctypes.c_uint32(0))
    try:
        for path, rights in rules:
            _allow_path(ruleset, path, rights & handled)
        for port in ports:
            rule = _NetPort(_CONNECT_TCP, port)
            _checked(_ADD, ruleset, _NET_PORT, ctypes.byref(rule), ctypes.c_uint32(0))
        _checked(_RESTRICT, ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _size(version: int) -> int:
    """How much of the attributes a kernel of this version knows."""
    fields = 3 if version >= SCOPE_ABI else 2 if version >= NET_ABI else 1
    return fields * ctypes.sizeof(ctypes.c_uint64)


def _allow_path(ruleset: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= _OF_FILES
        rule = _PathBeneath(rights, handle)
        _checked(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(handle)


def _checked(*arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(*arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
