"""What holds for published versions, whichever catalog keeps them."""

from __future__ import annotations

from mixpeek_orchestration.core.errors import Conflict
from mixpeek_orchestration.core.published import Activation, Pointer, PublishedVersion, version_order


def same_or_refused(new: PublishedVersion, old: PublishedVersion) -> PublishedVersion:
    """The version that is there, when it is the same archive; raises `Conflict` for another one."""
    if new.archive == old.archive:
        return old
    raise Conflict(
        f"{old.name} {old.spelling} is published already, with other content.",
        field="version",
        value=old.spelling,
        fix="A published version never changes: publish this as another version.",
        archive=old.archive,
    )


def in_order(versions: list[PublishedVersion]) -> list[PublishedVersion]:
    """By name, the newest version first."""
    newest_first = sorted(versions, key=lambda one: version_order(one.version), reverse=True)
    return sorted(newest_first, key=lambda one: (one.namespace_id, one.name))


def targeted(new: Pointer, old: Pointer | None) -> Pointer:
    """The pointer with the new target; what is active stays."""
    return Pointer(new.namespace_id, new.name, old.active if old else "", new.target, new.kind, new.message)


def moved(activation: Activation, old: Pointer | None, *, expected: str) -> Pointer | None:
    """The pointer after the move; `None` when it was not at `expected`."""
    if (old.active if old else "") != expected:
        return None
    target = old.target if old and old.target != activation.version else ""
    kind, message = (old.kind, old.message) if old and target else ("deploy", "")
    return Pointer(activation.namespace_id, activation.name, activation.version, target, kind, message)
