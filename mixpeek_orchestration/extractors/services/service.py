"""What every built-in service is: a batch step with a typed config that says which models it computes with."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from mixpeek_orchestration.extractors.model_files import ModelSpec
from mixpeek_orchestration.extractors.processing import BatchProcessor
from mixpeek_orchestration.extractors.services.configs import ModelConfig, ServiceConfig, read_config
from mixpeek_orchestration.extractors.services.weights import Weights, chosen, transformers_backend


class BuiltInService(BatchProcessor):
    """A batch step that a package composes instead of writing it. The batch comes back with `output_column`."""

    kind: ClassVar[type[ServiceConfig]] = ServiceConfig
    output: ClassVar[str] = "output"
    settings: Any

    def __init__(self, config: Any = None, **options: Any) -> None:
        super().__init__(config, **options)
        self.settings = self.read(config)

    @classmethod
    def read(cls, config: Any) -> Any:
        """`config` as this service's own type; raises `InvalidPackage` naming the field that is wrong."""
        return read_config(cls.kind, config, cls.__name__)

    @classmethod
    def models(cls, config: Any = None) -> tuple[ModelSpec, ...]:
        """The weights that a step with this config computes with: they are part of `code_fp`.

        Called while a package is described, so this is also where a config is refused, and a service that is not
        available says so.
        """
        cls.read(config)
        return ()

    def ready(self) -> None:
        """Afterwards everything expensive is loaded; also for a caller that asks without a batch."""
        self._be_ready()

    @property
    def output_column(self) -> str:
        return str(self.settings.output_column_name or self.output)


class ModelService(BuiltInService):
    """A service that computes with weights: its own, or those that `model_name` names instead."""

    kind = ModelConfig
    weights: ClassVar[Weights]
    edition: ClassVar[int] = 1
    """Counts up when our own computation changes, because the rows that it made are stale then."""

    @classmethod
    def models(cls, config: Any = None) -> tuple[ModelSpec, ...]:
        return (cls._chosen(cls.read(config)).spec(transformers_backend(cls.edition)),)

    @classmethod
    def _chosen(cls, settings: Any) -> Weights:
        return chosen(settings.model_name, cls.weights)

    def folder(self) -> Path:
        """The folder that holds the weights of this step's config."""
        return self._chosen(self.settings).folder()


def models_of(services: Iterable[tuple[Any, Any]]) -> tuple[ModelSpec, ...]:
    """What the built-in services among these pairs of service and config compute with, each once."""
    found: dict[ModelSpec, None] = {}
    for service, config in services:
        if inspect.isclass(service) and issubclass(service, BuiltInService):
            found |= dict.fromkeys(service.models(config))
        elif isinstance(service, BuiltInService):
            found |= dict.fromkeys(service.models(service.config))
    return tuple(found)
