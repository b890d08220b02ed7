"""An erasure on the wire."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.core.erasure import Erasure, proof_document


def erasure_answer(erasure: Erasure) -> dict[str, Any]:
    """How far an erasure is, and its proof as far as there is one."""
    return {"success": True, "message": f"The erasure is {erasure.status}.", **proof_document(erasure)}
