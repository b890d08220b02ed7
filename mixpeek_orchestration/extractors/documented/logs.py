"""Behind `shared.loggers.services`."""

from __future__ import annotations

import logging

__all__ = ["get_logger"]


def get_logger(name: str = "extractor", **_options: object) -> logging.Logger:
    """A standard logger below `mixpeek.extractors`."""
    return logging.getLogger(f"mixpeek.extractors.{name}")
