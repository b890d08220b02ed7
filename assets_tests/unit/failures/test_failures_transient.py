"""Trying again within a run: what is transient, how often, and that nothing else waits for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from mixpeek_orchestration.core.errors import InvalidOutput, ItemFailure, NotReady, TransientItemFailure
from mixpeek_orchestration.core.failure import item_error
from mixpeek_orchestration.core.transience import Patience, is_transient_error
from mixpeek_orchestration.engine.patience import in_rounds
from mixpeek_orchestration.isolation.wire_errors import error_from_wire, error_to_wire

AT_ONCE = Patience(attempts=3, first_wait_s=0.0, longest_wait_s=0.0)


def _client_error(package: str, base: str, name: str, **attributes: Any) -> Exception:
    """An error as an HTTP client defines them: its base class is what says that it may pass."""
    parent = type(base, (Exception,), {"__module__": f"{package}.exceptions"})
    error: Exception = type(name, (parent,), {"__module__": f"{package}.exceptions", **attributes})("busy")
    return error


def _caused(cause: Exception) -> Exception:
    error = RuntimeError("the step failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError("late"), True),
        (ConnectionResetError(), True),
        (NotReady("starting"), True),
        (TransientItemFailure("busy"), True),
        (_client_error("httpx", "TimeoutException", "ConnectTimeout"), True),
        (_client_error("requests", "ConnectionError", "SSLError"), True),
        (_client_error("vendor", "VendorError", "RateLimited", status_code=429), True),
        (_client_error("vendor", "VendorError", "NotFound", status_code=404), False),
        (_caused(TimeoutError()), True),
        (_caused(ValueError()), False),
        (InvalidOutput("NaN"), False),
        (FileNotFoundError("gone"), False),
        (SystemExit(3), False),
        (ValueError("httpx timeout"), False),
    ],
)
def test_what_may_pass_by_itself(error: BaseException, *, expected: bool) -> None:
    """Time-outs, refused connections, busy servers and what was raised from them are transient; nothing else is."""
    assert is_transient_error(error) is expected
    assert item_error("a", "step", error).transient is expected


def test_errors_of_a_jail_keep_their_class_and_whether_they_may_pass() -> None:
    """A class that only the package knows arrives by its name; that a client's time-out may pass is not lost."""
    timeout = error_from_wire(error_to_wire(_client_error("httpx", "TimeoutException", "ConnectTimeout")))
    own = error_from_wire(error_to_wire(type("BadScan", (Exception,), {})("page 3")))
    assert isinstance(timeout, TransientItemFailure)
    assert isinstance(own, ItemFailure)
    recorded = [item_error("a", "step", error) for error in (timeout, own)]
    assert [(e.error_class, e.kind) for e in recorded] == [
        ("ConnectTimeout", "transient"),
        ("BadScan", "permanent"),
    ]


def test_an_exhausted_worker_is_a_matter_of_resources() -> None:
    """Too little memory is neither transient nor the fault of the item."""
    assert item_error("a", "step", MemoryError()).kind == "resource"


@dataclass
class Rounds:
    """Work that comes through after some attempts each."""

    needs: dict[str, int]
    tried: Counter[str] = field(default_factory=Counter)
    lasts: list[bool] = field(default_factory=list)

    def attempt(self, work: Any, is_last: bool) -> list[str]:
        self.lasts.append(is_last)
        self.tried.update(work)
        return [one for one in work if self.tried[one] < self.needs[one]]


def test_only_what_waits_is_tried_again() -> None:
    """Each round takes what the one before gave back, and the last one knows that it is the last."""
    rounds = Rounds({"a": 1, "b": 2, "never": 99})
    in_rounds(AT_ONCE, ["a", "b", "never"], rounds.attempt)
    assert rounds.tried == {"a": 1, "b": 2, "never": 3}
    assert rounds.lasts == [False, False, True]


def test_work_that_comes_through_needs_one_round() -> None:
    """Without a failure nothing is tried again, and one attempt is one also when it fails."""
    rounds = Rounds({"a": 1})
    in_rounds(AT_ONCE, ["a"], rounds.attempt)
    once = Rounds({"a": 9})
    in_rounds(Patience(attempts=1), ["a"], once.attempt)
    assert (rounds.lasts, once.lasts) == ([False], [True])
