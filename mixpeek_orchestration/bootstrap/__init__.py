"""The only place that picks concrete stores, runners and encoders.

Workers import it too, to open a platform, so it imports nothing before it is needed.
"""

from mixpeek_orchestration.bootstrap.home import DEFAULT_NAMESPACE, prepare_home
from mixpeek_orchestration.bootstrap.opening import open_place, open_scratch, open_warehouse
from mixpeek_orchestration.bootstrap.platforms import kept_answers, open_platform, platform_reference
from mixpeek_orchestration.bootstrap.rehearsals import open_harness, open_rehearsal

__all__ = [
    "DEFAULT_NAMESPACE",
    "kept_answers",
    "open_harness",
    "open_place",
    "open_platform",
    "open_rehearsal",
    "open_scratch",
    "open_warehouse",
    "platform_reference",
    "prepare_home",
]
