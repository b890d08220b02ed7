"""How a resource becomes an asset: one place that names, tags and wires all four kinds."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import dagster as dg

from mixpeek_orchestration.core.errors import ClusterLost, MixpeekError
from mixpeek_orchestration.core.identity import resource_slug
from mixpeek_orchestration.defs import naming, run_tags

EXIT_FOR_A_NEW_PROCESS: Final = 75  # EX_TEMPFAIL of sysexits.h
RETRIES: Final = dg.RetryPolicy(max_retries=2, delay=3, backoff=dg.Backoff.EXPONENTIAL)
"""For what may pass by itself (a store that is away); errors that only a person can fix are not retried."""


def lineage_asset(
    resource: naming.Resource,
    *,
    upstream: Sequence[naming.Resource],
    description: str,
    kinds: set[str],
    metadata: dict[str, Any],
    partitions: dg.PartitionsDefinition[str] | None = None,
    code_version: str | None = None,
    retries: dg.RetryPolicy | None = RETRIES,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """The decorator that makes the asset of a resource from its body.

    Ops, inputs and outputs get names of their own: Dagster derives them from the key otherwise, and keys hold what
    people typed.
    """
    spec = dg.AssetSpec(
        naming.asset_key(resource),
        description=description,
        group_name=naming.group_name(resource),
        owners=naming.owners(resource),
        tags=naming.tags(resource),
        kinds=kinds,
        metadata=metadata,
        code_version=code_version,
    )
    return dg.multi_asset(
        name=naming.op_name(resource),
        outs={"result": dg.AssetOut.from_spec(spec, dagster_type=dg.Nothing)},
        ins={_input_name(source): _input(source) for source in upstream},
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
        retry_policy=retries,
        pool=naming.pool(resource),
    )


@contextlib.contextmanager
def no_retry_in_vain() -> Iterator[None]:
    """Errors that asking again cannot mend end the run at once, with what was wrong and how to fix it.

    One that a new process can mend ends this process: Dagster starts a run again whose process has died.
    """
    try:
        yield
    except ClusterLost as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(EXIT_FOR_A_NEW_PROCESS)  # in order, Ray would wait for what is gone
    except MixpeekError as error:
        if error.retryable:
            raise
        raise dg.Failure(str(error), metadata={"code": error.code}, allow_retries=False) from error


def tag_run(context: dg.AssetExecutionContext, resource: naming.Resource) -> None:
    """The run can be found by namespace, batch and what it materializes, also when it was started by hand."""
    wanted = naming.run_tags_of(resource)
    if context.has_partition_key:
        wanted[run_tags.BATCH] = context.partition_key
    lacking = run_tags.missing(context.run.tags, wanted)
    if lacking:
        context.instance.add_run_tags(context.run_id, lacking)


def _input_name(source: naming.Resource) -> str:
    return f"from_{resource_slug(naming.identifier(source))}"


def _input(source: naming.Resource) -> dg.AssetIn:
    return dg.AssetIn(key=naming.asset_key(source), dagster_type=dg.Nothing)
