"""What steps of extractors may ask for while they run, opened by workers too."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from mixpeek_orchestration.settings import Settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

    from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, Platform, PlatformReference
    from mixpeek_orchestration.extractors.llm.cache import ResponseCache
    from mixpeek_orchestration.warehouse.platform import Services


_PLATFORM_SETTINGS = {
    "llm_base_urls",
    "llm_prices",
    "llm_options",
    "llm_timeout_s",
    "llm_retries",
    "llm_cache_days",
}


def platform_reference(settings: Settings, namespace_id: str) -> PlatformReference:
    """How a worker opens the platform of a namespace; keys stay where they are."""
    from mixpeek_orchestration.core.ports.platform import PlatformReference

    config = settings.model_dump(include=_PLATFORM_SETTINGS, mode="json")
    located = {"home": str(settings.root), "catalog_url": _without_password(settings.catalog)}
    located["objects_url"] = settings.objects
    return PlatformReference(open_platform, {**config, **located, "namespace_id": namespace_id})


def open_platform(config: Mapping[str, Any]) -> Platform:
    """The platform that a `PlatformReference` names; one per process, so that its steps share clients. Nothing is opened
    before the first call that needs it."""
    return _platform(json.dumps(dict(config), sort_keys=True))


@cache
def _platform(config: str) -> Platform:
    from mixpeek_orchestration.core.ports.platform import PlatformReference
    from mixpeek_orchestration.extractors.local_tools import run_locally
    from mixpeek_orchestration.warehouse.platform import NamespacePlatform

    said: dict[str, Any] = json.loads(config)
    namespace_id = said["namespace_id"]
    # Keys do not travel: a worker takes them from its own environment, or from the home.
    settings = Settings(**{name: value for name, value in said.items() if name != "namespace_id"})
    own = Settings()
    if _without_password(own.catalog) == settings.catalog:
        settings = settings.model_copy(update={"catalog_url": own.catalog})
    return NamespacePlatform(
        namespace_id,
        services=lambda: _platform_services(settings, namespace_id),
        tool=run_locally,
        reference=PlatformReference(open_platform, said),
    )


def _without_password(url: str) -> str:
    """The URL as it may travel; whoever opens it has the password in a setting of its own."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}@{host}"))


def _platform_services(settings: Settings, namespace_id: str) -> Services:
    from mixpeek_orchestration.extractors.llm.client import LLMClient, LLMConfig
    from mixpeek_orchestration.stores.catalog import open_catalog
    from mixpeek_orchestration.stores.objects import open_objects
    from mixpeek_orchestration.warehouse.models.models import Models
    from mixpeek_orchestration.warehouse.platform import Services
    from mixpeek_orchestration.warehouse.secrets import Secrets

    catalog = open_catalog(settings.catalog)
    config = LLMConfig(
        base_urls=settings.llm_base_urls,
        prices=settings.llm_prices,
        options=settings.llm_options,
        timeout_s=settings.llm_timeout_s,
        retries=settings.llm_retries,
    )
    answers = kept_answers(settings)

    def generate(secret: Callable[[str], str | None]) -> Callable[[LLMRequest], LLMAnswer]:
        return LLMClient(config, answers, key=secret, namespace_id=namespace_id).generate

    return Services(
        secrets=Secrets(catalog.secrets, secret_cipher(settings)),
        models=Models(catalog.models, open_objects({"url": settings.own_models}), settings.root / "models"),
        objects=open_objects({"url": settings.objects}),
        generate=generate,
        keys={name: key.get_secret_value() for name, key in settings.llm_api_keys.items()},
    )


def kept_answers(settings: Settings) -> ResponseCache:
    """The answers of LLMs that this home keeps. They hold content: who erases content prunes them."""
    from mixpeek_orchestration.extractors.llm.cache import ResponseCache

    return ResponseCache(settings.root / "llm_answers", max_age_days=settings.llm_cache_days)


def secret_cipher(settings: Settings) -> Callable[[], MultiFernet]:
    from mixpeek_orchestration.warehouse.secret_keys import cipher

    return cipher(settings.secret_key.get_secret_value(), settings.root / "secret.key")
