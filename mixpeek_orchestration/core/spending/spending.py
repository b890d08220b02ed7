"""What this process has paid to others (LLMs) so far: a counter that meters read before and after."""

from __future__ import annotations

import threading

_lock = threading.Lock()
_paid = 0.0


def pay(usd: float | None) -> None:
    """Count a call that was paid; one whose price nobody knows counts nothing."""
    global _paid
    if usd:
        with _lock:
            _paid += usd


def paid_usd() -> float:
    """Dollars since the process began."""
    return _paid
