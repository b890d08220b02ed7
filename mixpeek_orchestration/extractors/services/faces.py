"""The face services: documented, and not available yet. A package that names one is told so when it is described."""

from __future__ import annotations

from typing import Any, Never

from mixpeek_orchestration.core.errors import Unsupported
from mixpeek_orchestration.extractors.services.service import BuiltInService


class _ComesLater(BuiltInService):
    def __init__(self, config: Any = None, **_options: Any) -> None:
        self.models(config)

    @classmethod
    def models(cls, config: Any = None) -> Never:
        del config
        raise Unsupported(
            f"The built-in service {cls.__name__} is documented, but not available in this version yet.",
            field=f"steps.{cls.__name__}",
            value=cls.__name__,
            fix="Leave the step out, or load a face model of your own in a BatchProcessor.",
        )


class FaceDetectionBatch(_ComesLater):
    """Finds faces. Not available yet."""


class FaceAlignmentBatch(_ComesLater):
    """Turns and cuts faces. Not available yet."""


class FaceEmbeddingBatch(_ComesLater):
    """Embeds faces. Not available yet."""
