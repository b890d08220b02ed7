"""What a package writes to configure a built-in service, read into one typed value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from mixpeek_orchestration.core.errors import InvalidPackage


class InferenceConfigs(BaseModel):
    """What older packages configure every service with. Which fields there are is up to the service that gets it:
    it refuses the others when the package is described."""

    model_config = ConfigDict(
        extra="allow", frozen=True, protected_namespaces=(), arbitrary_types_allowed=True
    )

    output_column_name: str = ""


class ServiceConfig(BaseModel):
    """What every service takes. A column that is not named is `data`."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        protected_namespaces=(),
        arbitrary_types_allowed=True,
        validate_default=True,
    )

    output_column_name: str = Field(
        default="",
        validation_alias=AliasChoices("output_column_name", "output_column"),
        description="Where the result is put.",
    )
    batch_size: int = Field(default=32, ge=1, description="How many rows go through a model together.")


class ModelConfig(ServiceConfig):
    """What a service with weights takes as well."""

    model_name: str = Field(
        default="",
        validation_alias=AliasChoices("model_name", "model_id", "model"),
        description="Other weights of the same architecture: an id, `id@commit`, or a local folder.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto: a GPU where there is one."
    )


Config = TypeVar("Config", bound=ServiceConfig)


def read_config(kind: type[Config], given: Any, service: str) -> Config:
    """`given` as a `kind`: a mapping, a dataclass, a pydantic model, or nothing at all.

    Raises `InvalidPackage` naming the field, because a field that is silently ignored looks like one that works.
    """
    if isinstance(given, kind):
        return given
    try:
        return kind.model_validate(_mapping(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(map(str, first["loc"]))
        raise InvalidPackage(
            f"The config of {service} is wrong at {path!r}: {first['msg']}.",
            field=f"{service}.{path}",
            value=first["input"],
            fix=f"It has the fields {', '.join(kind.model_fields)}.",
        ) from error


def _mapping(given: Any) -> Any:
    if given is None:
        return {}
    if isinstance(given, BaseModel):
        return {name: getattr(given, name) for name in given.model_fields_set}
    if dataclasses.is_dataclass(given) and not isinstance(given, type):
        return {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
    return dict(given) if isinstance(given, Mapping) else given
