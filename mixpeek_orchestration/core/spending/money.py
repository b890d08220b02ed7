"""Sums and times as people read them."""

from __future__ import annotations


def dollars(usd: float) -> str:
    """Dollars with cents; smaller sums with as many places as they need, up to six."""
    if usd == 0.0:
        return "$0"
    if usd >= 0.1:
        return f"${usd:,.2f}"
    return f"${usd:.{4 if usd >= 0.001 else 6}f}" if usd >= 0.000001 else "less than $0.000001"


def duration(seconds: float) -> str:
    """Seconds as `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"
