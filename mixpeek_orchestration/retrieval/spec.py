"""The body of a create-retriever request, in every documented spelling, and the retriever that it describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, model_validator

from mixpeek_orchestration.core.bucket import ManagedBy
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.identity import random_id
from mixpeek_orchestration.core.ports.resources import ResourceCatalog
from mixpeek_orchestration.core.retriever import InputField, Retriever, StageSpec
from mixpeek_orchestration.core.validation import Later, joined_path, validated
from mixpeek_orchestration.retrieval.inputs import INPUT_TYPES
from mixpeek_orchestration.retrieval.request import BudgetSpec
from mixpeek_orchestration.retrieval.scope import Scope, require_scope
from mixpeek_orchestration.retrieval.stages.registry import find_stage
from mixpeek_orchestration.retrieval.templates import check_templates, inputs_used

StageType = Literal["filter", "sort", "reduce", "apply", "enrich"]
Text = Annotated[str, Field(min_length=1)]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _is_input_type(value: str) -> str:
    if value not in INPUT_TYPES:
        raise ValueError(f"{value!r} is not a type of inputs; there is: {', '.join(sorted(INPUT_TYPES))}")
    return value


class InputSpec(_Spec):
    """One input of a retriever."""

    type: Annotated[str, AfterValidator(_is_input_type)]
    required: bool = False
    default: Any = None
    description: str | None = None
    examples: list[Any] | None = None
    enum: list[Any] | None = None
    items: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None

    def to_field(self) -> InputField:
        return InputField(
            type=self.type,
            required=self.required,
            default=self.default,
            description=self.description,
            examples=tuple(self.examples or ()),
            enum=tuple(self.enum or ()),
            items=self.items,
            properties=self.properties,
        )


class DisplayInput(BaseModel):
    """How one input is shown; further keys belong to the page that renders it."""

    model_config = ConfigDict(extra="allow")

    field_name: Text


class DisplayConfig(BaseModel):
    """How a search page is shown. Loose: what is not named here is kept as it is."""

    model_config = ConfigDict(extra="allow")

    title: str | None = None
    description: str | None = None
    logo_url: str | None = None
    inputs: list[DisplayInput] | None = None
    exposed_fields: list[str] | None = None
    components: dict[str, Any] | None = None
    layout: dict[str, Any] | None = None
    theme: dict[str, Any] | None = None
    field_config: dict[str, dict[str, Any]] | None = None
    field_mappings: dict[str, str] | None = None
    markdowns: list[dict[str, Any]] | None = None
    custom_cta: dict[str, Any] | None = None
    external_links: list[dict[str, Any]] | None = None
    template_type: str | None = None


def _is_display_config(value: dict[str, Any]) -> dict[str, Any]:
    DisplayConfig.model_validate(value)
    return value


class StageConfig(_Spec):
    """What a stage does. `stage_name` and `version` are the older spelling of `stage_id`."""

    stage_id: str | None = Field(default=None, validation_alias=AliasChoices("stage_id", "stage_name"))
    parameters: dict[str, Any] | None = None
    version: Literal["v1", "1", "1.0.0"] | None = None
    pre_filters: Later = None
    post_filters: Later = None


class StageInput(_Spec):
    """One stage, with its configuration under `config` or, in an older spelling, beside it."""

    stage_name: Text = Field(
        validation_alias=AliasChoices("stage_name", "name"), description="What the stage is called."
    )
    stage_type: StageType | None = Field(default=None, description="Inferred from the stage when left out.")
    config: StageConfig = Field(default_factory=StageConfig)
    stage_id: str | None = Field(default=None, description="Older spelling of config.stage_id.")
    parameters: dict[str, Any] | None = Field(
        default=None, description="Older spelling of config.parameters."
    )
    batch_size: str | None = None
    description: str | None = None
    on_error: Literal["skip", "error"] | None = None
    output_alias: Later = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        for name in ("stage_id", "parameters"):
            flat, nested = getattr(self, name), getattr(self.config, name)
            if flat is not None and nested is not None and flat != nested:
                raise ValueError(f"{name} and config.{name} contradict each other")
        return self

    def to_stage(self, *, at: str) -> StageSpec:
        """The stage in its newest spelling; raises `InvalidInput` naming the field under `at`."""
        stage_id = self.config.stage_id or self.stage_id
        if stage_id is None:
            raise InvalidInput(
                f"{at} does not say which stage it is.",
                field=f"{at}.config.stage_id",
                fix="Add config.stage_id, for example feature_search.",
            )
        stage = find_stage(stage_id, field=f"{at}.config.stage_id")
        if self.stage_type not in (None, stage.stage_type):
            raise InvalidInput(
                f"The stage {stage.stage_id} is a {stage.stage_type} stage.",
                field=f"{at}.stage_type",
                value=self.stage_type,
                fix=f"Write {stage.stage_type}, or leave stage_type out.",
            )
        parameters = self.config.parameters if self.config.parameters is not None else self.parameters or {}
        check_templates(parameters, at=f"{at}.config.parameters")
        return StageSpec(
            stage_name=self.stage_name,
            stage_type=stage.stage_type,
            stage_id=stage.stage_id,
            parameters=stage.normalized(parameters, at=f"{at}.config.parameters"),
            batch_size=self.batch_size,
            description=self.description,
            on_error=self.on_error,
        )


@dataclass(frozen=True)
class Origin:
    """Who creates a retriever, and how."""

    managed_by: ManagedBy = "api"
    created_by: str | None = None


class RetrieverSpec(_Spec):
    """A retriever to create."""

    retriever_name: Text
    stages: list[StageInput] = Field(min_length=1)
    description: str | None = None
    collection_identifiers: list[Text] | None = Field(
        default=None, description="Names or ids of the collections to search."
    )
    collection_ids: list[Text] | None = Field(default=None, description="The same as collection_identifiers.")
    input_schema: dict[str, InputSpec] | None = None
    budget_limits: BudgetSpec | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None
    display_config: Annotated[dict[str, Any], AfterValidator(_is_display_config)] | None = None
    visibility: Literal["private"] | None = Field(default=None, description="Publishing is not built yet.")
    marketplace_listing_id: Later = None
    requires_subscription: Later = None

    @model_validator(mode="before")
    @classmethod
    def _unwrapped_schema(cls, data: Any) -> Any:
        """Lets `input_schema` be written as a JSON schema: its properties are the inputs."""
        schema = data.get("input_schema") if isinstance(data, Mapping) else None
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        if not isinstance(properties, Mapping) or isinstance(properties.get("type"), str):
            return data
        required = schema.get("required") if isinstance(schema, Mapping) else None
        fields = {
            name: {"required": name in (required or ()), **field} if isinstance(field, Mapping) else field
            for name, field in properties.items()
        }
        return {**data, "input_schema": fields}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        both = self.collection_identifiers, self.collection_ids
        if None not in both and both[0] != both[1]:
            raise ValueError("collection_identifiers and collection_ids contradict each other")
        names = [stage.stage_name for stage in self.stages]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two stages are called {twice!r}; statistics are told by stage name")
        return self

    @classmethod
    def parse(cls, body: object) -> RetrieverSpec:
        """A checked body; raises `InvalidInput` (or a subclass) about the first thing that is wrong."""
        return validated(cls, body)

    @property
    def identifiers(self) -> list[str]:
        """The collections asked for, each once, in the order given."""
        return list(dict.fromkeys(self.collection_identifiers or self.collection_ids or ()))

    def to_retriever(
        self,
        namespace_id: str,
        resources: ResourceCatalog,
        *,
        now: str,
        origin: Origin = Origin(),
        retriever_id: str | None = None,
    ) -> Retriever:
        """The retriever, checked against the collections that there are.

        Raises `NotFound` for a collection that does not exist, and `InvalidInput` naming the field for a stage,
        parameter, template or feature that cannot work.
        """
        stages = self.check_stages()
        field = "collection_ids" if self.collection_identifiers is None else "collection_identifiers"
        scope = require_scope(resources, namespace_id, self.identifiers, field=field)
        _check_stages(stages, scope)
        self._check_inputs(stages)
        limits = self.budget_limits or BudgetSpec()
        return Retriever(
            retriever_id=retriever_id or random_id("ret"),
            namespace_id=namespace_id,
            name=self.retriever_name,
            stages=tuple(stages),
            collection_ids=tuple(target.collection.collection_id for target in scope.targets),
            input_schema={name: field.to_field() for name, field in (self.input_schema or {}).items()},
            max_time_ms=limits.max_time_ms,
            max_credits=limits.max_credits,
            description=self.description,
            tags=tuple(self.tags or ()),
            metadata=self.metadata or {},
            display_config=self.display_config,
            managed_by=origin.managed_by,
            created_at=now,
            updated_at=now,
            created_by=origin.created_by,
        )

    def check_stages(self, *, at: str = "") -> list[StageSpec]:
        """The stages in their newest spelling; raises `InvalidInput` naming the field under `at`."""
        return [stage.to_stage(at=joined_path(at, "stages", i)) for i, stage in enumerate(self.stages)]

    def _check_inputs(self, stages: Sequence[StageSpec]) -> None:
        """With a schema, a template may only refer to what is in it: a misspelt name would fail every execution."""
        for position, stage in enumerate(stages) if self.input_schema else ():
            unknown = sorted(inputs_used(stage.parameters) - set(self.input_schema or ()))
            if unknown:
                raise InvalidInput(
                    f"The stage {stage.stage_name!r} refers to the input {unknown[0]!r}, which is not in input_schema.",
                    field=f"stages.{position}.config.parameters",
                    value=unknown[0],
                    fix=f"Add it to input_schema, or use one of: {', '.join(self.input_schema or ())}.",
                )


def _check_stages(stages: Sequence[StageSpec], scope: Scope) -> None:
    for position, stage in enumerate(stages):
        kind = find_stage(stage.stage_id, field=f"stages.{position}.config.stage_id")
        kind.check(stage.parameters, scope, at=f"stages.{position}.config.parameters")
