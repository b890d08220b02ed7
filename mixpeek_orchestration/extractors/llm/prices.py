"""What a call of a model costs, from a table that is kept up to date elsewhere, or from the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_PER_MILLION = 1_000_000
_KNOWN_AS = {"vertex": "google"}


def cost_usd(
    provider: str,
    model: str,
    input_tokens: int,
    output_tokens: int,
    prices: Mapping[str, Sequence[float]],
) -> float | None:
    """Dollars for these tokens; `None` where nobody knows the price.

    `prices` maps `provider/model` to dollars per million input and output tokens, and goes before the table.
    """
    own = prices.get(f"{provider}/{model}")
    if own is not None:
        return (own[0] * input_tokens + own[1] * output_tokens) / _PER_MILLION
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    try:
        return float(calc_price(usage, model, provider_id=_KNOWN_AS.get(provider, provider)).total_price)
    except LookupError:
        return None
