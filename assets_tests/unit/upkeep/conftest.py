"""A warehouse of real parts for each test."""

from assets_tests.unit.erasure.conftest import home, lab

__all__ = ["home", "lab"]
