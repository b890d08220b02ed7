"""The body of an execute request, in every documented spelling."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from mixpeek_orchestration.core.validation import Later, unsupported
from mixpeek_orchestration.retrieval.pagination import MAX_PAGE, Page, decoded_cursor


class PaginationSpec(BaseModel):
    """Which part of the result to return: by page number, or by the cursor of the page before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["offset", "cursor", "keyset", "scroll"] | None = None
    limit: int | None = Field(default=None, ge=1, le=MAX_PAGE)
    cursor: str | None = None
    offset: int | None = Field(default=None, ge=0)
    page_size: int | None = Field(default=None, ge=1, le=MAX_PAGE)
    page_number: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _is_built(self) -> Self:
        if self.method in ("keyset", "scroll"):
            raise unsupported(f"pagination by {self.method}", "use method offset or cursor")
        if self.limit is not None and self.page_size is not None and self.limit != self.page_size:
            raise ValueError("limit and page_size contradict each other")
        return self

    def page(self, default_size: int | None) -> Page:
        """The slice of the result that this asks for; `default_size` holds where it gives no size."""
        size = self.limit or self.page_size or default_size
        by_number = self.method == "offset" or self.page_number is not None or self.page_size is not None
        if by_number and self.offset is None and self.cursor is None:
            size = size or 10
            return Page("offset", ((self.page_number or 1) - 1) * size, size)
        start = decoded_cursor(self.cursor) if self.cursor else self.offset or 0
        return Page("offset" if by_number else "cursor", start, size)


class BudgetSpec(BaseModel):
    """How much one execution may take."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_credits: float | None = Field(default=None, ge=0, description="Kept; nothing costs credits here.")
    max_time_ms: int | None = Field(
        default=None, ge=1, description="Wall-clock milliseconds for one execution."
    )


class ExecuteSpec(BaseModel):
    """One execution of a retriever."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    inputs: dict[str, Any] = Field(
        default_factory=dict,
        validation_alias=AliasChoices("inputs", "input"),
        description="Values for the retriever's input schema.",
    )
    pagination: PaginationSpec | None = None
    limit: int | None = Field(
        default=None,
        ge=1,
        le=MAX_PAGE,
        validation_alias=AliasChoices("limit", "page_size"),
        description="The most documents that the answer has.",
    )
    offset: int | None = Field(
        default=None, ge=0, description="How many documents to leave out at the start."
    )
    max_time_ms: int | None = Field(default=None, ge=1)
    budget_limits: BudgetSpec | None = None
    return_vectors: bool = Field(default=False, description="Add the vectors to the documents.")
    skip_cache: bool = Field(default=False, description="Accepted: nothing is cached yet.")
    consistency: Any = Field(default=None, description="Accepted: every read sees all commits.")
    filters: Later = None
    stream: Later = None
    expand: Later = None
    return_presigned_urls: Later = None
    write_token: Later = None
    target_collection_id: Later = None
    explain: Later = None

    @property
    def page(self) -> Page:
        """The slice of the result that is asked for; `pagination` wins over `limit`."""
        if self.pagination is not None:
            return self.pagination.page(self.limit)
        return Page("offset" if self.offset is not None else "cursor", self.offset or 0, self.limit)

    @property
    def time_budgets(self) -> tuple[int | None, ...]:
        """Every time limit that the request names."""
        return self.max_time_ms, self.budget_limits.max_time_ms if self.budget_limits else None
