"""Spending: what runs may cost, set aside before they run, and what they did cost, kept for the next estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.errors import InvalidInput, OverBudget
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.resources import Namespace
from mixpeek_orchestration.core.spending.budget import (
    Limit,
    SpendBudget,
    refuse_over,
    start_of_day,
    start_of_month,
)
from mixpeek_orchestration.core.spending.forecast import Forecast
from mixpeek_orchestration.core.spending.measurement import Measurement
from mixpeek_orchestration.core.spending.prices import Amount
from mixpeek_orchestration.core.spending.reservation import Reservation, of_batch
from mixpeek_orchestration.core.syncs.plan import held
from mixpeek_orchestration.warehouse.runs.planning import Planned
from mixpeek_orchestration.warehouse.spending.estimates import Estimates
from mixpeek_orchestration.warehouse.spending.reservations import Reservations

MAX_COST = "max_cost_usd"
"""Under this name a batch carries in its metadata what its run may cost."""


class Spending:
    """Limits on money, and the record of what was spent."""

    def __init__(self, catalog: Catalog, estimates: Estimates) -> None:
        self._catalog = catalog
        self._estimates = estimates
        self.reservations = Reservations(catalog)

    def budget(self, namespace_id: str) -> SpendBudget:
        """What the namespace may spend."""
        return self._namespace(namespace_id).spend_budget

    def set_budget(self, namespace_id: str, budget: SpendBudget) -> Namespace:
        """The namespace with another budget; raises `InvalidInput` for sums below nothing."""
        for name in ("daily_usd", "monthly_usd"):
            usd = getattr(budget, name)
            if usd is not None and not 0.0 <= usd < float("inf"):
                raise _no_sum(usd, field=name)
        namespace = self._namespace(namespace_id)
        return self._catalog.resources.put_namespace(replace(namespace, spend_budget=budget))

    def limits(
        self,
        namespace_id: str,
        *,
        at: datetime | None = None,
        others: Sequence[Reservation] | None = None,
    ) -> list[Limit]:
        """The limits of a namespace, with what is spent of each, and what is reserved: by all, or by these others."""
        if self.budget(namespace_id).is_unlimited:
            return []
        # Before what is spent: what a run took is kept before its reservation goes, so that nothing is missed.
        reserved = tuple(self.reservations.of(namespace_id) if others is None else others)
        budget, moment = self.budget(namespace_id), at or datetime.now(UTC)
        since = {"daily_usd": start_of_day(moment), "monthly_usd": start_of_month(moment)}
        names = {"daily_usd": "the namespace's daily budget", "monthly_usd": "the namespace's monthly budget"}
        return [
            Limit(
                names[field],
                f"spend_budget.{field}",
                usd,
                self._catalog.measurements.spent(namespace_id, since=since[field]),
                "Raise it with `mixpeek budget`, or run fewer objects (--limit, --filter, --object-id).",
                reserved,
            )
            for field in names
            if (usd := getattr(budget, field)) is not None
        ]

    def spent(self, namespace_id: str, *, at: datetime | None = None) -> tuple[float, float]:
        """Dollars that were spent today and this month."""
        moment = at or datetime.now(UTC)
        spent = self._catalog.measurements.spent
        return (
            spent(namespace_id, since=start_of_day(moment)),
            spent(namespace_id, since=start_of_month(moment)),
        )

    def admit(self, forecast: Forecast, *, max_cost: float | None = None) -> None:
        """Raises `OverBudget` when the forecast does not fit into the namespace's budget or `max_cost`; reserves nothing."""
        given = [] if max_cost is None else [_max_cost(max_cost)]
        refuse_over(forecast, [*given, *self.limits(forecast.namespace_id)])

    def admit_batch(self, batch: Batch) -> None:
        """What the batch may cost is reserved until its run takes over; raises `OverBudget` when it may not run.
        Nothing is planned where nothing is limited."""
        if self._is_limited([batch]):
            # All its tiers run again, whatever an earlier submission did.
            again = replace(batch, tiers={})
            self._reserve(self._forecast([again]), of_batch(batch.batch_id))

    def admit_planned(self, planned: Planned, holder: str) -> Reservation | None:
        """What the run may cost is reserved for the holder, before anything is written: for its batches with all
        their tiers that are still to run, or for the collection alone. `None` where nothing is limited; raises
        `OverBudget`, and leaves what the holder had reserved before."""
        batches = list(self._catalog.batches.get_many(list(planned.roots_by_batch)).values())
        if batches and self._is_limited(batches):
            return self._admit_run(batches, planned, holder)
        if not batches and self.is_limited(planned.collection.namespace_id):
            return self._reserve(self._estimates.of_planned(planned), holder)
        return None

    def is_limited(self, namespace_id: str) -> bool:
        """Whether a budget is set."""
        return not self.budget(namespace_id).is_unlimited

    def call_off(self, batch: Batch) -> None:
        """Nothing is reserved any more for a batch whose run has not begun."""
        self.reservations.release(of_batch(batch.batch_id))

    def keep(self, measurement: Measurement) -> None:
        """Remember what a run took; it is spent from now on."""
        self._catalog.measurements.keep(measurement)

    def run_metadata(self, collection_id: str, run_id: str) -> dict[str, Any]:
        """What a run over a collection was expected to take, and what it took; empty when it extracted nothing."""
        run = self._catalog.measurements.of_run(run_id, collection_id)
        if run is None:
            return {}
        foreseen = {} if run.expected is None else {"estimated_seconds": round(run.expected.wall_s, 3)}
        priced = {} if run.foreseen_usd is None else {"estimated_usd": run.foreseen_usd}
        return {
            **foreseen,
            "actual_seconds": round(run.total.wall_s, 3),
            **priced,
            "actual_usd": run.usd,
            "estimated_from": run.basis or "nothing: it was the first run",
        }

    def _admit_run(self, batches: Sequence[Batch], planned: Planned, holder: str) -> Reservation | None:
        try:
            forecast = self._forecast(batches, planned=planned)
            return self._reserve(forecast, holder, instead_of=[of_batch(b.batch_id) for b in batches])
        except OverBudget as error:
            # What follows the active generation may be behind; its batches go on without it.
            for batch in (
                batches if planned.generation.generation_id == planned.collection.active_generation else ()
            ):
                self._hand_back(batch, str(error))
            raise

    def _hand_back(self, batch: Batch, reason: str) -> None:
        """The sync that submitted the batch holds it, and submits it again when there is money: nobody else would."""
        sync_id = str(batch.metadata.get("sync_config_id") or "")
        if batch.status == "IN_PROGRESS" and sync_id and self._catalog.syncs.get(sync_id) is not None:
            self._catalog.batches.hold(batch.batch_id, reason=reason)
            self._catalog.syncs.change(
                sync_id, lambda sync: replace(sync, state=held(sync.state, batch.batch_id, reason))
            )

    def _forecast(self, batches: Sequence[Batch], *, planned: Planned | None = None) -> Forecast:
        """What the batches may cost; raises `OverBudget` when it is more than one of them says."""
        outlook = self._estimates.for_batches(batches, planned=planned)
        caps = [_cap(batch, spent=self._spent_on(batch)) for batch in batches if _is_capped(batch)]
        refuse_over(outlook.forecast, caps)
        return outlook.forecast

    def _reserve(
        self, forecast: Forecast, holder: str, *, instead_of: Sequence[str] = ()
    ) -> Reservation | None:
        """The forecast, checked and set aside in one step; raises `OverBudget`."""
        namespace_id = forecast.namespace_id
        if not self.is_limited(namespace_id):
            return None
        return self.reservations.make(
            Reservation(holder, namespace_id, forecast.at_most.usd if forecast.at_most else 0.0),
            lambda others: refuse_over(forecast, self.limits(namespace_id, others=others)),
            instead_of=instead_of,
        )

    def _spent_on(self, batch: Batch) -> float:
        """What the tiers of a batch that have reported cost."""
        known = {c.collection_id: c for c in self._catalog.resources.collections(batch.namespace_id)}
        return sum(
            self._estimates.prices.usd(
                Amount(r.usage.wall_s, r.usage.cpu_s, r.usage.gpu_s, r.usage.api_usd),
                extractor=known[cid].extractor.name if cid in known else "",
                items=r.submitted - r.not_run,
            )
            for cid, r in batch.tiers.items()
        )

    def _is_limited(self, batches: Sequence[Batch]) -> bool:
        return any(map(_is_capped, batches)) or self.is_limited(batches[0].namespace_id)

    def _namespace(self, namespace_id: str) -> Namespace:
        return self._catalog.resources.namespace(namespace_id) or Namespace(namespace_id, namespace_id)


def _is_capped(batch: Batch) -> bool:
    return batch.metadata.get(MAX_COST) is not None


def _cap(batch: Batch, *, spent: float) -> Limit:
    """The limit that a batch carries; raises `InvalidInput` for what is no sum, which must not pass as no limit."""
    said = batch.metadata[MAX_COST]
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise _no_sum(said, field=f"metadata.{MAX_COST}")
    return _max_cost(float(said), name=f"the maximum cost of batch {batch.batch_id}", spent=spent)


def _max_cost(usd: float, *, name: str = "--max-cost", spent: float = 0.0) -> Limit:
    if not 0.0 <= usd < float("inf"):
        raise _no_sum(usd, field=MAX_COST)
    fix = "Raise it, or run fewer objects (--limit, --filter, --object-id)."
    return Limit(name, MAX_COST, usd, spent, fix)


def _no_sum(said: object, *, field: str) -> InvalidInput:
    return InvalidInput(
        f"{field} is not a sum of money.", field=field, value=said, fix="Give dollars as a number, 0 or more."
    )
