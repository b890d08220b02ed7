"""The registry: what there is, in which versions, and what is said about what there is not."""

from __future__ import annotations

import pickle

import pytest

from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage
from mixpeek_orchestration.extractors.registry import PackageRegistry

from .conftest import MANIFEST


def _version(version):
    return {"manifest.py": MANIFEST.replace('"1.0.0"', f'"{version}"')}


def test_names_and_newest(package, registry):
    """Without a version the newest answers; numbers are compared as numbers."""
    package(_version("v2"), name="two")
    package(_version("10.0.0"), name="ten")
    assert registry.names() == [("my_extractor", "10.0.0"), ("my_extractor", "v2")]
    assert registry.describe("my_extractor").version == "10.0.0"


@pytest.mark.parametrize("asked", ["v1", "1", "1.0.0", "1.0"])
def test_spellings_of_a_version_are_one_version(package, registry, asked):
    """The answer has the spelling that the package was made with."""
    package(_version("v1"))
    assert registry.describe("my_extractor", asked).version == "v1"


@pytest.mark.parametrize(
    ("name", "version", "parameters", "field", "there"),
    [
        ("other", None, {}, "feature_extractor_name", "my_extractor 1.0.0"),
        ("my_extractor", "v3", {}, "version", "1.0.0"),
        ("my_extractor", "newest", {}, "version", "v1"),
        ("my_extractor", None, {"size": 1}, "parameters.size", "model_size, limit"),
        ("my_extractor", None, {"limit": "many"}, "parameters.limit", "limit"),
        ("my_extractor", None, {"limit": 0}, "parameters.limit", '"minimum":1'),
    ],
)
def test_what_is_not_there_is_told_with_what_is(package, registry, name, version, parameters, field, there):
    """Unknown extractors, versions and parameters are refused, listing what exists."""
    package()
    with pytest.raises(InvalidInput) as caught:
        registry.describe(name, version, parameters)
    assert caught.value.field == field
    assert there in caught.value.fix
    assert pickle.loads(pickle.dumps(caught.value)).details() == caught.value.details()


def test_a_broken_package_hides_no_other(package, registry):
    """The others are still named; the broken one says what is wrong when asked for."""
    package()
    package({"manifest.py": "1 / 0"}, name="broken")
    assert registry.names() == [("my_extractor", "1.0.0")]
    assert [type(error) for error in registry.problems().values()] == [InvalidPackage]
    with pytest.raises(InvalidPackage, match="ZeroDivisionError"):
        registry.describe("broken")


def test_two_folders_with_one_version_are_refused(package, registry):
    """Nothing chooses silently between two packages of the same name and version."""
    package(name="one")
    package(name="two")
    with pytest.raises(InvalidPackage, match="Two folders"):
        registry.describe("my_extractor", "v1")


def test_a_folder_may_be_the_package_itself(package, tmp_path):
    """The path of one package is a folder of packages with one in it."""
    found = PackageRegistry([package()], tmp_path / "models")
    assert found.names() == [("my_extractor", "1.0.0")]


def test_descriptions_are_kept_until_something_changes(package, registry):
    """The same object answers until a file or a parameter differs, and it travels."""
    package()
    first = registry.describe("my_extractor")
    assert registry.describe("my_extractor") is first
    assert registry.describe("my_extractor", None, {"limit": 3}) is not first
    package({"processors/letters.py": "def count(text):\n    return 0\n"})
    assert registry.describe("my_extractor").code_fp != first.code_fp
    assert pickle.loads(pickle.dumps(first)) == first


def test_described_parameters_describe_the_same(package, registry):
    """A description's own parameters, given back, give the same `code_fp`."""
    package()
    first = registry.describe("my_extractor", None, {"limit": 3})
    assert registry.describe("my_extractor", None, first.parameters).code_fp == first.code_fp
