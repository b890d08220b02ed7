"""The system call filters of a jailed worker. Two are stacked: one of what exists, one of arguments that are refused."""

from __future__ import annotations

import errno
import os
from typing import Any, Final

from mixpeek_orchestration.isolation import syscalls

_INT: Final = 0xFFFFFFFF
"""The kernel reads these arguments as 32 bits: a filter that compares 64 can be passed by with a high bit."""

_CLONE_THREAD: Final = 0x00010000
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_TYPE_MASK, _SOCK_STREAM = 0xF, 1
_ANY_TCP: Final = (0, 6)
_MSG_FASTOPEN: Final = 0x20000000
_FLAGS_AT: Final = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}
_FCNTL: Final = (8, 10, 15, 1024, 1026)  # F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY
_IOCTL: Final = (0x5412, 0x541C, 0x8901, 0x8902)  # TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP
_IOCTL_OF_FILES: Final = (0x6600, 0x5800, 0x9400)
"""Types f, X and 0x94: flags, versions, verity and subvolumes of file systems, which need no right to write."""
_IOCTL_TYPE: Final = 0xFF00
_SHARED_ANONYMOUS: Final = 0x21
"""MAP_SHARED and MAP_ANONYMOUS. A process that lets go of such pages keeps them, and they count as nobody's."""
_PRCTL: Final = (1, 4, 35, 0x59616D61)  # PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_MM, PR_SET_PTRACER


def install(*, network: bool, programs: bool = False, shared_memory: bool = False) -> None:
    """From now on this process makes only the system calls of its level. Cannot be taken back.

    With `programs` it may become another program (which keeps the filter); it never starts one beside itself. With
    `shared_memory`, which drivers of GPUs want, it may hide memory from whoever counts it.
    """
    import pyseccomp

    _refusing(pyseccomp, shared_memory=shared_memory).load()
    _allowing(pyseccomp, network=network, programs=programs).load()


def _refusing(lib: Any, *, shared_memory: bool) -> Any:
    """Allows all calls but those with arguments that reach out of the process."""
    rules = _filter(lib, lib.ALLOW)
    refused = lib.ERRNO(errno.EPERM)
    _add(rules, refused, "clone", lib.Arg(0, lib.MASKED_EQ, _CLONE_THREAD, 0))
    for call, values in (("fcntl", _FCNTL), ("ioctl", _IOCTL), ("prctl", _PRCTL)):
        for value in values:
            _add(rules, refused, call, lib.Arg(0 if call == "prctl" else 1, lib.MASKED_EQ, _INT, value))
    for kind in _IOCTL_OF_FILES:
        _add(rules, refused, "ioctl", lib.Arg(1, lib.MASKED_EQ, _IOCTL_TYPE, kind))
    if not shared_memory:
        shared = lib.Arg(3, lib.MASKED_EQ, _SHARED_ANONYMOUS, _SHARED_ANONYMOUS)
        _add(rules, lib.ERRNO(errno.ENOMEM), "mmap", shared)
    for call, place in _FLAGS_AT.items():  # a fast open connects without `connect`, which Landlock would see
        _add(rules, refused, call, lib.Arg(place, lib.MASKED_EQ, _MSG_FASTOPEN, _MSG_FASTOPEN))
    return rules


def _allowing(lib: Any, *, network: bool, programs: bool) -> Any:
    """Allows the listed calls; the others do not exist."""
    rules = _filter(lib, lib.ERRNO(errno.ENOSYS))
    more = (*(syscalls.ALLOWED_NETWORK if network else ()), *(syscalls.EXECUTE if programs else ()))
    answers = (
        (syscalls.ALLOWED + more, lib.ALLOW),
        ([name for name in syscalls.REFUSED if name not in more], lib.ERRNO(errno.EPERM)),
        (syscalls.WITHOUT_EFFECT, lib.ERRNO(0)),
        (syscalls.UNSUPPORTED, lib.ERRNO(errno.ENOTSUP)),
    )
    for names, action in answers:
        for name in names:
            _add(rules, action, name)
    for call in ("kill", "tgkill"):
        _add(rules, lib.ALLOW, call, lib.Arg(0, lib.MASKED_EQ, _INT, os.getpid()))
    for pid in (0, os.getpid()):
        _add(rules, lib.ALLOW, "prlimit64", lib.Arg(0, lib.MASKED_EQ, _INT, pid))
    stream = lib.Arg(1, lib.MASKED_EQ, _TYPE_MASK, _SOCK_STREAM)
    _add(rules, lib.ALLOW, "socketpair", lib.Arg(0, lib.MASKED_EQ, _INT, _AF_UNIX), stream)
    if not network:
        _add(rules, lib.ERRNO(errno.EPERM), "socket")
        return rules
    for family in (_AF_INET, _AF_INET6):
        for protocol in _ANY_TCP:
            kind = lib.Arg(0, lib.MASKED_EQ, _INT, family)
            _add(rules, lib.ALLOW, "socket", kind, stream, lib.Arg(2, lib.MASKED_EQ, _INT, protocol))
    return rules


def _filter(lib: Any, default: int) -> Any:
    rules = lib.SyscallFilter(default)
    rules.set_attr(lib.Attr.ACT_BADARCH, lib.KILL_PROCESS)  # calls in the 32-bit spelling have other numbers
    rules.set_attr(lib.Attr.CTL_TSYNC, 1)
    return rules


def _add(rules: Any, action: int, name: str, *arguments: Any) -> None:
    try:
        rules.add_rule(action, name, *arguments)
    except (OSError, ValueError) as error:
        if not _is_unknown_here(name):
            raise OSError(f"The filter for {name} was not accepted: {error}") from error


def _is_unknown_here(name: str) -> bool:
    """Whether this architecture (or this libseccomp) has no such call."""
    import pyseccomp

    try:
        return int(pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)) < 0
    except (OSError, ValueError):
        return True
