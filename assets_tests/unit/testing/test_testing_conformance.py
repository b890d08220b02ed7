"""The conformance kit against packages that break exactly one property."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixpeek_orchestration.engine.harness import Harness
from mixpeek_orchestration.extractors.testing.conformance import conformance_checks, conformance_items
from mixpeek_orchestration.extractors.testing.generated import default_sample, generated
from mixpeek_orchestration.extractors.testing.properties import PROPERTIES
from mixpeek_orchestration.extractors.testing.report import Check
from mixpeek_orchestration.extractors.testing.samples import Sample

from .conftest import Describe
from .sample_packages import PICTURES, WRONG, step_of, write_package

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


SPLITTING = step_of(
    """
        from .core import vector_of


        class Letters:
            def __call__(self, batch):
                batch["sentence"] = batch["data"].fillna("").str.split(".")
                batch = batch.explode("sentence", ignore_index=True)
                batch = batch[batch["sentence"].str.strip() != ""].copy()
                batch["letters"] = batch["sentence"].str.len()
                batch["letter_vector"] = [vector_of(text).tolist() for text in batch["sentence"]]
                return batch
        """
)


def test_a_package_that_splits_agrees_by_its_parts(
    tmp_path: Path, harness: Harness, describe: Describe
) -> None:
    """Where a row says which part of the text it is, that part is what realtime is asked for."""
    checks = checks_of(harness, describe, write_package(tmp_path, SPLITTING))
    assert broken(checks) == []
    wrong = {**SPLITTING, **WRONG["batch and realtime agree"]}
    checks = checks_of(harness, describe, write_package(tmp_path / "wrong", wrong))
    assert broken(checks) == ["batch and realtime agree"]


def test_pictures_have_the_properties_too(tmp_path: Path, harness: Harness, describe: Describe) -> None:
    """Unreadable and empty files cost their rows only; what cannot be compared is said to be left out."""
    checks = checks_of(harness, describe, write_package(tmp_path, PICTURES))
    assert broken(checks) == []
    assert [check.name for check in checks if "says nothing" in check.message] == [
        "conformance: batch and realtime agree"
    ]


def test_one_bad_picture_may_not_cost_the_others(
    tmp_path: Path, harness: Harness, describe: Describe
) -> None:
    """A step that gives up the batch when one file cannot be read fails the poison row, and the empty one with it."""
    files = {
        **PICTURES,
        "processors/core.py": PICTURES["processors/core.py"].replace("raise error", "return batch.iloc[:0]"),
    }
    checks = checks_of(harness, describe, write_package(tmp_path, files))
    assert broken(checks) == ["poison row", "empty rows"]


def test_a_package_of_several_types_is_given_all_of_them() -> None:
    """Objects of every type of the sample are there, different from each other, the smallest first."""
    sample = Sample("mixed", (*generated("text", 1), *generated("image", 1)))
    items = conformance_items(sample)
    assert {part.blob_type for item in items for part in item.parts} == {"text", "image"}
    sizes = [len(item.parts[0].content) for item in items]
    assert sizes == sorted(sizes)
    assert len(items) == 16


@pytest.mark.slow
def test_the_text_extractor_has_every_property(harness: Harness, describe: Describe) -> None:
    """Our own extractor on its real model passes the whole kit."""
    checks = checks_of(harness, describe, REPOSITORY / "extractor_packages" / "text_extractor")
    assert broken(checks) == []
    assert not [check for check in checks if "says nothing" in check.message]
