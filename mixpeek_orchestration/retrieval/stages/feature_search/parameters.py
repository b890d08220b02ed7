"""The parameters of `feature_search`: checked when a retriever is created, and again when they are rendered.

Before rendering, a template may stand wherever a value may.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import CoreSchema

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.feature_uri import FeatureUri, parse_feature_uri
from mixpeek_orchestration.core.validation import Later, unsupported, validated
from mixpeek_orchestration.retrieval.templates import is_template

RENDERED: Final = "rendered"
MAX_TOP_K: Final = 5000
MAX_SEARCHES: Final = 10


def _or_template(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Lets a template pass unchecked while the parameters are not rendered."""
    if is_template(value) and not (info.context or {}).get(RENDERED):
        return value
    return handler(value)


def _not_yet(*later: str, instead: str) -> BeforeValidator:
    """Refuses documented values that are not built, by name."""

    def check(value: object) -> object:
        if isinstance(value, str) and value in later:
            raise unsupported(repr(value), f"use {instead}")
        return value

    return BeforeValidator(check)


def _is_feature_uri(value: str) -> str:
    try:
        parse_feature_uri(value)
    except InvalidInput as error:
        raise ValueError(str(error).removesuffix(".")) from None
    return value


class _TemplateInSchema:
    """Says in JSON schemas that a template may stand in for the value."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(core_schema), {"type": "string", "pattern": r"\{\{"}]}


T = TypeVar("T")
OrTemplate = Annotated[T, WrapValidator(_or_template), _TemplateInSchema()]
Count = OrTemplate[Annotated[int, Field(strict=True, ge=1, le=MAX_TOP_K)]]
Unit = OrTemplate[Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]]
Score = OrTemplate[Annotated[float, Field(allow_inf_nan=False)]]
Flag = OrTemplate[Annotated[bool, Field(strict=True)]]
Milliseconds = OrTemplate[Annotated[int, Field(strict=True, ge=1)]]
Identifiers = OrTemplate[list[str]]


_LATER_MODES = _not_yet("content", "document", "multi_content", instead="text or vector")


class Query(BaseModel):
    """What to search for: a text, or a vector of the index's own space."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_mode: Annotated[Literal["text", "vector"], _LATER_MODES] = "text"
    value: Any = None
    embedding_task: Annotated[
        Literal["retrieval_query", "none"] | None,
        Field(description="Accepted: both embed the text as it is."),
    ] = None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema with the older spellings: a bare text or vector, and `text` or `vector` for `value`."""
        whole = handler.resolve_ref_schema(handler(core_schema))
        whole["properties"] = {**whole["properties"], "text": {}, "vector": {}}
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "number"}}, whole]}

    @model_validator(mode="before")
    @classmethod
    def _newest_spelling(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"input_mode": "text", "value": data}
        if isinstance(data, list):
            return {"input_mode": "vector", "value": data}
        if not isinstance(data, Mapping):
            return data
        spelled = dict(data)
        for older in ("text", "vector"):
            if older in spelled and "value" not in spelled:
                spelled["value"] = spelled.pop(older)
                spelled.setdefault("input_mode", older)
        if isinstance(spelled.get("value"), list):
            spelled.setdefault("input_mode", "vector")
        return {"input_mode": "text"} | spelled

    @model_validator(mode="after")
    def _value_fits_its_mode(self, info: ValidationInfo) -> Query:
        fits = is_text(self.value) if self.input_mode == "text" else is_vector(self.value)
        waits = is_template(self.value) and not (info.context or {}).get(RENDERED)
        if self.value is None or fits or waits:
            return self
        wanted = "text" if self.input_mode == "text" else "a list of finite numbers"
        raise ValueError(f"value must be {wanted} for input_mode {self.input_mode}")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search for."""
        return self.value is None or (isinstance(self.value, str | list) and not _stripped(self.value))


def _stripped(value: str | list[Any]) -> object:
    return value.strip() if isinstance(value, str) else value


def is_text(value: object) -> bool:
    return isinstance(value, str)


def is_vector(value: object) -> bool:
    """Whether a value is a list of finite numbers."""
    return isinstance(value, list) and all(
        isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in value
    )


class Search(BaseModel):
    """One search over one feature."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feature_uri: Annotated[str, AfterValidator(_is_feature_uri)]
    query: Query
    top_k: Count = 100
    min_score: Score | None = None
    weight: Unit = 1.0
    optional: Flag = False
    on_empty: Annotated[Literal["error", "skip"], _not_yet("random", instead="error or skip")] = "error"
    collection_identifiers: Identifiers | None = None
    lexical: Later = None
    query_preprocessing: Later = None

    @property
    def uri(self) -> FeatureUri:
        return parse_feature_uri(self.feature_uri)


class FeatureSearchParameters(BaseModel):
    """Several searches, fused into one list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    searches: list[Search] = Field(min_length=1, max_length=MAX_SEARCHES)
    final_top_k: Count = 25
    fusion: Annotated[Literal["rrf", "dbsf", "weighted", "max"], _not_yet("learned", instead="rrf")] = "rrf"
    collection_identifiers: Identifiers | None = None
    hard_timeout_ms: Milliseconds | None = Field(
        default=None, description="The most time that this stage may take."
    )
    interactive: Flag = Field(
        default=False, description="Do not wait for an endpoint that is still starting."
    )
    degrade_retry: Flag | None = Field(default=None, description="False is the same as `interactive`.")
    auto_preprocess: Flag = Field(
        default=True, description="Accepted: queries that it is about are not built."
    )
    cache_behavior: Annotated[Literal["auto", "disabled"] | None, _not_yet("aggressive", instead="auto")] = (
        None
    )
    cache_ttl_seconds: Later = None
    learning_config: Later = None
    query_preprocessing: Later = None
    facets: Later = None
    group_by: Later = None

    @property
    def waits(self) -> bool:
        """Whether a starting endpoint is waited for."""
        return not self.interactive and self.degrade_retry is not False


def parsed(parameters: Mapping[str, Any], *, at: str, rendered: bool) -> FeatureSearchParameters:
    """Checked parameters; raises `InvalidInput`, `UnknownField` or `Unsupported` naming the field under `at`."""
    return validated(FeatureSearchParameters, parameters, at=at, context={RENDERED: rendered})
