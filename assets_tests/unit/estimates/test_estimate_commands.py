"""`plan`, `reprocess`, `budget` and `explain`, as they are typed, on a real home."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assets_tests.unit.warehouse.lab import PACKAGES, Lab
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.cli.forecast_lines import forecast_lines
from mixpeek_orchestration.cli.main import app
from mixpeek_orchestration.cli.selecting import read_filters
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.spending.forecast import Cost, Forecast, TierForecast
from mixpeek_orchestration.core.spending.prices import Amount
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.specs import BatchSpec, BucketSpec

Mixpeek = Callable[..., Result]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Six texts in a bucket that two tiers read, at a cent an item."""
    said = {
        "HOME": str(tmp_path / "home"),
        "EXTRACTOR_PATHS": str(PACKAGES),
        "PRICE_CPU_HOUR": "0",
        "PRICE_ITEMS": '{"word_vectors": 0.01}',
    }
    for name, value in said.items():
        monkeypatch.setenv(f"MIXPEEK_{name}", value)
    prepare_home(Settings())
    warehouse = open_warehouse(local=True)
    schema = {"properties": {"body": {"type": "text"}, "title": {"type": "string"}}}
    spec = BucketSpec(bucket_name="texts", bucket_schema=schema)
    lab = Lab(warehouse, warehouse.buckets.create(warehouse.namespace_id("default"), spec), PACKAGES)
    for number in range(6):
        lab.put(f"k{number}", f"alpha {number}\nbeta {number}", title=f"t{number % 2}")
    lab.collection("lines")
    lab.collection("words", source="lines", parameters={})
    yield lab
    warehouse.close()


@pytest.fixture
def mixpeek(lab: Lab) -> Mixpeek:
    """The command, with its exit code checked."""
    del lab

    def call(*arguments: str, exits: int = 0, **more: str) -> Result:
        result = CliRunner().invoke(app, list(arguments), **more)
        assert result.exit_code == exits, result.output
        return result

    return call


def test_from_an_unknown_price_over_a_sample_to_the_rest(mixpeek: Mixpeek, lab: Lab) -> None:
    """A plan without history asks for a sample; after it the price is known, limits hold, and the rest runs."""
    assert "mixpeek reprocess lines --sample 100" in mixpeek("plan").output
    sampled = mixpeek("reprocess", "lines", "--sample", "2", "--yes", "--now").output
    assert "2 source objects submitted" in sampled

    told = mixpeek("plan", "lines").output
    assert "lines (tier 0, word_vectors_v1): 6 items: 4 new, 2 unchanged" in told
    assert "words (tier 1, word_vectors_v1, below): 4 items: 4 unchanged" in told
    assert "from above: up to 8 items" in told
    assert "$0.12 (" not in told.splitlines()[0]
    forecast = json.loads(mixpeek("plan", "lines", "--json").output)
    assert forecast["at_most"]["usd"] == pytest.approx(0.12)

    refused = mixpeek("reprocess", "lines", "--max-cost", "0.11", "--yes", "--now", exits=1).output
    assert "over_budget" in refused
    assert "--max-cost leaves $0.11" in refused
    mixpeek("budget", "--monthly", "0.05")
    assert "monthly budget leaves" in mixpeek("materialize", exits=1).output
    assert "$0.06 spent, of $0.05" in mixpeek("budget").output.replace("0.0600", "0.06").replace(
        "0.0500", "0.05"
    )
    mixpeek("budget", "--unlimited")
    assert len(lab.warehouse.batches.recent(lab.bucket)) == 1, "what is refused leaves no batch"

    mixpeek("reprocess", "lines", "--yes", "--now")
    assert "Nothing to run" in mixpeek("plan").output


def test_reprocess_asks_before_it_runs(mixpeek: Mixpeek, lab: Lab) -> None:
    """Without --yes a person is asked; a dry run and a `no` change nothing; JSON is never a question."""
    mixpeek("reprocess", "lines", input="n\n")
    mixpeek("reprocess", "lines", "--dry-run")
    json.loads(mixpeek("reprocess", "lines", "--json").stdout)
    assert lab.warehouse.batches.recent(lab.bucket) == []
    assert "Say what to reprocess" in mixpeek("reprocess", exits=1).output
    mixpeek("reprocess", "--extractor", "word_vectors@v1", "--filter", "title=t1", "--limit", "1", "--yes")
    [batch] = lab.warehouse.batches.recent(lab.bucket)
    assert (batch.object_count, batch.status) == (1, "PENDING")


