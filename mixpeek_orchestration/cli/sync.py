"""`mixpeek sync …`: buckets that follow folders and s3:// prefixes; `mixpeek retention`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mixpeek_orchestration.cli.errors import ErrorsForPeople

if TYPE_CHECKING:
    from mixpeek_orchestration.core.syncs.sync import Sync
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

sync = typer.Typer(
    name="sync",
    cls=ErrorsForPeople,
    help="Buckets that follow a folder or an s3:// prefix: new, changed and deleted files become objects and batches.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SyncId = Annotated[str, typer.Argument(help="The sync, by id or by its place.")]
Namespace = Annotated[
    str, typer.Option("--namespace", envvar="MIXPEEK_NAMESPACE", help="Namespace, by name or id.")
]
AllowDeletes = Annotated[
    bool, typer.Option("--allow-deletes", help="Let the next run remove as much as is gone.")
]


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(sync)
    app.command()(retention)


@sync.command()
def add(
    bucket: Annotated[str, typer.Argument(help="Bucket, by name or id.")],
    source: Annotated[str, typer.Argument(help="A folder, or s3://bucket/prefix.")],
    include: Annotated[
        list[str] | None, typer.Option("--include", help="Only files that match; repeat for more.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="No files that match; repeat for more.")
    ] = None,
    mime_type: Annotated[
        list[str] | None, typer.Option("--mime-type", help="Only these types, for example image/*.")
    ] = None,
    max_bytes: Annotated[int | None, typer.Option("--max-bytes", help="No larger files.")] = None,
    every: Annotated[int, typer.Option("--every", min=30, max=86_400, help="Seconds between looks.")] = 300,
    once: Annotated[bool, typer.Option("--once", help="Import what is there, then stop.")] = False,
    property_name: Annotated[
        str | None, typer.Option("--property", help="The property that holds the file; by type without it.")
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option("--connection", help="Read through this connection; see `mixpeek connection`."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", exists=True, dir_okay=False, help="A YAML file with a schema_mapping."),
    ] = None,
    namespace: Namespace = "default",
) -> None:
    """Let a bucket follow a place from now on."""
    import yaml

    from mixpeek_orchestration.cli.local import local_warehouse
    from mixpeek_orchestration.core.validation import validated
    from mixpeek_orchestration.warehouse.syncs.specs import SyncSpec

    filters = {
        "include_patterns": include or [],
        "exclude_patterns": exclude or [],
        "mime_types": mime_type or [],
        "max_size_bytes": max_bytes,
    }
    said = {
        "source_path": source if connection else _absolute(source),
        "connection_id": connection,
        "schema_mapping": yaml.safe_load(mapping.read_text()) if mapping else None,
        "file_filters": filters,
        "polling_interval_seconds": every,
        "sync_mode": "initial_only" if once else "continuous",
        "blob_property": property_name,
    }
    with local_warehouse() as warehouse:
        target = warehouse.buckets.get(warehouse.namespace_id(namespace), bucket)
        made = warehouse.syncs.create(target, validated(SyncSpec, said).rules)
        typer.echo(f"{made.sync_id}: {target.name} follows {made.rules.source_path}")


@sync.command("list")
def list_syncs(namespace: Namespace = "default") -> None:
    """All syncs and how they stand."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        namespace_id = warehouse.namespace_id(namespace)
        names = {bucket.bucket_id: bucket.name for bucket in warehouse.buckets.all(namespace_id)}
        found = warehouse.syncs.in_namespace(namespace_id)
        for one in found:
            typer.echo(
                f"{one.sync_id}  {one.status.lower():9}  {names.get(one.bucket_id, '?')} ← {one.rules.source_path}"
            )
        if not found:
            typer.echo("There are no syncs.")


@sync.command()
def status(which: SyncId, namespace: Namespace = "default") -> None:
    """One sync: how it stands, what its last runs did, what failed."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        one = _found(warehouse, namespace, which)
        for line in _status_lines(warehouse, one):
            typer.echo(line)


@sync.command()
def pause(
    which: SyncId,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for whoever looks next.")] = None,
    namespace: Namespace = "default",
) -> None:
    """Stop following; a run that is going on ends after its chunk of files."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        paused = warehouse.syncs.pause(_found(warehouse, namespace, which), reason)
        typer.echo(f"{paused.sync_id} is paused.")


