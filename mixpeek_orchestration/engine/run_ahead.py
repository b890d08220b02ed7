"""How far extraction may run ahead of the commits: what is extracted but not committed is lost when the driver dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

# Ray's documented way of bounding memory counts bytes only; its list of policies is the hook for anything else.
from ray.data._internal.execution.backpressure_policy import (
    ENABLED_BACKPRESSURE_POLICIES,
    ENABLED_BACKPRESSURE_POLICIES_CONFIG_KEY,
)
from ray.data._internal.execution.backpressure_policy.backpressure_policy import BackpressurePolicy

if TYPE_CHECKING:
    from ray.data import DataContext
    from ray.data._internal.execution.interfaces.physical_operator import PhysicalOperator

_MAX_WAITING = 2


class CommitPace(BackpressurePolicy):  # type: ignore[misc]  # Ray is untyped
    """No new chunk starts while finished ones wait for the caller to take them."""

    def can_add_input(self, op: PhysicalOperator) -> bool:
        """Whether fewer than two finished chunks wait behind any of the operators."""
        return all(
            len(state.output_queue) < _MAX_WAITING
            for other, state in self._topology.items()
            if other.input_dependencies
        )


def pace_by_commits(context: DataContext) -> None:
    """Executions with this context start no new chunk while finished ones wait."""
    context.set_config(ENABLED_BACKPRESSURE_POLICIES_CONFIG_KEY, [*ENABLED_BACKPRESSURE_POLICIES, CommitPace])
