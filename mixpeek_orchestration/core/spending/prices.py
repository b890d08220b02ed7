"""What work costs: seconds of machines and calls of others, in dollars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from mixpeek_orchestration.core.errors import InvalidInput

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Amount:
    """What some work takes: wall seconds, seconds of a CPU core and of an accelerator, and dollars paid to others (LLMs)."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    api_usd: float = 0.0

    def of(self, name: str) -> float:
        """One of the four, by name."""
        value: float = getattr(self, name)
        return value

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.wall_s + other.wall_s,
            self.cpu_s + other.cpu_s,
            self.gpu_s + other.gpu_s,
            self.api_usd + other.api_usd,
        )

    def __mul__(self, times: float) -> Amount:
        return Amount(self.wall_s * times, self.cpu_s * times, self.gpu_s * times, self.api_usd * times)


@dataclass(frozen=True)
class Prices:
    """The price table: dollars per hour of a CPU core and of an accelerator, and per item of extractors that pay others
    in ways that nobody measures, by the extractor's name."""

    cpu_hour: float = 0.0
    gpu_hour: float = 0.0
    item: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = {"cpu_hour": self.cpu_hour, "gpu_hour": self.gpu_hour, **self.item}
        for name, price in named.items():
            if not 0.0 <= price < float("inf"):
                raise InvalidInput(
                    f"The price {name!r} is not a sum of money.",
                    field="prices",
                    value=price,
                    fix="Give dollars, 0 or more.",
                )

    def usd(self, amount: Amount, *, extractor: str, items: int) -> float:
        """Dollars for this work on so many items."""
        machines = (amount.cpu_s * self.cpu_hour + amount.gpu_s * self.gpu_hour) / _HOUR_S
        return machines + amount.api_usd + self.item.get(extractor, 0.0) * items
