"""The keys that secrets are encrypted with: from the settings, else from a file that only its owner can read."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet

from mixpeek_orchestration.core.errors import InvalidInput


def cipher(given: str, file: Path) -> Callable[[], MultiFernet]:
    """How to get the cipher when it is needed: of the keys that are `given`, else of those in `file`.

    Several keys are separated by commas or lines; the first encrypts, all decrypt, so that keys can be rotated.
    """
    return lambda: _of_text(given, "MIXPEEK_SECRET_KEY") if given else _of_text(_kept(file), str(file))


def _kept(file: Path) -> str:
    """The content of the key file, which is made (mode 0600) when it is not there: whole, and by one of those who try."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=file.parent)  # which only its owner can read
        with os.fdopen(descriptor, "w") as new:
            new.write(Fernet.generate_key().decode() + "\n")
            new.flush()
            os.fsync(new.fileno())
        try:
            os.link(temporary, file)
        except FileExistsError:
            pass  # the other process was first
        finally:
            os.unlink(temporary)
    return file.read_text()


@lru_cache(maxsize=8)
def _of_text(text: str, where: str) -> MultiFernet:
    return MultiFernet([_fernet(key, where) for key in _split(text)] or [_fernet("", where)])


def _split(text: str) -> Sequence[str]:
    return [key for key in re.split(r"[\s,]+", text) if key]


def _fernet(key: str, where: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise InvalidInput(
            f"{where} holds no key for secrets.",
            field=where,
            fix="A key is 32 random bytes in URL-safe base64: `python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'`.",
        ) from None
