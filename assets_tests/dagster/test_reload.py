"""Asking Dagster for a reload: told what came of it, whatever the webserver does."""

from __future__ import annotations

from typing import Any

import pytest

from assets_tests.recorded_posts import recorded_posts
from mixpeek_orchestration.warehouse.snapshots.reload import LOCATION, Reload, reload_definitions

LOADED = {"__typename": "WorkspaceLocationEntry", "locationOrLoadError": {"__typename": "RepositoryLocation"}}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"data": {"reloadRepositoryLocation": LOADED}}, Reload("reloaded")),
        (
            {"data": {"reloadRepositoryLocation": {"__typename": "ReloadNotSupported", "message": "no"}}},
            Reload("refused", "no"),
        ),
        (
            {
                "data": {
                    "reloadRepositoryLocation": {
                        "__typename": "WorkspaceLocationEntry",
                        "locationOrLoadError": {"__typename": "PythonError", "message": "boom"},
                    }
                }
            },
            Reload("refused", "boom"),
        ),
        ({"errors": [{"message": "unknown field"}]}, Reload("refused", "[{'message': 'unknown field'}]")),
    ],
)
def test_the_outcome_of_a_reload_is_told(answer: dict[str, Any], expected: Reload) -> None:
    """A reload that worked, one that Dagster refuses and one whose location does not load are told apart."""
    with recorded_posts(answer) as (address, asked):
        assert reload_definitions(address) == expected
    assert asked[0]["variables"] == {"location": LOCATION}


def test_a_webserver_that_is_down_is_no_error() -> None:
    """Nobody listening is an outcome: the webserver reads the newest snapshot when it starts."""
    with recorded_posts({}) as (address, _):
        pass
    assert reload_definitions(address, timeout_s=2).outcome == "away"
