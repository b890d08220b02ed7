"""The error tree: stable on the wire, and equal on both sides of a process border."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

from mixpeek_orchestration.core import errors
from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.failure import item_error


def tree(cls: type[MixpeekError] = MixpeekError) -> Iterator[type[MixpeekError]]:
    yield cls
    for child in cls.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


CLASSES = list(tree())

WIRE = {
    "MixpeekError": ("internal_error", 500, False),
    "InvalidInput": ("invalid_input", 422, False),
    "UnknownField": ("extra_forbidden", 422, False),
    "InvalidPackage": ("invalid_extractor", 422, False),
    "Unsupported": ("unsupported", 422, False),
    "Unschedulable": ("unschedulable", 422, False),
    "Unauthenticated": ("unauthenticated", 401, False),
    "Forbidden": ("forbidden", 403, False),
    "NotFound": ("not_found", 404, False),
    "Conflict": ("conflict", 409, False),
    "NameConflict": ("name_conflict", 409, False),
    "Cycle": ("cycle", 409, False),
    "ManagedElsewhere": ("managed_elsewhere", 409, False),
    "TooLarge": ("too_large", 413, False),
    "NotReady": ("not_ready", 503, True),
    "BudgetExceeded": ("time_budget_exceeded", 504, True),
    "LeaseHeld": ("lease_held", 409, True),
    "ItemFailure": ("item_failed", 500, False),
    "InvalidOutput": ("invalid_output", 500, False),
    "TransientItemFailure": ("item_failed_transiently", 500, True),
    "Broken": ("invariant_broken", 500, False),
}


def test_codes_and_statuses_are_what_clients_know() -> None:
    """Clients branch on code, status and retryable: a change here is a decision."""
    told = {cls.__name__: (cls.code, cls.status, cls.retryable) for cls in CLASSES}
    assert told == {**WIRE, **{name: seen for name, seen in told.items() if name not in WIRE}}
    codes = [cls.code for cls in CLASSES]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_class_crosses_a_process_border(cls: type[MixpeekError]) -> None:
    """Class, message, field, value, fix and context arrive as they left."""
    error = cls("It broke.", field="f", value=[1, "ä"], fix="Mend it.", retry_after_s=7.5, table="t")
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is cls
    assert str(arrived) == "It broke. Mend it."
    assert arrived.details() == error.details() == {
        "field": "f", "value": "[1, 'ä']", "fix": "Mend it.", "retry_after_s": 7.5, "table": "t",
    }  # fmt: skip
    assert arrived.args == error.args
    assert arrived.value == [1, "ä"]


def test_details_leave_out_what_is_not_known_and_shorten_what_is_long() -> None:
    """Only what is set is shown; a long value is cut, numbers and booleans stay what they are."""
    assert MixpeekError("x").details() == {}
    assert len(str(MixpeekError("x", value="y" * 5_000).details()["value"])) == 201
    assert MixpeekError("x", value=False).details() == {"value": False}
    assert MixpeekError("x", value=3).details() == {"value": 3}


def test_what_is_not_ready_says_when() -> None:
    """There is always a number of seconds after which asking again makes sense."""
    assert errors.NotReady("x").retry_after_s == 2.0
    assert errors.NotReady("x", retry_after_s=9).retry_after_s == 9.0


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (TimeoutError("slow"), True),
        (ConnectionRefusedError("no"), True),
        (errors.TransientItemFailure("later"), True),
        (errors.NotReady("later"), True),
        (ValueError("bad"), False),
        (errors.InvalidOutput("bad"), False),
    ],
)
def test_failures_are_sorted_into_passing_and_lasting(error: Exception, transient: bool) -> None:
    """Time-outs, refused connections and our retryable errors are tried again; the rest waits for a change."""
    assert item_error("item", "step", error).transient is transient


def test_a_failure_keeps_its_trace_without_local_values() -> None:
    """The record has class, message and traceback; values of variables never get into it."""

    def fail(secret: str) -> None:
        if secret:
            raise ValueError("bad row")

    with pytest.raises(ValueError, match="bad row") as caught:
        fail("hunter" + "2")
    record = item_error("item", "embed", caught.value, row=3)
    assert (record.error_class, record.message, record.step, record.row) == (
        "ValueError",
        "bad row",
        "embed",
        3,
    )
    assert "in fail" in record.traceback
    assert "hunter2" not in record.traceback


def test_an_error_without_words_is_named_by_its_class() -> None:
    """An empty message never is an empty line in the failure table."""
    assert item_error("item", "step", KeyError()).message == "KeyError"
