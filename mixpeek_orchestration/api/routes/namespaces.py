"""Namespaces: create, list, get, and what they may spend."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from mixpeek_orchestration.api.answers.namespaces import namespace_answer
from mixpeek_orchestration.api.guard import Caller, House, Key, KeyRoute
from mixpeek_orchestration.api.paging import ListBody, Paging, listing_of, page_of
from mixpeek_orchestration.api.unbuilt import Off
from mixpeek_orchestration.core.errors import Forbidden
from mixpeek_orchestration.core.spending.budget import SpendBudget
from mixpeek_orchestration.core.validation import Later
from mixpeek_orchestration.warehouse.specs import Name, Spec

router = APIRouter(prefix="/v1/namespaces", tags=["Namespaces"], route_class=KeyRoute)


class SpendBudgetBody(Spec):
    """What the runs of a namespace may cost; without a figure there is no limit."""

    daily_usd: float | None = Field(default=None, ge=0)
    monthly_usd: float | None = Field(default=None, ge=0)


class NamespaceBody(Spec):
    """A namespace to create."""

    namespace_name: Name
    description: str | None = None
    mode: Literal["managed"] | None = None
    namespace_type: Literal["standard"] | None = None
    extractor_isolation: Literal["reviewed", "untrusted"] | None = Field(
        default=None,
        description="The least strict level at which published extractors run for this namespace.",
    )
    scope: Later = None
    namespace_id: Later = None
    features: Later = None
    feature_extractors: list[Any] | None = Field(
        default=None, max_length=0, description="Extractors are chosen by collections: leave it out or empty."
    )
    vector_configs: Later = None
    payload_indexes: Later = None
    auto_create_indexes: Off = None
    adaptive_indexing: Off = None
    ttl_seconds: Later = None
    infrastructure: Later = None
    trusted_issuers: Later = None
    tiering: Later = None
    spend_budget: SpendBudgetBody | None = None
    cost_cap_override: Later = None


class NamespacePatch(Spec):
    """What to change of a namespace."""

    spend_budget: SpendBudgetBody = Field(
        description="The whole budget: a figure that is left out is no limit."
    )
    namespace_name: Later = None
    description: Later = None
    feature_extractors: Later = None
    payload_indexes: Later = None
    auto_create_indexes: Off = None
    adaptive_indexing: Off = None
    repair_vectors: Off = None
    infrastructure: Later = None
    trusted_issuers: Later = None
    pinned: Off = None
    tiering: Later = None
    expires_at: Later = None
    ttl_seconds: Later = None
    cost_cap_override: Later = None


@router.post("", summary="Create a namespace")
def create_namespace(body: NamespaceBody, key: Key, house: House) -> dict[str, Any]:
    """A new namespace; a name that differs from another only in case, accents or separators is refused."""
    _refuse_limited(key, "create one")
    namespace = house.access.create_namespace(
        body.namespace_name, description=body.description, isolation=body.extractor_isolation or ""
    )
    if body.spend_budget is not None:
        namespace = house.spending.set_budget(namespace.namespace_id, _budget(body.spend_budget))
    return namespace_answer(namespace)


@router.patch("/{namespace_identifier}", summary="Change what a namespace may spend")
def patch_namespace(
    namespace_identifier: str, body: NamespacePatch, key: Key, house: House
) -> dict[str, Any]:
    """The namespace with another budget; a key that is limited to it cannot lift its own limit."""
    _refuse_limited(key, "change what one may spend")
    namespace = house.access.namespace(key.key, namespace_identifier)
    return namespace_answer(house.spending.set_budget(namespace.namespace_id, _budget(body.spend_budget)))


def _budget(body: SpendBudgetBody) -> SpendBudget:
    return SpendBudget(body.daily_usd, body.monthly_usd)


def _refuse_limited(caller: Caller, what: str) -> None:
    if caller.key.namespaces:
        raise Forbidden(
            f"This API key is limited to some namespaces, so it cannot {what}.",
            field="Authorization",
            fix="Use a key without limits.",
        )


@router.get("", summary="List namespaces")
def list_namespaces(paging: Paging, key: Key, house: House) -> dict[str, Any]:
    """The namespaces that the key may see."""
    return listing_of(house.access.visible(key.key), page_of(paging), namespace_answer)


@router.post("/list", summary="List namespaces")
def search_namespaces(paging: Paging, key: Key, house: House, body: ListBody | None = None) -> dict[str, Any]:
    """The namespaces that the key may see, by a part of their name."""
    found = house.access.visible(key.key)
    return listing_of(found, page_of(paging, body), namespace_answer, search=body.search if body else None)


@router.get("/{namespace_identifier}", summary="Get a namespace")
def get_namespace(namespace_identifier: str, key: Key, house: House) -> dict[str, Any]:
    """One namespace, by id or name."""
    return namespace_answer(house.access.namespace(key.key, namespace_identifier))
