"""The port to what the platform does for a running extractor: secrets, LLMs, own weights, tools, uploads.

Every value here is plain, so that it can cross a pipe as JSON: a jailed worker asks its parent through a broker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self


@dataclass(frozen=True)
class LLMRequest:
    """One call of a model. `images` are `data:` URLs once the request leaves the package; `schema` is a JSON schema
    that the answer must keep. Without `use_cache` the model is always called."""

    instruction: str
    text: str | None = None
    images: tuple[Any, ...] = ()
    provider: str = ""
    model: str = ""
    schema: Any = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    use_cache: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The request as plain JSON values."""
        return {**asdict(self), "images": list(self.images)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The request that `as_dict` wrote."""
        return cls(**{**plain, "images": tuple(plain.get("images") or ())})


@dataclass(frozen=True)
class LLMAnswer:
    """What a model answered. `data` is the parsed answer where a schema was given, else the text.

    `cost_usd` is `None` where no price is known, never 0 for a call that was paid; an answer from the cache costs 0.
    """

    data: Any
    text: str
    provider: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    cached: bool = False

    @property
    def tokens(self) -> int:
        """All tokens of the call."""
        return self.input_tokens + self.output_tokens

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The answer that `as_dict` wrote."""
        return cls(**plain)


@dataclass(frozen=True)
class ToolResult:
    """How a command-line tool ended. Its output is text; what is not UTF-8 in it is replaced."""

    returncode: int
    stdout: str = ""
    stderr: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The result as plain JSON values."""
        return asdict(self)


class Platform(Protocol):
    """The services of one namespace. Safe to use from several threads."""

    namespace_id: str

    def secret(self, name: str) -> str:
        """The value of a secret; raises `NotFound`, naming how to set it."""

    def secret_names(self) -> list[str]:
        """The names of all secrets, sorted."""

    def secrets_in_use(self) -> tuple[str, ...]:
        """The values that this platform has handed out so far: what must not appear in rows, logs and errors."""

    def generate(self, request: LLMRequest) -> LLMAnswer:
        """The answer of a model, from the response cache where the same request was answered before.

        Raises `InvalidInput` for a provider or key that is not configured, `TransientItemFailure` when the provider
        still refuses after retries or the answer does not keep the schema, `ItemFailure` when it never will.
        """

    def model_digest(self, name: str, version: str | None = None) -> str:
        """What identifies the weights of the namespace's own model (the newest version without one)."""

    def model_files(self, name: str, version: str | None = None) -> Path:
        """A local folder with exactly the files of the namespace's own model; raises `NotFound`."""

    def upload(
        self,
        path: str | Path,
        *,
        namespace_id: str | None = None,
        internal_id: str | None = None,
        resource_id: str | None = None,
    ) -> str:
        """The URL of ours under which the content of a local file is kept from now on."""

    def run_tool(self, tool: str, args: Sequence[str], timeout: float) -> ToolResult:
        """How the tool ended; raises `ItemFailure` when it is not allowed, not installed, or not done in time."""


@dataclass(frozen=True)
class PlatformReference:
    """How a worker opens a platform itself. Picklable: `opener` is importable, and `config` holds paths and ids, never
    the value of a secret."""

    opener: Callable[[Mapping[str, Any]], Platform]
    config: Mapping[str, Any] = field(default_factory=dict)

    def open(self) -> Platform:
        """The platform, open in this process."""
        return self.opener(self.config)
