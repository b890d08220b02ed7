"""The conformance kit against packages that break exactly one property."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixpeek_orchestration.engine.harness import Harness
from mixpeek_orchestration.extractors.testing.conformance import conformance_checks
from mixpeek_orchestration.extractors.testing.generated import default_sample
from mixpeek_orchestration.extractors.testing.properties import PROPERTIES
from mixpeek_orchestration.extractors.testing.report import Check

from .conftest import Describe
from .sample_packages import WRONG, write_package

REPOSITORY = Path(__file__).parents[3]


def checks_of(harness: Harness, describe: Describe, package: Path) -> list[Check]:
    description = describe(package)
    checks: list[Check] = []
    with harness.bench(description) as bench:
        cost = conformance_checks(bench, default_sample(description), found=checks.append)
    assert cost["objects"] >= 3
    assert cost["ms_per_object"] > 0
    assert cost["peak_rss_mb"] > 0
    return checks


def broken(checks: list[Check]) -> list[str]:
    return [check.name.removeprefix("conformance: ") for check in checks if not check.ok]


def test_every_property_has_a_package_that_breaks_it() -> None:
    """The table of properties and the wrong packages have the same names, and rule ids are unique."""
    assert [one.name for one in PROPERTIES] == list(WRONG)
    assert len({one.rule for one in PROPERTIES}) == len(PROPERTIES)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_package_breaks_exactly_one_property(
    name: str, tmp_path: Path, harness: Harness, describe: Describe
) -> None:
    """Each wrong package fails the property that it was written against and passes all others."""
    checks = checks_of(harness, describe, write_package(tmp_path, WRONG[name]))
    assert broken(checks) == [name], [f.line_of_text for check in checks for f in check.findings]
    findings = next(check.findings for check in checks if not check.ok)
    rule = next(one for one in PROPERTIES if one.name == name)
    assert {(finding.rule, finding.fix) for finding in findings} == {(rule.rule, rule.fix)}


def test_a_correct_package_has_every_property(tmp_path: Path, harness: Harness, describe: Describe) -> None:
    """The package that the wrong ones are made of passes the whole kit, none of it left out."""
    checks = checks_of(harness, describe, write_package(tmp_path))
    assert broken(checks) == []
    assert not [check for check in checks if "says nothing" in check.message]


@pytest.mark.slow
def test_the_text_extractor_has_every_property(harness: Harness, describe: Describe) -> None:
    """Our own extractor on its real model passes the whole kit."""
    checks = checks_of(harness, describe, REPOSITORY / "extractor_packages" / "text_extractor")
    assert broken(checks) == []
    assert not [check for check in checks if "says nothing" in check.message]
