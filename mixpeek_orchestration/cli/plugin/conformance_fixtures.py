"""The fixtures of the conformance kit in an author's pytest; loaded by the plugin in `extractors/testing`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.extractors.testing.lab import Lab
from mixpeek_orchestration.extractors.testing.plugin import SOURCE


@pytest.fixture(scope="session")
def extractor(request: pytest.FixtureRequest) -> ExtractorDescription:
    """The package under test, described with its default parameters."""
    from mixpeek_orchestration.extractors.description import describe_package
    from mixpeek_orchestration.extractors.model_files import use_model_cache
    from mixpeek_orchestration.settings import Settings

    if SOURCE not in request.config.stash:
        raise pytest.UsageError("No package was found: give --mixpeek-package=FOLDER.")
    cache = Settings().root / "extractors"
    use_model_cache(cache)
    return describe_package(request.config.stash[SOURCE], {}, model_cache=cache)


@pytest.fixture(scope="session")
def conformance_sample() -> Sequence[Mapping[str, Any]]:
    """The objects that the package is judged with; generated ones where there are none. Override it to give your own,
    as the rows of a sample file."""
    return ()


@pytest.fixture(scope="session")
def conformance_lab(
    extractor: ExtractorDescription,
    conformance_sample: Sequence[Mapping[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Lab]:
    """What the properties of the package under test are judged in."""
    from mixpeek_orchestration.bootstrap import open_harness
    from mixpeek_orchestration.extractors.testing.conformance import conformance_items
    from mixpeek_orchestration.extractors.testing.generated import default_sample
    from mixpeek_orchestration.extractors.testing.samples import sample_of

    given = list(conformance_sample)
    sample = sample_of(given, extractor, origin="conformance_sample") if given else default_sample(extractor)
    harness = open_harness(tmp_path_factory.mktemp("conformance"))
    with harness.bench(extractor) as bench:
        yield Lab(bench, conformance_items(sample))
