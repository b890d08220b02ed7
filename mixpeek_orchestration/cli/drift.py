"""`mixpeek drift`: what was changed in the tables behind our back, and `mixpeek drift heal`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from mixpeek_orchestration.cli.running import EXIT_FAILED, Now, Wait, run_or_leave
from mixpeek_orchestration.cli.work import Namespace

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.upkeep.drift import Healed, TableDrift

EXIT_DRIFTED = 1
_SHOW = "show"


class _ShowsByDefault(TyperGroup):
    """A group in which `mixpeek drift [COLLECTION]` is `mixpeek drift show [COLLECTION]`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_said = bool(args) and args[0] in {*self.commands, "--help"}
        return super().parse_args(ctx, args if is_said else [_SHOW, *args])


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    drift = typer.Typer(
        cls=_ShowsByDefault,
        help="What was changed in the tables behind our back: show it (the default), heal it.",
    )
    drift.command(_SHOW)(show)
    drift.command("heal")(heal)
    app.add_typer(drift, name="drift")


Collection = Annotated[str | None, typer.Argument(help="Collection, by name or id; all without it.")]


def show(
    collection: Collection = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what differs as JSON.")] = False,
    namespace: Namespace = "default",
) -> None:
    """Compare the tables with what we left: stamps, versions, counts, files and indexes. Exits with 1 on a difference."""
    from mixpeek_orchestration.cli.local import chosen_collections, local_warehouse

    with local_warehouse() as warehouse:
        chosen = chosen_collections(warehouse, namespace, collection)
        found = [drifted for one in chosen for drifted in warehouse.drift.check(one)]
    if as_json:
        typer.echo(json.dumps([_as_json(drifted) for drifted in found], indent=2))
    else:
        for line in _lines(found) or [f"{one.name}: every table is as we left it" for one in chosen]:
            typer.echo(line)
    if found:
        raise typer.Exit(EXIT_DRIFTED)


def heal(
    collection: Collection = None,
    now: Now = False,
    wait: Wait = False,
    namespace: Namespace = "default",
) -> None:
    """Undo what others did to the tables, and submit batches that extract what cannot be restored."""
    from mixpeek_orchestration.cli.local import chosen_collections, local_warehouse

    went_well = True
    with local_warehouse() as warehouse:
        for chosen in chosen_collections(warehouse, namespace, collection):
            healed = warehouse.drift.heal(chosen, run_id="cli")
            for line in _healed_lines(healed):
                typer.echo(line)
            for batch in healed.batches:
                typer.echo(f"  {batch.batch_id} extracts what is missing of {batch.object_count} objects")
                went_well &= run_or_leave(warehouse, batch, now=now, wait=wait)
            went_well &= not healed.left
    if not went_well:
        raise typer.Exit(EXIT_FAILED)


def _lines(found: list[TableDrift]) -> list[str]:
    lines = []
    for drifted in found:
        place = drifted.table or drifted.generation_id
        lines += [f"{drifted.collection.name}, {place}:", *(f"  {line}" for line in drifted.lines)]
        lines.append(f"  heal: {_would(drifted)}")
    return lines


def _would(drifted: TableDrift) -> str:
    command = f"mixpeek drift heal {drifted.collection.name}"
    match drifted.cure.action:
        case "restore":
            return f"{command} restores version {drifted.cure.version}"
        case "prune":
            return f"{command} leaves the broken fragments out and extracts their items again"
        case "drop":
            return f"{command} drops the table and extracts all of its items again"
        case "refill":
            return f"{command} extracts all of its items again"
        case "accept":
            return f"{command} takes the table as it is and extracts what is missing"
        case _:
            return "nothing can be done here; delete the collection and make it again"


def _healed_lines(healed: Healed) -> list[str]:
    name = healed.collection.name
    lines = [f"{name}, {table}: {_did(cure.action, cure.version)}" for table, cure in healed.done]
    lines += [f"{name}: still {line}" for drifted in healed.left for line in drifted.lines]
    return lines or [f"{name}: every table is as we left it"]


def _did(action: str, version: int) -> str:
    return {
        "restore": f"version {version} is restored",
        "prune": "the fragments without files are left out",
        "drop": "the table is dropped",
        "accept": "the table is taken as it is",
        "refill": "the table is to be filled again",
    }[action]


def _as_json(drifted: TableDrift) -> dict[str, Any]:
    return {
        "collection_id": drifted.collection.collection_id,
        "collection": drifted.collection.name,
        "generation_id": drifted.generation_id,
        "active": drifted.is_active,
        "table": drifted.table,
        "differences": [asdict(difference) for difference in drifted.differences],
        "cure": asdict(drifted.cure),
    }
