"""The `container` that `build_steps` gets, and the platform that a running step may use.

A step that uses the platform runs inside `use_platform`, which is what functions of the SDK find it through; a worker
that serves one package only may set one for the whole process instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, Platform

_current: ContextVar[Platform | None] = ContextVar("mixpeek_platform", default=None)
_default: Platform | None = None


@contextmanager
def use_platform(platform: Platform | None) -> Iterator[None]:
    """Inside the block `current_platform()` is this one (with `None`, what it was before)."""
    token = _current.set(platform or _current.get())
    try:
        yield
    finally:
        _current.reset(token)


def set_default_platform(platform: Platform | None) -> None:
    """From now on this process uses `platform` wherever no block names another one."""
    global _default
    _default = platform


def running_platform() -> Platform | None:
    """The platform of the running step, `None` where none is running."""
    return _current.get() or _default


def current_platform(wanted: str = "the platform") -> Platform:
    """The platform of the running step; raises `InvalidPackage` where none is running, naming what was `wanted`."""
    found = running_platform()
    if found is None:
        raise InvalidPackage(
            f"{wanted} was asked for where no step is running.",
            field=wanted,
            fix="Use it in __call__, process, setup or infer, not at import time or in build_steps.",
        )
    return found


class Container:
    """What `build_steps(container=…)` gets. The handles always exist; at describe time calling them says why they
    cannot run. They may be put into a step's config and pickled."""

    def __init__(self, platform: Platform | None = None) -> None:
        self.llm = LLM(platform)
        self.secrets = Secrets(platform)
        self.inference = Inference()
        self.models = Models(platform)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise _UnknownService(
            f"The container has no service {name!r}.",
            field=f"container.{name}",
            fix="It has llm, secrets, inference and models.",
        )


class _UnknownService(InvalidPackage, AttributeError):
    """Also an AttributeError, so that `hasattr` and `getattr` with a default see an absent attribute."""


class _Handle:
    """A service of a platform: the one it was made with, else that of the running step."""

    def __init__(self, platform: Platform | None = None) -> None:
        self._given = platform

    def _platform(self, wanted: str) -> Platform:
        return self._given or current_platform(wanted)


class LLM(_Handle):
    """Models of providers, with keys, prices, retries and the response cache of the platform."""

    async def generate(
        self,
        instruction: str,
        text: str | None = None,
        images: Sequence[Any] | None = None,
        *,
        provider: str = "",
        model: str = "",
        schema: Any = None,
        **options: Any,
    ) -> LLMAnswer:
        """The answer to an instruction about a text and images (paths, URLs, bytes or PIL images).

        With a `schema`, a JSON schema or a pydantic class, `.data` is the parsed answer, an instance of the class
        where one was given; without, it is the text. Options: system, temperature, max_tokens, use_cache.
        """
        given = LLMRequest(instruction, text, tuple(images or ()), provider, model, schema, **options)
        return await self.process(given)

    async def process(self, request: LLMRequest) -> LLMAnswer:
        """The answer to a request, as `generate`."""
        platform = self._platform("container.llm")
        from mixpeek_orchestration.extractors.llm.request import plain_request, typed_data

        plain = await asyncio.to_thread(plain_request, request)
        answer = await asyncio.to_thread(platform.generate, plain)
        return replace(answer, data=typed_data(request.schema, answer.data))


class Secrets(_Handle):
    """The encrypted secrets of the organization."""

    async def get(self, name: str) -> str:
        """The value of a secret; raises `NotFound`."""
        return await asyncio.to_thread(self._platform("container.secrets").secret, name)

    async def list(self) -> list[str]:
        """The names of all secrets."""
        return await asyncio.to_thread(self._platform("container.secrets").secret_names)


class Models(_Handle):
    """The namespace's own weights."""

    def get(self, name: str, version: str | None = None) -> Any:
        """The loaded weights of a model, as `load_namespace_model`."""
        from mixpeek_orchestration.extractors.models import load_namespace_model

        with use_platform(self._platform("container.models")):
            return load_namespace_model(name, version)


class Inference:
    """The built-in services."""

    def get(self, service_id: str, config: Mapping[str, Any] | None = None) -> Any:
        """A live service by id, for example `intfloat/multilingual-e5-large-instruct`."""
        from mixpeek_orchestration.extractors.services.registry import live_service

        return live_service(service_id, config)
