"""`mixpeek budget`: what a namespace may spend, what it has spent, and what is reserved for whom."""

from __future__ import annotations

from typing import Annotated

import typer

from mixpeek_orchestration.cli.work import Namespace


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(budget)


def budget(
    daily: Annotated[float | None, typer.Option("--daily", min=0.0, help="Dollars a day (UTC).")] = None,
    monthly: Annotated[
        float | None, typer.Option("--monthly", min=0.0, help="Dollars a month (UTC).")
    ] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="Remove both limits first.")] = False,
    namespace: Namespace = "default",
) -> None:
    """Show what a namespace has spent on runs and reserved for them, and set what it may spend."""
    from dataclasses import replace

    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.core.spending.budget import SpendBudget
    from mixpeek_orchestration.core.spending.money import dollars

    with local_warehouse() as warehouse:
        namespace_id = warehouse.namespace_id(namespace)
        before = warehouse.spending.budget(namespace_id)
        after = SpendBudget() if unlimited else before
        given = {"daily_usd": daily, "monthly_usd": monthly}
        after = replace(after, **{name: usd for name, usd in given.items() if usd is not None})
        if after != before:
            warehouse.spending.set_budget(namespace_id, after)
        spent = warehouse.spending.spent(namespace_id)
        for name, usd, limit in zip(
            ("today", "this month"), spent, (after.daily_usd, after.monthly_usd), strict=True
        ):
            of = "no limit" if limit is None else f"of {dollars(limit)}"
            typer.echo(f"{name}: {dollars(usd)} spent, {of}")
        for one in warehouse.spending.reservations.of(namespace_id):
            typer.echo(f"reserved: {dollars(one.usd)} for {one.subject}")
