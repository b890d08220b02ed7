"""A pytest plugin for the tests of a package: `pytest -p mixpeek_orchestration.extractors.testing.plugin`.

`mixpeek plugin test` runs a package's tests with it. In them, `from my_extractor.processors.core import …` and
`from engine… import …` work, and `from mixpeek_orchestration.extractors.testing import test_conformance` is all that it
takes to test every property of the conformance kit.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mixpeek_orchestration.extractors.package_source import MANIFEST, PIPELINE, PackageSource, read_package
from mixpeek_orchestration.extractors.testing.import_names import make_importable

SOURCE = pytest.StashKey[PackageSource]()

# By name, because what picks concrete runners and stores is above this package.
pytest_plugins = ("mixpeek_orchestration.cli.plugin.conformance_fixtures",)


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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per property where a test asks for `conformance_property`."""
    if "conformance_property" in metafunc.fixturenames:
        from mixpeek_orchestration.extractors.testing.properties import PROPERTIES

        metafunc.parametrize("conformance_property", PROPERTIES, ids=[one.name for one in PROPERTIES])


def _package_around(start: Path) -> Path | None:
    around = (start, *start.parents)
    return next((one for one in around if (one / MANIFEST).is_file() and (one / PIPELINE).is_file()), None)
