"""A warehouse of real parts for each test."""

from assets_tests.unit.erasure.conftest import home, lab, place

__all__ = ["home", "lab", "place"]
