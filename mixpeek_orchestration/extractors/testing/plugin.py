"""A pytest plugin for the tests of a package: `pytest -p mixpeek_orchestration.extractors.testing.plugin`.

`mixpeek plugin test` runs a package's tests with it. In them, `from my_extractor.processors.core import …` and
`from engine… import …` work, and `from mixpeek_orchestration.extractors.testing import test_conformance` is all that it
takes to test every property of the conformance kit.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.extractors.package_source import MANIFEST, PIPELINE, PackageSource, read_package
from mixpeek_orchestration.extractors.testing.import_names import make_importable

SOURCE = pytest.StashKey[PackageSource]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the package is, when it is not the folder that the tests are in."""
    parser.addoption(
        "--mixpeek-package", type=Path, default=None, help="The folder of the extractor package under test."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Makes the package and the documented roots importable."""
    folder = config.getoption("--mixpeek-package") or _package_around(config.rootpath)
    if folder is None:
        return
    config.stash[SOURCE] = read_package(folder)
    make_importable(config.stash[SOURCE])


def _package_around(start: Path) -> Path | None:
    around = (start, *start.parents)
    return next((one for one in around if (one / MANIFEST).is_file() and (one / PIPELINE).is_file()), None)


@pytest.fixture(scope="session")
def extractor(request: pytest.FixtureRequest) -> ExtractorDescription:
    """The package under test, described with its default parameters."""
    from mixpeek_orchestration.extractors.description import describe_package

    if SOURCE not in request.config.stash:
        raise pytest.UsageError("No package was found: give --mixpeek-package=FOLDER.")
    return describe_package(request.config.stash[SOURCE], {})
