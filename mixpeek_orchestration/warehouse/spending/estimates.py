"""Estimates: what the planner would run, with what earlier runs took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Collection as AnyOf
from dataclasses import asdict, dataclass, replace

from mixpeek_orchestration.core import document
from mixpeek_orchestration.core import plan as planning
from mixpeek_orchestration.core.batch import Batch
from mixpeek_orchestration.core.collection import Collection, Generation
from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.plan import Plan
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.documents import DocumentStore
from mixpeek_orchestration.core.replay import path_below
from mixpeek_orchestration.core.selection import Selection
from mixpeek_orchestration.core.spending.forecast import Cost, Forecast, TierForecast, counts_of, priced
from mixpeek_orchestration.core.spending.measurement import Measurement, Rate, rate_of
from mixpeek_orchestration.core.spending.prices import Prices
from mixpeek_orchestration.core.tiers import root_buckets, tier_of
from mixpeek_orchestration.warehouse.collections import Collections
from mixpeek_orchestration.warehouse.runs.generations import generation_of
from mixpeek_orchestration.warehouse.runs.planning import Planned, Planner
from mixpeek_orchestration.warehouse.spending.waves import FromAbove, Waves

_NO_OBJECT = ""
"""Selects nothing: no object has this id."""

RunnerFor = Callable[[int], str]
"""The name of the runner that so many items would run on."""


@dataclass(frozen=True)
class Outlook:
    """A forecast with what it was made from: the plan of every tier, by collection id."""

    forecast: Forecast
    plans: dict[str, Planned]

    @property
    def due_roots(self) -> list[str]:
        """The source objects for which something would run in a collection that was asked for, in their order."""
        selected = [tier.collection_id for tier in self.forecast.tiers if tier.selected]
        roots = [root for cid in selected for root in _due(self.plans[cid].plan)]
        return list(dict.fromkeys(roots))

    @property
    def known_roots(self) -> set[str]:
        """The source objects that were extracted before, in every collection of the first tier."""
        first = min((tier.tier for tier in self.forecast.tiers), default=0)
        frames = [self.plans[t.collection_id].plan.frame for t in self.forecast.tiers if t.tier == first]
        new = {
            root for frame in frames for root in frame.filter(frame["reason"] == planning.NEW)["root_object"]
        }
        return {root for frame in frames for root in frame["root_object"]} - new

    @property
    def roots(self) -> list[str]:
        """All source objects that were looked at in collections that were asked for."""
        selected = [tier.collection_id for tier in self.forecast.tiers if tier.selected]
        return list(
            dict.fromkeys(r for cid in selected for r in self.plans[cid].plan.frame["root_object"].to_list())
        )


class Estimates:
    """Forecasts for collections and batches, all from the planner that decides what runs."""

    def __init__(
        self,
        catalog: Catalog,
        documents: DocumentStore,
        collections: Collections,
        planner: Planner,
        *,
        prices: Prices,
        runner_for: RunnerFor,
    ) -> None:
        self._catalog = catalog
        self._documents = documents
        self._collections = collections
        self._planner = planner
        self.prices = prices
        self._runner_for = runner_for

    def outlook(
        self, collections: Sequence[Collection], selection: Selection | None = None, *, below: bool = True
    ) -> Outlook:
        """What would run for these collections, and (unless told otherwise) in the tiers below them.

        Raises `InvalidInput` when the filters of the selection match nothing.
        """
        asked = {c.collection_id for c in collections}
        selection = replace(selection or Selection(), collection_ids=())
        order = self._order(collections, below=below)
        plans: dict[str, Planned] = {}
        roots: list[str] = []
        for collection in order:
            said = _said(selection, roots, asked=collection.collection_id in asked)
            planned = self._planner.plan(collection.collection_id, selection=said)
            plans[collection.collection_id] = planned
            if collection.collection_id in asked:
                roots += _due(planned.plan)
        if selection.filters and not any(plans[cid].plan.frame.height for cid in asked):
            raise _no_match(selection)
        return self._told(order, plans, asked)

    def for_batches(self, batches: Sequence[Batch], *, planned: Planned | None = None) -> Outlook:
        """What would run for batches of one namespace, in all their collections that have not reported yet.

        A batch that fills a generation is planned for that one. `planned` is taken where it was made already.
        """
        plans = {} if planned is None else {planned.collection.collection_id: planned}
        open_ids = {*plans, *(c for b in batches for c in b.collection_ids if c not in b.tiers)}
        everything = self._collections.all(batches[0].namespace_id)
        order = self._order([c for c in everything if c.collection_id in open_ids], below=False)
        generation = self._filled_by(batches)
        ids = [batch.batch_id for batch in batches]
        for collection in order:
            if collection.collection_id not in plans:
                other = (
                    generation
                    if generation and generation.collection_id == collection.collection_id
                    else None
                )
                plans[collection.collection_id] = self._planner.plan(
                    collection.collection_id, ids, generation=other
                )
        outlook = self._told(order, plans, open_ids)
        count = sum(batch.object_count for batch in batches)
        return replace(outlook, forecast=replace(outlook.forecast, object_count=count))

    def _filled_by(self, batches: Sequence[Batch]) -> Generation | None:
        """The generation that these batches fill, when they do."""
        wanted = {generation_of(batch) for batch in batches}
        return self._catalog.resources.generation(wanted.pop()) if len(wanted) == 1 else None

    def documents_of_roots(self, outlook: Outlook, roots: Sequence[str]) -> int:
        """How many documents these source objects have now, in all collections of an outlook."""
        return sum(
            self._documents.by_ids(
                planned.generation.table, document.ROOT_OBJECT, roots, columns=[document.DOCUMENT_ID]
            ).num_rows
            for planned in outlook.plans.values()
            if self._documents.version(planned.generation.table)
        )

    def of_planned(self, planned: Planned) -> Forecast:
        """The forecast of one plan alone."""
        return self._told(
            [planned.collection],
            {planned.collection.collection_id: planned},
            [planned.collection.collection_id],
        ).forecast

    def for_planned(self, planned: Planned) -> tuple[Cost | None, Rate | None]:
        """What the items of one plan are expected to take, and what that is known from."""
        items = planned.plan.count(planning.EXTRACT)
        rate = self._rate(planned, items)
        return priced(rate, items, extractor=planned.description.name, prices=self.prices), rate

    def buckets_of(self, collections: Sequence[Collection]) -> list[str]:
        """The ids of the buckets that these collections read, directly or not, each once."""
        by_id = self._known(collections)
        found = [b for c in collections for b in sorted(root_buckets(c.collection_id, by_id))]
        return list(dict.fromkeys(found))

    def _order(self, collections: Sequence[Collection], *, below: bool) -> list[Collection]:
        """These collections, with all enabled ones below them, by tier."""
        wanted = [c.collection_id for c in collections]
        known = self._known(collections)
        path = path_below(wanted, known.values())
        return [known[cid] for cid in path if below or cid in wanted]

    def _known(self, collections: Sequence[Collection]) -> dict[str, Collection]:
        namespaces = dict.fromkeys(c.namespace_id for c in collections)
        return {c.collection_id: c for n in namespaces for c in self._collections.all(n)}

    def _told(self, order: Sequence[Collection], plans: dict[str, Planned], asked: AnyOf[str]) -> Outlook:
        waves = Waves(self._catalog.ledger, self._documents)
        tiers: list[TierForecast] = []
        numbers = tier_of(self._collections.all(order[0].namespace_id)) if order else {}
        for collection in order:
            planned = plans[collection.collection_id]
            above = waves.reach(planned)
            number, selected = numbers[collection.collection_id], collection.collection_id in asked
            tiers.append(self._tier(planned, above, tier=number, selected=selected))
        roots = {root for planned in plans.values() for root in _due(planned.plan)}
        namespace_id = order[0].namespace_id if order else ""
        return Outlook(Forecast(namespace_id, tuple(tiers), object_count=len(roots)), plans)

    def _tier(self, planned: Planned, above: FromAbove, *, tier: int, selected: bool) -> TierForecast:
        extract, name = planned.plan.count(planning.EXTRACT), planned.description.name
        most = extract + above.may_change
        rate = self._rate(planned, most)
        at_most = priced(rate, most, extractor=name, prices=self.prices)
        return TierForecast(
            collection_id=planned.collection.collection_id,
            collection=planned.collection.name,
            tier=tier,
            extractor=planned.collection.extractor.id,
            selected=selected,
            **counts_of(planned.plan),
            **asdict(above),
            code_changes=tuple(planned.code_changes),
            at_least=priced(rate, extract, extractor=name, prices=self.prices),
            at_most=None if above.is_guess else at_most,
            basis=rate.line if rate else "",
        )

    def _rate(self, planned: Planned, items: int) -> Rate | None:
        if not items:
            return None
        return rate_of(
            self._history(planned),
            collection_id=planned.collection.collection_id,
            extractor=planned.description.name,
            code_fp=planned.description.code_fp,
            runner=self._runner_for(items),
        )

    def _history(self, planned: Planned) -> list[Measurement]:
        """The runs of an extractor, newest first. However often it runs elsewhere, the runs of this collection are known."""
        kept, collection = self._catalog.measurements, planned.collection
        here = kept.of_collection(collection.collection_id)
        everywhere = kept.of_extractor(collection.namespace_id, planned.description.name)
        return sorted(dict.fromkeys([*here, *everywhere]), key=lambda one: one.created_at, reverse=True)


def _said(selection: Selection, roots: Sequence[str], *, asked: bool) -> Selection:
    """What is selected of one collection, when these objects were chosen in tiers above: a limit and a sample are
    of objects, the same ones in all tiers."""
    if not asked:
        return Selection() if selection.is_everything else Selection(object_ids=tuple(roots) or (_NO_OBJECT,))
    if roots and (selection.limit or selection.sample):
        return selection.resolved(roots)
    return selection


def _due(plan: Plan) -> list[str]:
    runs = [planning.EXTRACT, planning.PATCH, planning.DELETE]
    due = plan.frame.filter(plan.frame["action"].is_in(runs))
    return list(dict.fromkeys(due["root_object"].to_list()))


def _no_match(selection: Selection) -> InvalidInput:
    return InvalidInput(
        "No source object matches these filters.",
        field="filters",
        value=dict(selection.filters or {}),
        fix="Filter by metadata fields of the source objects.",
    )
