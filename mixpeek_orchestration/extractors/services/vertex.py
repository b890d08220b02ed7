"""A language model as a batch step: Vertex AI by its documented name, and every provider that is configured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import AliasChoices, BaseModel, Field

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.concurrency import concurrent_api_calls
from mixpeek_orchestration.extractors.container import LLM
from mixpeek_orchestration.extractors.model_files import ModelSpec
from mixpeek_orchestration.extractors.services.batches import DATA, texts, values, with_column
from mixpeek_orchestration.extractors.services.configs import ServiceConfig
from mixpeek_orchestration.extractors.services.service import BuiltInService

if TYPE_CHECKING:
    import pandas as pd

_OURS: Final = frozenset(
    {DATA, "document_id", "object_id", "blob_id", "blob_type", "blob_property", "mime_type", "size_bytes"}
)


class LLMConfig(ServiceConfig):
    """What a model is asked about every row."""

    instruction: str = Field(
        min_length=1,
        validation_alias=AliasChoices("instruction", "prompt"),
        description="What to do with a row.",
    )
    text_column: str = Field(
        default="", description="Where the texts are; `data` when there is no image_column."
    )
    image_column: str = Field(
        default="",
        validation_alias=AliasChoices("image_column", "bytes_column", "url_column"),
        description="Where pictures are: bytes, URLs or paths.",
    )
    provider: str = Field(default="google", description="google, openai or anthropic.")
    model: str = Field(
        default="gemini-2.5-flash",
        validation_alias=AliasChoices("model", "model_name", "model_id"),
        description="Which model of the provider.",
    )
    answer_schema: Any = Field(
        default=None,
        validation_alias=AliasChoices("schema", "answer_schema", "response_schema", "response_shape"),
        description="A JSON schema or pydantic class of the answer; each of its properties becomes a column as well.",
    )
    system: str | None = Field(default=None, description="Who the model is told to be.")
    temperature: float | None = Field(default=0.0, ge=0.0, description="0: the likeliest answer.")
    max_tokens: int | None = Field(default=None, ge=1, description="The longest answer.")
    max_concurrency: int = Field(
        default=8,
        ge=1,
        validation_alias=AliasChoices("max_concurrency", "max_concurrent"),
        description="Calls at a time.",
    )
    llm: Any = Field(
        default=None,
        validation_alias=AliasChoices("llm", "llm_service"),
        description="container.llm; without it the platform of the running step.",
    )

    @property
    def properties(self) -> tuple[str, ...]:
        """The columns that the schema of the answer adds."""
        schema = self.answer_schema
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            return tuple(schema.model_fields)
        return tuple(schema.get("properties") or ()) if isinstance(schema, Mapping) else ()


class VertexAIBatch(BuiltInService):
    """The answer of a language model for every row, under `response`; null for a row with nothing to ask about.

    With a schema the answer is an object, and each of its properties a column too. Several rows are asked about at a
    time. The first call that fails is raised, so that its row is found; the answers of the others are in the cache.
    """

    kind = LLMConfig
    output = "response"

    @classmethod
    def models(cls, config: Any = None) -> tuple[ModelSpec, ...]:
        settings = cls.read(config)
        for name in settings.properties:
            if name in _OURS:
                raise InvalidPackage(
                    f"The answer may not have the property {name!r}: the batch has a column of that name.",
                    field=f"{cls.__name__}.schema",
                    value=name,
                    fix="Give the property another name.",
                )
        return (ModelSpec(f"{settings.provider}/{settings.model}", "", "api"),)

    def process(self, batch: pd.DataFrame) -> pd.DataFrame:
        answers = concurrent_api_calls(self._questions(batch), self._ask, self.settings.max_concurrency)
        for error in answers.errors.values():
            raise error
        found = [None if answer is None else _plain(answer.data) for answer in answers]
        for name in self.settings.properties:
            batch = with_column(batch, name, [None if one is None else one.get(name) for one in found])
        return with_column(batch, self.output_column, found)

    def _questions(self, batch: pd.DataFrame) -> list[tuple[str | None, Any] | None]:
        """The text and picture of every row, `None` where it has neither."""
        settings = self.settings
        column = settings.text_column or ("" if settings.image_column else DATA)
        words = texts(batch, column) if column else [None] * len(batch)
        pictures = values(batch, settings.image_column) if settings.image_column else [None] * len(batch)
        pairs = zip(words, pictures, strict=True)
        return [None if text is None and picture is None else (text, picture) for text, picture in pairs]

    async def _ask(self, question: tuple[str | None, Any]) -> Any:
        text, picture = question
        settings = self.settings
        return await (settings.llm or LLM()).generate(
            settings.instruction,
            text,
            None if picture is None else [picture],
            provider=settings.provider,
            model=settings.model,
            schema=settings.answer_schema,
            system=settings.system,
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
        )


def _plain(data: Any) -> Any:
    """An answer as a column can hold it."""
    return data.model_dump(mode="json") if isinstance(data, BaseModel) else data
