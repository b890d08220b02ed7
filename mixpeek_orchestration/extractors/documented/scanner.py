"""Behind `api.namespaces.plugins.security.scanner`: the security half of lint, in the form that older tools call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["PluginSecurityScanner"]


class PluginSecurityScanner:
    """Scans the source of a package; nothing of it runs. In `strict_mode` warnings fail it too."""

    def __init__(self, strict_mode: bool = True) -> None:
        self.strict_mode = strict_mode

    def scan_directory(self, directory: str | Path) -> Any:
        """What the security rules found, and whether the package passes."""
        from mixpeek_orchestration.extractors.lint.security import scan_directory

        return scan_directory(directory, strict_mode=self.strict_mode)
