"""Why a replica did not start, carried through Serve's status message, which is text with a traceback in it."""

from __future__ import annotations

import json
import re
from typing import Final

from mixpeek_orchestration.core.errors import InvalidPackage, MixpeekError

_MARK: Final = "endpoint-start-failed:"
_REASON: Final = re.compile(re.escape(_MARK) + r"(?P<json>\{.*?\})(?:\s*$|\n)", re.MULTILINE)


class StartFailed(RuntimeError):
    """Raised by the constructor of a replica; its text is one line that `reason_in` finds again."""

    @classmethod
    def of(cls, error: Exception) -> StartFailed:
        message = error.message if isinstance(error, MixpeekError) else f"{type(error).__name__}: {error}"
        fix = error.fix if isinstance(error, MixpeekError) else None
        return cls(_MARK + json.dumps({"message": message[:1000], "fix": fix}))


def reason_in(message: str, *, endpoint: str) -> InvalidPackage:
    """The error for a deployment whose status says `message`; what is no reason of ours is its last line."""
    found = _REASON.search(message)
    if found is not None:
        reason = json.loads(found["json"])
        text, fix = reason["message"], reason["fix"]
    else:
        lines = [line.strip() for line in message.splitlines() if line.strip()]
        text, fix = lines[-1] if lines else "no reason was given", None
    return InvalidPackage(
        f"The endpoint of {endpoint} did not start: {text}",
        field="realtime.py",
        value=endpoint,
        fix=fix or "Mend the package; `mixpeek logs` has the traceback of the replica.",
    )
