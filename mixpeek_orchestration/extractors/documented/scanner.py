"""Behind `api.namespaces.plugins.security.scanner`: the security half of our lint, in the form of older tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["PluginSecurityScanner"]


class PluginSecurityScanner:
    """Scans the source of a package. In `strict_mode` warnings count as errors."""

    def __init__(self, strict_mode: bool = True) -> None:
        self.strict_mode = strict_mode

    def scan_directory(self, directory: str | Path) -> Any:
        """The findings of the security rules, and whether the package passes."""
        raise NotImplementedError