def test_explain_prints_the_way_and_json(mixpeek: Mixpeek, lab: Lab) -> None:
    """The same explanation for people and for programs; an unknown id says where ids come from."""
    mixpeek("materialize")
    words = lab.warehouse.collections.get(lab.namespace_id, "words")
    document_id = lab.rows(words)[0]["document_id"]
    told = mixpeek("explain", document_id).output
    assert told.count("→ doc_") == 2
    assert "up to date" in told
    assert json.loads(mixpeek("explain", document_id, "--json").output)["current"] is True
    assert "search result" in mixpeek("explain", "doc_nowhere", exits=1).output


def test_a_tier_is_told_in_words() -> None:
    """New, stale by reason with what changed in the code, from above, and a range of prices with its basis."""
    tier = TierForecast(
        collection_id="c",
        collection="lines",
        tier=1,
        extractor="words_v1",
        selected=False,
        items=1_000,
        new=10,
        stale={"code_changed": 20},
        patched=1,
        unchanged=900,
        orphaned=2,
        failed=3,
        left_out=4,
        may_change=50,
        leaving=6,
        code_changes=("the parameter size has changed",),
        at_least=Cost(Amount(60.0, 30.0), 0.5),
        at_most=Cost(Amount(120.0, 60.0, 1.0, 0.25), 1.25),
        basis="2 runs of this code here, 99 items, ray",
    )
    lines = forecast_lines(Forecast("ns", (tier,), object_count=1))
    assert lines == [
        "lines (tier 1, words_v1, below): 1,000 items: 10 new, 20 stale, 1 to patch, 900 unchanged, 2 orphaned, "
        "3 failed before, 4 left out",
        "  stale: 20 its code changed",
        "  code: the parameter size has changed",
        "  from above: up to 50 items, those whose documents above come out new or different",
        "  from above: 6 items go, their documents above do",
        "  price: about 1 min 0 s, 30.0 s CPU, $0.50; up to about 2 min 0 s, 1 min 0 s CPU, 1.0 s GPU, $0.25 to others, "
        "$1.25 (from 2 runs of this code here, 99 items, ray)",
        "whole: 1 source object, about 1 min 0 s, 30.0 s CPU, $0.50; up to about 2 min 0 s, 1 min 0 s CPU, 1.0 s GPU, "
        "$0.25 to others, $1.25",
    ]
    unknown = forecast_lines(Forecast("ns", (replace(tier, at_most=None, is_guess=True),)))
    assert "  price: unknown, no run of a tier above was measured yet" in unknown


def test_filters_are_read_from_options() -> None:
    """`field=value` with numbers as such, JSON as it is, several of which all have to hold."""
    one = {"AND": [{"field": "rank", "operator": "eq", "value": 3}]}
    assert read_filters([]) is None
    assert read_filters(["rank = 3"]) == one
    assert read_filters(["title=a=b"]) == {"AND": [{"field": "title", "operator": "eq", "value": "a=b"}]}
    assert read_filters(['{"title": "A"}', "rank=3"]) == {"AND": [{"title": "A"}, one]}
    for wrong in ("title", "=x", '{"title"'):
        with pytest.raises(InvalidInput):
            read_filters([wrong])


def test_a_submitted_batch_shows_in_the_budget_until_it_is_canceled(lab: Lab, mixpeek: Mixpeek) -> None:
    """Who has money set aside is listed; `cancel` gives it back, and says when there is nothing to cancel."""
    mixpeek("materialize")
    mixpeek("budget", "--monthly", "5")
    ids = [lab.put("more", "gamma\ndelta")]
    spec = BatchSpec(object_ids=ids, auto_submit=True)
    batch = lab.warehouse.batches.create(lab.bucket, spec).batch_id
    assert f"reserved: $0.0300 for batch {batch}" in mixpeek("budget").output
    assert f"{batch}: CANCELED" in mixpeek("cancel", batch).output
    assert "reserved" not in mixpeek("budget").output
    assert "ended already: CANCELED" in mixpeek("cancel", batch).output
    assert "There is no batch" in mixpeek("cancel", "btch_none", exits=1).output
