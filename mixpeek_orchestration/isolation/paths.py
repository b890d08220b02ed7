"""What every worker may read: the interpreter, its libraries, our source, and the few system files that they need."""

from __future__ import annotations

import glob
import sys
from pathlib import Path
from typing import Final

_SYSTEM: Final = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share",
    "/usr/local/lib",
    "/usr/local/share",
    "/usr/local/cuda",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
    "/proc/cpuinfo",
    "/proc/driver/nvidia",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/self",
    "/proc/stat",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/vm/max_map_count",
    "/proc/uptime",
    "/proc/version",
    "/run/systemd/resolve/stub-resolv.conf",
    "/sys/bus/pci/devices",
    "/sys/devices/pci0000:00",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/urandom",
    "/dev/random",
)
"""Not `/etc` and not `/proc`: other processes, their environments and this machine's accounts are none of a package's business."""

_NOT_ITS_OWN: Final = (Path("/"), Path("/usr"), Path("/usr/local"))
"""Prefixes that hold more than an interpreter: the library folders above are all that is read of them."""


def package_root() -> Path:
    """The folder of this program's own modules."""
    return Path(__file__).resolve().parents[1]


def readable_by_all(python: Path | None = None) -> tuple[str, ...]:
    """What a worker of our interpreter (or of the one given) may read before it gets anything of its own."""
    prefixes = [Path(sys.prefix), Path(sys.base_prefix), package_root()]
    if python is not None:
        prefixes.append(python.absolute().parent.parent)
    own = [str(prefix) for prefix in prefixes if prefix not in _NOT_ITS_OWN]
    return (*_SYSTEM, *dict.fromkeys(own))


def packages_of(python: Path) -> Path:
    """Where the packages of an environment of our version of Python lie."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return python.absolute().parent.parent / "lib" / version / "site-packages"


def devices() -> tuple[str, ...]:
    """What a worker may open for reading and writing although it is no file: nothing, and the GPUs."""
    return ("/dev/null", *sorted(glob.glob("/dev/nvidia*")))


def import_root() -> Path | None:
    """The folder to import this program from when it is used from its source tree, `None` when it is installed."""
    root = package_root().parent
    return None if root.name in ("site-packages", "dist-packages") else root
