"""Assets for jailed packages: read by the host, left in the worker's folder, found there by `download_asset`."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from mixpeek_orchestration.core.errors import ItemFailure, TooLarge, TransientItemFailure
from mixpeek_orchestration.extractors.jailed.urls import AssetPolicy

_TIMEOUT_S: Final = 60.0
_CHUNK: Final = 1 << 20
_MAX_REDIRECTS: Final = 5
_MAX_SUFFIX: Final = 12
_ENCODINGS: Final = frozenset({"", "identity", "gzip", "deflate"})
"""Packed once, and at most a thousand times smaller: of others, one chunk may become more than there is memory."""


class AssetDoor:
    """Reads assets into `folder`, where the worker may read and remove them and make nothing."""

    def __init__(self, policy: AssetPolicy, folder: Path, max_bytes: int) -> None:
        self._policy = policy
        self._folder = folder
        self._max_bytes = max_bytes

    def download(self, url: str, suffix: str | None = None) -> str:
        """The path of a copy of the asset; raises `ItemFailure` for what is not read for packages."""
        target = self._free(suffix or Path(urlsplit(str(url)).path).suffix)
        try:
            if urlsplit(str(url)).scheme in ("", "file"):
                give_file(self._policy.local_file(str(url)), target)
            else:
                self._fetch(str(url), target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return str(target)

    def give_folder(self, source: Path) -> str:
        """The path of a copy of a folder that the host has decided to give."""
        target = self._free("")
        for path in sorted(source.rglob("*")):
            if path.is_file() and not path.is_symlink():  # a link may lead out of the folder
                copy = target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                give_file(path, copy)
        return str(target)

    def _free(self, suffix: str) -> Path:
        kept = "".join(one for one in suffix[:_MAX_SUFFIX] if one.isalnum() or one == ".")
        return self._folder / f"{secrets.token_hex(16)}{kept}"

    def _fetch(self, url: str, target: Path) -> None:
        import httpx

        # Proxies of the host's environment would resolve names themselves, behind the policy's back.
        with httpx.Client(timeout=_TIMEOUT_S, trust_env=False, verify=httpx.create_ssl_context()) as client:
            for _ in range(_MAX_REDIRECTS + 1):
                try:
                    elsewhere = self._read(client, url, target)
                except httpx.TransportError as error:
                    raise TransientItemFailure(
                        f"The asset could not be read ({type(error).__name__}).",
                        field="data",
                        value=_host(url),
                    ) from None
                if elsewhere is None:
                    return
                url = elsewhere
        raise ItemFailure("The asset is redirected too often.", field="data", value=_host(url))

    def _read(self, client: Any, url: str, target: Path) -> str | None:
        """Where the asset is instead, `None` when it was here and has been saved."""
        response = client.send(self._request(client, url), stream=True)
        with closing(response):
            if response.is_redirect:
                return urljoin(url, response.headers.get("location", ""))
            self._save(response, target)
        return None

    def _request(self, client: Any, url: str) -> Any:
        """The request, addressed to what the policy has looked at; TLS still asks for the name."""
        address = self._policy.address(url, _resolved)
        request = client.build_request("GET", url, headers={"accept-encoding": "gzip"})
        if address is not None:
            name = request.url.host
            request.url = request.url.copy_with(host=address)
            request.extensions = {**request.extensions, "sni_hostname": name}
        return request

    def _save(self, response: Any, target: Path) -> None:
        if response.status_code >= 400:
            transient = response.status_code in (408, 429) or response.status_code >= 500
            failure = TransientItemFailure if transient else ItemFailure
            raise failure(
                f"The asset answered {response.status_code}.", field="data", value=_host(response.url)
            )
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            raise ItemFailure("The asset is sent in an encoding that is not read.", value=encoding[:40])
        size = 0
        with target.open("xb") as file:
            for chunk in response.iter_bytes(_CHUNK):
                size += len(chunk)
                if size > self._max_bytes:
                    raise TooLarge(
                        f"The asset is larger than {self._max_bytes >> 20} MiB.",
                        field="data",
                        value=_host(response.url),
                    )
                file.write(chunk)


def give_file(source: Path, target: Path) -> None:
    """`target` has the content of `source`: another name for it where the file system allows, which costs nothing. The
    worker's folder is not writable for it, so the content is not either."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _resolved(host: str, port: int) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TransientItemFailure("The host of the asset is not known.", field="data", value=host) from error
    return [str(one[4][0]) for one in found]


def _host(url: Any) -> str:
    """All of a URL that may be shown: the rest of a signed one is a secret."""
    return urlsplit(str(url)).hostname or ""
