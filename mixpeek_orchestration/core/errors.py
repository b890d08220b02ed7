"""The error tree. A class is chosen by what the caller should do next, not by where it was raised.

| branch          | what the caller should do                   | status | retryable |
|-----------------|---------------------------------------------|--------|-----------|
| `InvalidInput`  | fix the request, the spec or the package    | 422    | no        |
| `AccessDenied`  | send another key                            | 401/403| no        |
| `NotFound`      | check the identifier                        | 404    | no        |
| `Conflict`      | look at what exists, then decide            | 409    | no        |
| `TooLarge`      | send less                                   | 413    | no        |
| `NotReady`      | wait `retry_after_s`, then ask again        | 503    | yes       |
| `EndpointFailed`| mend or redeploy the extractor's realtime.py| 502    | no        |
| `ItemFailure`   | nothing: one source item failed, others go on | 500  | depends   |
| `Broken`        | stop and look: an invariant does not hold   | 500    | no        |

Every error carries a stable `code`, a message, and optionally the `field` it is about, the `value` seen and
the `fix`. All of them survive pickling, so that they cross process borders unchanged.
"""

from __future__ import annotations

from typing import Any, ClassVar


class MixpeekError(Exception):
    """The root. `details()` is what the wire and the failure table show."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        value: object = None,
        fix: str | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.value = value
        self.fix = fix
        self.context = context

    def __str__(self) -> str:
        return f"{self.message} {self.fix}" if self.fix else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.field, self.value, self.fix, self.context)

    def details(self) -> dict[str, Any]:
        """The named parts of the error that are set; `value` shortened to 200 characters."""
        shown = None if self.value is None else _shorten(self.value)
        parts = {"field": self.field, "value": shown, "fix": self.fix, **self.context}
        return {key: part for key, part in parts.items() if part is not None}


def _rebuild(
    cls: type[MixpeekError],
    message: str,
    field: str | None,
    value: object,
    fix: str | None,
    context: dict[str, Any],
) -> MixpeekError:
    return cls(message, field=field, value=value, fix=fix, **context)


def _shorten(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


class InvalidInput(MixpeekError):
    """The request, spec or package is wrong and nothing was stored."""

    code = "invalid_input"
    status = 422


class UnknownField(InvalidInput):
    """A field that the contract does not know."""

    code = "extra_forbidden"


class InvalidPackage(InvalidInput):
    """An extractor package does not keep its contract."""

    code = "invalid_extractor"


class Unsupported(InvalidInput):
    """Documented elsewhere, known here, not built yet."""

    code = "unsupported"


class Unschedulable(InvalidInput):
    """The pipeline asks for more than the cluster can ever give."""

    code = "unschedulable"


class Unauthenticated(MixpeekError):
    """No API key was sent."""

    code = "unauthenticated"
    status = 401


class Forbidden(MixpeekError):
    """The API key is not known here."""

    code = "forbidden"
    status = 403


class NotFound(MixpeekError):
    """No such resource in this namespace."""

    code = "not_found"
    status = 404


class Conflict(MixpeekError):
    """The request is well formed, but what exists contradicts it."""

    code = "conflict"
    status = 409


class NameConflict(Conflict):
    """Another resource has this name, or one that differs only in case, accents or separators."""

    code = "name_conflict"


class OverBudget(Conflict):
    """It would cost more than somebody said it may; nothing was run."""

    code = "over_budget"


class Cycle(Conflict):
    """The collection would read, directly or not, from itself."""

    code = "cycle"


class ManagedElsewhere(Conflict):
    """The resource is owned by another way of declaring resources."""

    code = "managed_elsewhere"


class TooLarge(MixpeekError):
    """More bytes than the limit."""

    code = "too_large"
    status = 413


class NotReady(MixpeekError):
    """Something that the answer needs is starting or briefly away."""

    code = "not_ready"
    status = 503
    retryable = True

    @property
    def retry_after_s(self) -> float:
        """Seconds after which asking again makes sense."""
        return float(self.context.get("retry_after_s", 2.0))


class ClusterLost(NotReady):
    """The Ray cluster of this process is gone for good; a new process can work on the one that follows it."""

    code = "cluster_lost"


class BudgetExceeded(NotReady):
    """The answer was not ready within the caller's time budget."""

    code = "time_budget_exceeded"
    status = 504


class LeaseHeld(NotReady):
    """Another process is the one writer of this table right now."""

    code = "lease_held"
    status = 409


class EndpointFailed(MixpeekError):
    """The realtime half of an extractor raised, or answered with something that cannot be used."""

    code = "endpoint_failed"
    status = 502


class ItemFailure(MixpeekError):
    """One source item could not be extracted; its fingerprints decide when it is tried again."""

    code = "item_failed"


class InvalidOutput(ItemFailure):
    """A step returned rows that do not keep the manifest: missing column, dimension, NaN, zero vector."""

    code = "invalid_output"


class TransientItemFailure(ItemFailure):
    """The item may succeed when it is tried again: a time-out, a refused connection."""

    code = "item_failed_transiently"
    retryable = True


class WorkerDied(ItemFailure):
    """The worker process ended, several times, while it worked on this item alone."""

    code = "worker_died"


class Broken(MixpeekError):
    """An invariant of the warehouse does not hold; going on would make it worse."""

    code = "invariant_broken"
