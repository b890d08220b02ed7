"""What could not be defined: left out, and shown as a failed check instead of taking the rest down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import dagster as dg

from mixpeek_orchestration.core.identity import digest, resource_slug

CHECK: Final = "definition_can_be_built"
GROUP: Final = "broken"


@dataclass(frozen=True)
class Broken:
    """A resource without its definition, and why."""

    kind: str
    identifier: str
    name: str
    reason: str

    @property
    def key(self) -> dg.AssetKey:
        """Of ids only: the name may be what is wrong."""
        slug = resource_slug(self.identifier)[:80] or "unnamed"
        return dg.AssetKey([GROUP, self.kind, f"{slug}_{digest(self.kind, self.identifier)[:6]}"])

    @property
    def metadata(self) -> dict[str, str]:
        return {"resource": self.identifier, "name": self.name, "reason": self.reason}


def stand_in(broken: Broken) -> dg.AssetSpec:
    """An asset that cannot be materialized, where the resource's own would have been."""
    return dg.AssetSpec(
        broken.key,
        description=f"{broken.name} ({broken.identifier}) is not defined: {broken.reason}",
        group_name=GROUP,
        metadata=broken.metadata,
    )


def stand_in_check(broken: Broken) -> dg.AssetChecksDefinition:
    """The check that fails as long as the definition cannot be built."""

    @dg.asset_check(
        asset=broken.key, name=CHECK, description="The resource can be shown as an asset of its own."
    )
    def definition_can_be_built() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description=broken.reason, metadata=broken.metadata)

    return definition_can_be_built


def broken_sensor(broken: Sequence[Broken], content_hash: str) -> dg.SensorDefinition:
    """Reports each failed check once per snapshot, so that it shows without anyone running it."""

    @dg.sensor(
        name="broken_definitions",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Shows what could not be defined as failed checks.",
    )
    def broken_definitions(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if context.cursor == content_hash:
            return dg.SkipReason(f"{len(broken)} broken definitions are already shown.")
        return dg.SensorResult(asset_events=[_evaluation(one) for one in broken], cursor=content_hash)

    return broken_definitions


def _evaluation(broken: Broken) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=broken.key,
        check_name=CHECK,
        passed=False,
        description=broken.reason,
        metadata=broken.metadata,
    )
