"""Behind `shared.billing.models`: what a hosted installation charges. Here it is recorded and charges nothing."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["CostRate", "CostUnit", "CostsInfo"]


class CostUnit(StrEnum):
    """What is counted."""

    MINUTE = "minute"
    IMAGE = "image"
    TOKENS_1K = "1k_tokens"
    PAGE = "page"
    FACE = "face"
    EXTRACTION = "extraction"


class CostRate(BaseModel):
    """Credits for one unit."""

    model_config = ConfigDict(frozen=True)

    unit: CostUnit
    credits_per_unit: float = Field(ge=0)
    description: str | None = None


class CostsInfo(BaseModel):
    """The price tier of an extractor (1 simple to 4 premium) and its rates."""

    model_config = ConfigDict(frozen=True)

    tier: int = Field(ge=1, le=4)
    tier_label: str = ""
    rates: tuple[CostRate, ...] = ()
