"""Namespaces on the wire."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mixpeek_orchestration.core.ports.resources import Namespace


def namespace_answer(namespace: Namespace) -> dict[str, Any]:
    """A namespace in the words of the contract."""
    return {
        "object": "namespace",
        "namespace_id": namespace.namespace_id,
        "namespace_name": namespace.name,
        "namespace_type": "standard",
        "description": namespace.description,
        "mode": "managed",
        "namespace_ready": True,
        "extractor_isolation": namespace.isolation or None,
        "spend_budget": asdict(namespace.spend_budget),
        "created_at": namespace.created_at or None,
        "updated_at": namespace.created_at or None,
    }
