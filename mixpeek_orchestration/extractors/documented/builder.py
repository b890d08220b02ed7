"""Behind `engine.plugins.extractors.builder` and `engine.pipelines.models`: pipelines built by a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Self

from mixpeek_orchestration.extractors.pipelines.pipeline import (
    ExtractorConfig,
    ExtractorRequest,
    PipelineStepsAndPrepare,
    unchanged,
)

__all__ = [
    "BaseExtractorBuilder",
    "DatasetPreparationBuilder",
    "ExtractorConfig",
    "ExtractorRequest",
    "InputFieldType",
    "PipelineStepsAndPrepare",
]


class InputFieldType(StrEnum):
    """What an input field holds."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    PDF = "pdf"
    DOCUMENT = "document"
    JSON = "json"
    ANY = "any"


class BaseExtractorBuilder:
    """Builds a pipeline for one request. A subclass defines `build_steps(self)`."""

    def __init__(self, extractor_request: Any, container: Any = None, **options: Any) -> None:
        self.extractor_request = extractor_request
        self.container = container
        self.options = options

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters of the collection."""
        parameters: Mapping[str, Any] = self.extractor_request.extractor_config.parameters or {}
        return parameters

    def build_steps(self) -> list[Any]:
        """The steps, in order."""
        raise NotImplementedError(f"{type(self).__name__} has to define build_steps().")

    def prepare(self, dataset: Any) -> Any:
        """The dataset as it is: rows arrive with their content in `data`."""
        return dataset

    def build(self) -> PipelineStepsAndPrepare:
        """Steps and preparation, as `build_steps` of a package returns them."""
        return PipelineStepsAndPrepare(steps=list(self.build_steps()), prepare=self.prepare)


class DatasetPreparationBuilder:
    """Collects what older packages say of their input fields.

    Nothing has to be prepared here: whatever the fields, a row's content is in `data`, and in a column per field
    of the input schema.
    """

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        self.fields: dict[str, InputFieldType] = {}

    def add_field(
        self, name: str, field_type: InputFieldType | str = InputFieldType.ANY, **_options: Any
    ) -> Self:
        """Records an input field."""
        self.fields[name] = InputFieldType(field_type)
        return self

    with_field = add_field

    def build(self) -> Callable[[Any], Any]:
        """The `prepare` that hands the dataset back."""
        return unchanged
