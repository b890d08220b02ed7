"""What a run of a sync does, decided from a listing and what is known; and whether one is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as AnyOf
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.syncs.filters import is_wanted
from mixpeek_orchestration.core.syncs.sync import (
    MAX_ATTEMPTS,
    Listed,
    Sync,
    SyncFile,
    SyncRules,
    SyncState,
)

FIRST_RETRY_S: Final = 60.0
LONGEST_PAUSE_S: Final = 3600.0
FAILURES_BEFORE_PAUSE: Final = 5
RECENT_BATCHES: Final = 20
CHUNK_BYTES: Final = 128_000_000


@dataclass(frozen=True)
class SyncPlan:
    """What to do: read and store `ingest`, put the objects of `submit` into a batch, remove those of `gone`.

    `forget` are files that are gone and never had an object. `kept` counts what stays as it is, `filtered` what is
    not wanted or has no place in the bucket, `left_over` what waits for the next run.
    """

    ingest: tuple[Listed, ...] = ()
    submit: tuple[SyncFile, ...] = ()
    gone: tuple[SyncFile, ...] = ()
    forget: tuple[str, ...] = ()
    listed: int = 0
    kept: int = 0
    filtered: int = 0
    left_over: int = 0


def decide(
    listing: Iterable[Listed],
    known: Mapping[str, SyncFile],
    rules: SyncRules,
    *,
    has_place: Callable[[str], bool],
    now: float,
    full: bool = False,
    elsewhere: AnyOf[str] = frozenset(),
) -> SyncPlan:
    """The plan for a listing. `has_place` says whether the bucket has a property for a path; `full` reads every
    wanted file again, whatever its fingerprint says. `elsewhere` are contents that other syncs of the bucket hold."""
    listed = {one.path: one for one in listing}
    wanted = {path for path, one in listed.items() if is_wanted(one, rules.filters) and has_place(path)}
    originals = _originals(listed, wanted, known) | set(elsewhere)
    fresh: list[Listed] = []
    changed: list[Listed] = []
    copies: list[Listed] = []
    submit: list[SyncFile] = []
    kept = 0
    for path in sorted(wanted):
        one, seen = listed[path], known.get(path)
        if seen is None:
            fresh.append(one)
        elif full or _is_due(one, seen, rules, now):
            (copies if seen.status == "duplicate" else changed).append(one)
        elif _is_without_original(seen, originals, rules):
            copies.append(one)
        elif seen.has_object and not seen.batched_fp and not rules.skip_batch_submission:
            submit.append(seen)
        else:
            kept += 1
    work = [*changed, *fresh, *copies]
    lost = [seen for path, seen in known.items() if _is_lost(path, listed, wanted, rules)]
    return SyncPlan(
        ingest=tuple(work[: rules.max_objects_per_run]),
        submit=tuple(submit),
        gone=tuple(seen for seen in lost if seen.has_object),
        forget=tuple(seen.path for seen in lost if not seen.has_object),
        listed=len(listed),
        kept=kept,
        filtered=len(listed) - len(wanted),
        left_over=max(0, len(work) - rules.max_objects_per_run),
    )


def _originals(listed: Mapping[str, Listed], wanted: set[str], known: Mapping[str, SyncFile]) -> set[str]:
    """The contents that some unchanged file holds as an object: copies of it need none."""
    return {
        seen.content_hash
        for path, seen in known.items()
        if seen.status == "synced" and path in wanted and listed[path].fingerprint == seen.fingerprint
    }


def _is_without_original(seen: SyncFile, originals: set[str], rules: SyncRules) -> bool:
    """Whether a duplicate needs an object of its own; not one whose bytes were erased, of which nothing is known."""
    if seen.status != "duplicate" or not seen.content_hash:
        return False
    return not rules.skip_duplicates or seen.content_hash not in originals


def _is_due(one: Listed, seen: SyncFile, rules: SyncRules, now: float) -> bool:
    """Whether a known file is to be read: it changed, or an earlier try failed and its pause is over."""
    if one.fingerprint != seen.fingerprint:
        return rules.reconcile.on_update or not seen.has_object
    return seen.status == "failed" and now >= seen.not_before


def _is_lost(path: str, listed: Mapping[str, Listed], wanted: set[str], rules: SyncRules) -> bool:
    if path in wanted:
        return False
    return rules.reconcile.on_filter_drift if path in listed else rules.reconcile.on_delete


def holders(plan: SyncPlan, known: Mapping[str, SyncFile]) -> dict[str, str]:
    """The path whose object holds a content, by content: of files that neither go nor are read again."""
    moving = {one.path for one in plan.ingest} | {one.path for one in plan.gone}
    return {
        one.content_hash: one.path
        for one in known.values()
        if one.status == "synced" and one.path not in moving
    }


def mass_deletion(plan: SyncPlan, known: Mapping[str, SyncFile], rules: SyncRules) -> str | None:
    """Why so many files cannot simply be gone; `None` when the plan may remove what it names."""
    had = sum(1 for seen in known.values() if seen.has_object)
    gone, limits = len(plan.gone), rules.reconcile
    if gone and not plan.listed:
        return f"The source is empty, but {had} objects came from it."
    if gone > limits.max_deletes and gone > had * limits.max_delete_share:
        return f"{gone} of {had} files are gone from the source at once."
    return None


def chunks(
    listed: Sequence[Listed], size: int, *, max_bytes: int = CHUNK_BYTES
) -> Iterator[tuple[Listed, ...]]:
    """The files in order, at most `size` and (but for a single larger one) `max_bytes` at a time."""
    chunk: list[Listed] = []
    weight = 0
    for one in listed:
        if chunk and (len(chunk) >= size or weight + one.size > max_bytes):
            yield tuple(chunk)
            chunk, weight = [], 0
        chunk.append(one)
        weight += one.size
    if chunk:
        yield tuple(chunk)


def after_failure(
    one: Listed, seen: SyncFile | None, error: MixpeekError, *, now: float, stamp: str, job_id: str
) -> SyncFile:
    """The file after a try that failed: tried again later, or a dead letter when asking again cannot mend it.

    An object of an earlier content stays what it is.
    """
    same = seen is not None and seen.fingerprint == one.fingerprint and seen.status == "failed"
    attempts = (seen.attempts if seen is not None and same else 0) + 1
    base = seen or SyncFile(one.path, one.fingerprint)
    return replace(
        base,
        fingerprint=one.fingerprint,
        status="failed" if error.retryable and attempts < MAX_ATTEMPTS else "dead",
        size_bytes=one.size,
        attempts=attempts,
        not_before=now + FIRST_RETRY_S * 2 ** (attempts - 1),
        error_code=error.code,
        error=str(error)[:1000],
        first_failed_at=(base.first_failed_at if same else None) or stamp,
        last_failed_at=stamp,
        sync_job_id=job_id,
    )


def makes_other_objects(old: SyncRules, new: SyncRules) -> bool:
    """Whether other rules make other objects of files that did not change: all of them are then read again."""
    return (old.mapping, old.blob_property) != (new.mapping, new.blob_property)


def is_due(sync: Sync, now: float) -> bool:
    """Whether a sync should run now: it was asked for, or its next look has come."""
    state = sync.state
    if state.paused or not state.is_active:
        return False
    return state.is_requested or (not state.is_complete and now >= state.next_run_at)


def next_poll_at(sync: Sync, now: float) -> str | None:
    """When the source is looked at next, as an ISO moment; `None` when nobody looks."""
    state = sync.state
    if state.paused or not state.is_active or (state.is_complete and not state.is_requested):
        return None
    at = now if state.is_requested else max(state.next_run_at, now)
    return datetime.fromtimestamp(at, UTC).isoformat()


def after_run(sync: Sync, *, served: int, now: float, stamp: str, error: str | None, more: bool) -> SyncState:
    """The state after a run that began when `served` requests were there.

    A source that keeps failing is asked more and more seldom, then not any more.
    """
    interval = float(sync.rules.polling_interval_seconds)
    newer = sync.state.requests > served
    state = replace(
        sync.state,
        served=served,
        full_requested=newer and sync.state.full_requested,
        allow_deletes=newer and sync.state.allow_deletes,
    )
    if error is None:
        return replace(
            state,
            next_run_at=now if more else now + interval,
            consecutive_failures=0,
            last_error=None,
            last_sync_at=stamp,
            is_complete=sync.rules.mode == "initial_only" and not more,
        )
    failures = state.consecutive_failures + 1
    failed = replace(
        state,
        consecutive_failures=failures,
        last_error=error[:1000],
        next_run_at=now + min(interval * 2 ** min(failures, 10), max(LONGEST_PAUSE_S, interval)),
    )
    if failures >= FAILURES_BEFORE_PAUSE:
        return paused(failed, f"{failures} runs in a row failed: {error}", stamp=stamp)
    return failed


def after_listing(state: SyncState, files: int, took_s: float, *, stamp: str) -> SyncState:
    """The state of a sync whose source was listed in full."""
    return replace(state, files_seen=files, listing_s=took_s, last_polled_at=stamp)


def submitted(state: SyncState, batch_id: str) -> SyncState:
    """The state after a batch was submitted: it is neither filled nor held any more."""
    held = tuple(one for one in state.held_batches if one != batch_id)
    return replace(
        state,
        open_batch="" if state.open_batch == batch_id else state.open_batch,
        held_batches=held,
        held_reason=state.held_reason if held else None,
        batches_created=state.batches_created + 1,
        recent_batches=(*state.recent_batches, batch_id)[-RECENT_BATCHES:],
    )


def held(state: SyncState, batch_id: str, reason: str, *, is_full: bool = True) -> SyncState:
    """The state when a batch may not be submitted: the next run tries again, and until then a batch that is not full
    is filled on."""
    others = tuple(one for one in state.held_batches if one != batch_id)
    keeps_open = state.open_batch == batch_id and not is_full
    return replace(
        state,
        open_batch=state.open_batch if keeps_open or state.open_batch != batch_id else "",
        held_batches=others if keeps_open else (*others, batch_id),
        held_reason=reason,
        last_error=reason,
        settled="",
        is_complete=False,
    )


def still_held(state: SyncState) -> SyncState:
    """The state after a run: as long as a batch is held the sync says why, and is not complete."""
    if not state.is_holding:
        return replace(state, held_reason=None)
    return replace(state, last_error=state.last_error or state.held_reason, is_complete=False)


def after_interruption(state: SyncState, *, stamp: str) -> SyncState:
    """The state of a sync whose last run was killed: one whose runs keep dying is not tried for ever."""
    failures = state.consecutive_failures + 1
    counted = replace(state, consecutive_failures=failures)
    if failures < FAILURES_BEFORE_PAUSE:
        return counted
    return paused(counted, f"{failures} runs in a row failed or were killed.", stamp=stamp)


def paused(state: SyncState, reason: str | None, *, stamp: str) -> SyncState:
    """The state of a sync that does not run until it is resumed."""
    return replace(state, paused=True, pause_reason=reason, paused_at=stamp, served=state.requests)


def resumed(state: SyncState, *, allow_deletes: bool) -> SyncState:
    """The state of a sync that runs again, at once."""
    return replace(
        state,
        paused=False,
        pause_reason=None,
        paused_at=None,
        is_active=True,
        consecutive_failures=0,
        allow_deletes=allow_deletes,
        next_run_at=0.0,
    )