@sync.command()
def resume(which: SyncId, allow_deletes: AllowDeletes = False, namespace: Namespace = "default") -> None:
    """Follow again, from now on."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        resumed = warehouse.syncs.resume(_found(warehouse, namespace, which), allow_deletes=allow_deletes)
        typer.echo(f"{resumed.sync_id} is due.")


@sync.command()
def run(
    which: SyncId,
    full: Annotated[bool, typer.Option("--full", help="Read every file again, changed or not.")] = False,
    allow_deletes: AllowDeletes = False,
    namespace: Namespace = "default",
) -> None:
    """Run a sync in this process, now. What it submits is processed by the stack, once it is up."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        one = _found(warehouse, namespace, which)
        warehouse.syncs.request(one, full=full, allow_deletes=allow_deletes)
        job = warehouse.syncs.run(one.sync_id, trigger="manual", progress=typer.echo)
        if job.error:
            typer.secho(job.error, err=True, fg="red")
        if job.status != "completed" or job.failed:
            raise typer.Exit(2)


@sync.command("dead-letters")
def dead_letters(which: SyncId, namespace: Namespace = "default") -> None:
    """The files that failed, and why."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        failed = warehouse.syncs.failed_files(_found(warehouse, namespace, which))
        for one in failed:
            tried = "given up" if one.status == "dead" else "will be tried again"
            typer.echo(f"{one.path}: {one.error_code} after {one.attempts} tries, {tried}: {one.error}")
        if not failed:
            typer.echo("No file has failed.")


@sync.command()
def retry(
    which: SyncId,
    path: Annotated[list[str] | None, typer.Argument(help="Only these files; all without one.")] = None,
    namespace: Namespace = "default",
) -> None:
    """Let dead letters be tried again."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        count = warehouse.syncs.requeue(_found(warehouse, namespace, which), paths=path or ())
        typer.echo(f"{count} files will be tried again.")


@sync.command()
def remove(which: SyncId, namespace: Namespace = "default") -> None:
    """Follow no more; what came through the sync stays in the bucket."""
    from mixpeek_orchestration.cli.local import local_warehouse

    with local_warehouse() as warehouse:
        one = _found(warehouse, namespace, which)
        warehouse.syncs.delete(one)
        typer.echo(f"{one.sync_id} is removed.")


def retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be forgotten; forget nothing.")
    ] = False,
) -> None:
    """Forget runs, events, measurements, batches and records of syncs that are past their time (MIXPEEK_RETAIN_…)."""
    import os
    import subprocess
    import sys

    from mixpeek_orchestration.cli.stack.environment import settings_environment
    from mixpeek_orchestration.cli.stack.layout import Layout
    from mixpeek_orchestration.cli.stack.record import settings_of_stack
    from mixpeek_orchestration.core.errors import NotFound
    from mixpeek_orchestration.settings import Settings

    settings = settings_of_stack(Settings())
    home = Layout(settings.root).dagster_home
    if not home.is_dir():
        raise NotFound(f"There is no Dagster instance in {settings.root}.", fix="Run `mixpeek up` once.")
    command = [
        sys.executable,
        "-m",
        "mixpeek_orchestration.defs.jobs.retaining",
        *(["--dry-run"] if dry_run else []),
    ]
    environment = {**os.environ, **settings_environment(settings), "DAGSTER_HOME": str(home)}
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)


def _absolute(source: str) -> str:
    return source if "://" in source else str(Path(source).expanduser().absolute())


def _found(warehouse: Warehouse, namespace: str, which: str) -> Sync:
    namespace_id = warehouse.namespace_id(namespace)
    for one in warehouse.syncs.in_namespace(namespace_id):
        if which == one.sync_id or _absolute(which) == one.rules.source_path:
            return one
    return warehouse.syncs.by_id(namespace_id, which)


def _poll_lines(one: Sync) -> list[str]:
    import time

    from mixpeek_orchestration.core.syncs.plan import next_poll_at

    state, upcoming = one.state, next_poll_at(one, time.time())
    lines = []
    if state.last_polled_at:
        quiet = f"; polls since the last run: {state.quiet_looks}" if state.quiet_looks else ""
        lines.append(f"  last poll: {state.last_polled_at[:19]}, {state.files_seen} files seen{quiet}")
    lines.append(f"  next poll: {upcoming[:19] if upcoming else 'none'}")
    return lines


def _status_lines(warehouse: Warehouse, one: Sync) -> list[str]:
    state = one.state
    lines = [f"{one.sync_id}: {one.status.lower()}, follows {one.rules.source_path}"]
    if state.pause_reason:
        lines.append(f"  paused: {state.pause_reason}")
    if state.last_error:
        lines.append(f"  last error: {state.last_error}")
    lines += _poll_lines(one)
    lines.append(f"  last run: {state.last_sync_at or 'never'}; {state.batches_created} batches so far")
    lines += [
        f"  {job.started_at[:19]} {job.trigger} {job.status}: {job.line}"
        for job in warehouse.syncs.jobs(one, limit=5)
    ]
    dead = warehouse.syncs.dead_by_error(one)
    lines += [f"  dead letters: {count} {error}" for error, count in dead.items()]
    return lines
