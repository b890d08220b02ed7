"""Testing packages. An author's tests need one line: `from mixpeek_orchestration.extractors.testing import test_conformance`."""

from mixpeek_orchestration.extractors.testing.author import test_conformance

__all__ = ["test_conformance"]
