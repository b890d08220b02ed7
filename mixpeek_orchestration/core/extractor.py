"""What the warehouse knows about an extractor without running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from mixpeek_orchestration.core.change import parameter_parts
from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.errors import Broken

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_LOCAL: Final = ("object_store", "platform")
"""What belongs to the installation that runs a description and not to what is described: it is never written down."""


@dataclass(frozen=True)
class Resources:
    """What one worker of a step occupies. `gpus` may be a fraction; 0 bytes of memory mean unknown.

    A worker that says how much memory of an accelerator it needs shares the accelerator with others.
    """

    cpus: float = 1.0
    gpus: float = 0.0
    memory_bytes: int = 0
    gpu_memory_bytes: int = 0


@dataclass(frozen=True)
class StepDescription:
    """One step of a pipeline as data: what runs, on what, over which rows, how many rows at a time."""

    name: str
    resource_type: str
    resources: Resources
    condition: str = "ALWAYS"
    batch_size: int = 64
    concurrency: int = 1


@dataclass(frozen=True)
class ModelDescription:
    """Weights that a pipeline computes with; part of `code_fp`."""

    model_id: str
    revision: str
    backend: str
    digest: str = ""


@dataclass(frozen=True)
class ExtractorDescription:
    """An extractor version with one set of parameters, described.

    `code_parts` are the named parts under `code_fp`; `realtime_fp` is empty when there is no `realtime.py`.
    `path` is the folder of the working copy. `archive` is the content hash of a published version, empty for a working
    copy, and `namespace_id` the namespace that owns it. `isolation` is how little its code is trusted: `trusted`,
    `reviewed` or `untrusted`. `source` is `builtin`, `custom` or `community`. `python` is the interpreter of the
    package's own environment, empty where ours has everything that it needs. `older_columns` are inputs beside `data`
    that the code reads by the names of older documentation.
    """

    name: str
    version: str
    description: str
    path: str
    parameters: Mapping[str, Any]
    supported_input_types: tuple[str, ...]
    input_fields: tuple[str, ...]
    output_fields: tuple[str, ...]
    vectors: tuple[VectorIndex, ...]
    steps: tuple[StepDescription, ...]
    models: tuple[ModelDescription, ...]
    code_parts: Mapping[str, str]
    code_fp: str
    realtime_fp: str = ""
    inference_type: str | None = None
    position_fields: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    input_schema: Mapping[str, Any] = field(default_factory=dict)
    output_schema: Mapping[str, Any] = field(default_factory=dict)
    parameter_schema: Mapping[str, Any] = field(default_factory=dict)
    model_cache: str = ""
    category: str | None = None
    author: str | None = None
    features: tuple[Mapping[str, Any], ...] = ()
    serve_config: Mapping[str, Any] = field(default_factory=dict)
    input_mappings: Mapping[str, Any] = field(default_factory=dict)
    system_packages: tuple[str, ...] = ()
    container_image: str = ""
    example_input: Mapping[str, Any] | None = None
    feature_uri: str | None = None
    older_columns: tuple[str, ...] = ()
    python: str = ""
    isolation: str = "trusted"
    archive: str = ""
    namespace_id: str = ""
    source: str = "builtin"
    object_store: Mapping[str, Any] = field(default_factory=dict)
    platform: Any = None

    @property
    def has_realtime(self) -> bool:
        return bool(self.realtime_fp)

    @property
    def kept_parts(self) -> dict[str, str]:
        """What is kept of the code to tell later what has changed: its parts, and each parameter with its value."""
        return {**self.code_parts, **parameter_parts(self.parameters)}

    @property
    def recipe(self) -> Recipe:
        """What a worker needs to build the same steps itself."""
        return Recipe(
            self.name,
            self.version,
            self.path,
            self.parameters,
            self.code_fp,
            self.model_cache,
            isolation=self.isolation,
            archive=self.archive,
            object_store=self.object_store,
            platform=self.platform,
            python=self.python,
            serve_config=self.serve_config,
            container_image=self.container_image,
        )

    def as_dict(self) -> dict[str, Any]:
        """The description as plain JSON values, without what belongs to the installation (`object_store`, `platform`)."""
        return {name: _plain(value) for name, value in asdict(self).items() if name not in _LOCAL}

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> ExtractorDescription:
        """The description that `as_dict` wrote. Raises `Broken` for anything else, wherever it comes from."""
        from pydantic import ValidationError

        try:
            return _adapter().validate_python({k: v for k, v in written.items() if k not in _LOCAL})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise Broken(
                f"This is not the description of an extractor: {first['msg']}.",
                field=".".join(map(str, first["loc"])),
                value=first["input"],
                fix="Describe the package again.",
            ) from error


@cache
def _adapter() -> TypeAdapter[ExtractorDescription]:
    from pydantic import TypeAdapter

    return TypeAdapter(ExtractorDescription)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Recipe:
    """What travels to workers and replicas instead of live objects.

    A worker whose copy of the package has another `code_fp` must refuse to build. `model_cache` is the folder where
    model files are kept, empty for the worker's own default. A worker on a machine that has not unpacked `archive`
    fetches it from `object_store`. `platform` is a `PlatformReference`, which opens the services that the package may
    use. Both hold references, never a secret. `serve_config` is how replicas of the realtime half want to be deployed,
    `container_image` what they and the workers run in.
    """

    name: str
    version: str
    path: str
    parameters: Mapping[str, Any]
    code_fp: str
    model_cache: str = ""
    isolation: str = "trusted"
    archive: str = ""
    object_store: Mapping[str, Any] = field(default_factory=dict)
    platform: Any = None
    python: str = ""
    serve_config: Mapping[str, Any] = field(default_factory=dict)
    container_image: str = ""
