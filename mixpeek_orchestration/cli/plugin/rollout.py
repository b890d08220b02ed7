"""Bringing a version up, and waiting until it answers."""

from __future__ import annotations

from typing import Any

from mixpeek_orchestration.cli.plugin.connected import Session
from mixpeek_orchestration.cli.plugin.progress import waiting
from mixpeek_orchestration.core.errors import NotReady

_PATIENCE_S = 1800.0
_PAUSE_S = 1.0
_MOVING = frozenset({"queued", "pending", "in_progress"})


def brought_up(
    session: Session, identifier: str, *, batch_only: bool = False, wait: bool = True
) -> dict[str, Any]:
    """The state of a version after it was asked to deploy; with `wait`, once it answers or has failed."""
    state = session.server.deploy(identifier, batch_only=batch_only)
    return settled(session, identifier) if wait and _is_moving(state) else state


def settled(session: Session, identifier: str) -> dict[str, Any]:
    """The state of a version once nothing of it is on its way any more; raises `NotReady` after half an hour."""
    from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

    with waiting(session, f"Deploying {identifier}") as tell:
        told = ""

        def look() -> dict[str, Any]:
            nonlocal told
            state = session.server.status(identifier)
            if state["status"] != told:
                told = state["status"]
                tell(told)
            return state

        polling = Retrying(
            retry=retry_if_result(_is_moving), stop=stop_after_delay(_PATIENCE_S), wait=wait_fixed(_PAUSE_S)
        )
        try:
            return polling(look)
        except RetryError as late:
            raise NotReady(
                f"{identifier} is still {told} after {_PATIENCE_S / 60:.0f} minutes.",
                fix=f"Look again with `mixpeek plugin status {identifier}`; `mixpeek logs` has what the stack says.",
            ) from late


def _is_moving(state: dict[str, Any]) -> bool:
    return state.get("status") in _MOVING
