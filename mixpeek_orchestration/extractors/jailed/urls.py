"""Which assets the host reads for a jailed package: stored content, and what anybody on the internet may read."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mixpeek_orchestration.core.errors import ItemFailure

Resolve = Callable[[str, int], Sequence[str]]
_DEFAULT_PORTS = {"http": 80, "https": 443}
_INNER = tuple(
    ipaddress.ip_network(one)
    for one in (
        *(
            "::/96",
            "::ffff:0:0:0/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
        ),  # an IPv4 address inside, maybe an inner one
        "fec0::/10",  # what is fc00::/7 now
        *("168.63.129.16/32", "192.0.0.0/24"),  # what clouds tell their machines: Azure, Oracle
    )
)


@dataclass(frozen=True)
class AssetPolicy:
    """`folders`: where stored content lies. `origins`: `scheme://host:port` of our own stores, wherever they are.
    `internet`: whether public addresses may be read too."""

    folders: tuple[Path, ...] = ()
    origins: frozenset[str] = frozenset()
    internet: bool = False

    def local_file(self, url: str) -> Path:
        """The stored file that a `file://` URL means; raises `ItemFailure` for any other file of this machine."""
        path = Path(os.path.realpath(unquote(urlsplit(url).path)))
        inside = [path.relative_to(folder) for folder in self.folders if path.is_relative_to(folder)]
        hidden = any(part.startswith(".") for stored in inside for part in stored.parts)  # half-written
        if not inside or hidden or not path.is_file():
            raise ItemFailure("This file is no stored content.", field="data", value=path.name)
        return path

    def address(self, url: str, resolve: Resolve) -> str | None:
        """The address to connect to for a URL, `None` for one of our own stores (the name is used as it is).

        Raises `ItemFailure` for an address of this machine, of its network or of its cloud: a name is resolved once,
        and what was looked at is what is connected to.
        """
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise _refused(url, "only file, http and https are read for packages")
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        if f"{parts.scheme}://{parts.hostname}:{port}" in self.origins:
            return None
        if not self.internet:
            raise _refused(url, "this package has no network")
        addresses = resolve(parts.hostname, port)
        inner = [one for one in addresses if not _is_public(one)]
        if inner or not addresses:
            raise _refused(url, "it is not a public address")
        return addresses[0]


def asset_policy(
    object_store: Mapping[str, Any], *, internet: bool, endpoint: str | None = None
) -> AssetPolicy:
    """The policy for packages whose content lies in this object store. `endpoint` is where S3 is, if not at Amazon."""
    root = str(object_store.get("url") or "")
    scheme = urlsplit(root).scheme
    folder = unquote(urlsplit(root).path) if scheme == "file" else root if root and not scheme else ""
    folders = (Path(os.path.realpath(os.path.expanduser(folder))),) if folder else ()
    return AssetPolicy(folders, frozenset({origin(endpoint)} if endpoint else ()), internet)


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)}"


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None)
    if getattr(parsed, "teredo", None) or any(parsed in network for network in _INNER):
        return False
    return (mapped or parsed).is_global and not parsed.is_multicast


def _refused(url: str, reason: str) -> ItemFailure:
    host = urlsplit(url).hostname or ""
    return ItemFailure(f"The asset is not read for a package: {reason}.", field="data", value=host)
