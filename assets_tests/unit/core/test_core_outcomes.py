"""What became of an item."""

from __future__ import annotations

from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.outcomes import is_transient, reasons_of, results_of


def error(item: str, *, transient: bool = False) -> ItemError:
    return ItemError(item, "embed", "ValueError", "no", "", transient)


def test_rows_and_errors_decide_together() -> None:
    """Rows alone are written, errors alone failed, both partial, neither empty."""
    counts = {"rows": 2, "none": 0, "both": 1, "bad": 0}
    assert results_of(counts, [error("both"), error("bad")]) == {
        "rows": "written",
        "none": "empty",
        "both": "partial",
        "bad": "failed",
    }


def test_the_first_error_is_the_reason() -> None:
    """An error comes before what the engine says of an empty item; something is always said."""
    reasons = reasons_of(["bad", "none", "odd"], [error("bad")], {"none": "every row was filtered"})
    assert reasons == {"bad": "embed: ValueError: no", "none": "every row was filtered", "odd": "no rows"}


def test_an_item_is_transient_when_all_its_errors_are() -> None:
    """One permanent error makes trying again pointless."""
    assert is_transient("a", [error("a", transient=True)])
    assert not is_transient("a", [error("a", transient=True), error("a")])
    assert not is_transient("b", [error("a", transient=True)])
