"""Keeping secrets out of rows, errors and logs. What a step has asked for is known; everything it gives is searched."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from mixpeek_orchestration.core.errors import InvalidOutput, MixpeekError

MASK: Final = "***"
_SHORTEST: Final = 4
"""A shorter secret would be found in ordinary text."""


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """The forms in which a secret may turn up: as it is, quoted for a URL, in base64. The longest first."""
    found = set()
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            plain = secret.encode()
            encoded = base64.b64encode(plain).decode()
            found |= {secret, quote(secret, safe=""), encoded, encoded.rstrip("=")}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def leaked(values: Iterable[Any], secrets: Iterable[str]) -> list[int]:
    """The places of the values that contain a secret, at any depth and in any of its spellings."""
    forms = spellings(secrets)
    return [place for place, value in enumerate(values) if forms and _contains(value, forms)]


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret replaced."""
    for form in spellings(secrets):
        text = text.replace(form, MASK)
    return text


def scrub_error(error: BaseException, secrets: Collection[str]) -> None:
    """Every secret in the messages of an error, and of those that led to it, is replaced in place."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left and secrets:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.args = tuple(_scrubbed_value(argument, secrets) for argument in one.args)
        if isinstance(one, MixpeekError):
            one.message = scrubbed(one.message, secrets)
            one.value = _scrubbed_value(one.value, secrets)
            one.context = {name: _scrubbed_value(value, secrets) for name, value in one.context.items()}
        left += [one.__cause__, one.__context__]


def refuse_leaks(columns: Mapping[str, Iterable[Any]], secrets: Collection[str], *, by: str) -> None:
    """Raises `InvalidOutput`, naming the column and never the secret, when a value contains one."""
    for name, values in columns.items():
        if secrets and leaked(values, secrets):
            raise InvalidOutput(
                f"{by} returned a value that contains a secret.",
                field=name,
                fix="Return what was computed with the secret, not the secret.",
            )


def scrub_logs(secrets: Callable[[], Collection[str]]) -> None:
    """From now on log records of this process contain no secret. `secrets` is asked at every record, because steps ask
    for more as they run."""
    make = logging.getLogRecordFactory()

    def scrubbing(*args: Any, **options: Any) -> logging.LogRecord:
        record = make(*args, **options)
        known = secrets()
        if known:
            _scrub_record(record, known)
        return record

    logging.setLogRecordFactory(scrubbing)


def _scrub_record(record: logging.LogRecord, secrets: Collection[str]) -> None:
    try:
        message = record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit their format
        message = f"{record.msg} {record.args}"
    clean = scrubbed(message, secrets)
    if clean != message:  # formatters may read the arguments of others
        record.msg, record.args = clean, None
    if record.exc_info and record.exc_info[1] is not None:
        scrub_error(record.exc_info[1], secrets)


def _contains(value: Any, forms: tuple[str, ...]) -> bool:
    if isinstance(value, str):
        return any(form in value for form in forms)
    if isinstance(value, bytes | bytearray | memoryview):
        return any(form.encode() in bytes(value) for form in forms)
    if isinstance(value, Mapping):
        return any(_contains(part, forms) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return any(_contains(part, forms) for part in value if not isinstance(part, int | float))
    if getattr(getattr(value, "dtype", None), "kind", "") in "OUS" and hasattr(value, "tolist"):
        return _contains(value.tolist(), forms)
    return False


def _scrubbed_value(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, str):
        return scrubbed(value, secrets)
    if value is None or isinstance(value, bool | int | float):
        return value
    shown = repr(value)
    clean = scrubbed(shown, secrets)
    return value if clean == shown else clean
