"""Lint: reads a package's source and says what would fail, silently or not. Nothing of the package is run."""

from mixpeek_orchestration.extractors.lint.linting import lint, lint_files
from mixpeek_orchestration.extractors.lint.security import scan_directory
from mixpeek_orchestration.extractors.lint.table import RULES

__all__ = ["RULES", "lint", "lint_files", "scan_directory"]
