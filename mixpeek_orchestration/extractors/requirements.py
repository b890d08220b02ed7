"""What a package needs to be installed: Python dependencies and system packages, and which of them are here."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
from collections.abc import Iterable, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.extractor import ExtractorDescription


def read_requirements(declared: Iterable[str]) -> list[Requirement]:
    """The dependencies that apply to this interpreter; raises `InvalidPackage` for one that is not a requirement."""
    found = [_requirement(one) for one in declared]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def missing(requirements: Iterable[Requirement]) -> list[Requirement]:
    """Those that are not installed for this interpreter. Raises `InvalidPackage` for one that is installed in a
    version that it does not accept: both run in one process, so there cannot be two versions."""
    return [one for one in requirements if _installed(one) is None]


def versions(requirements: Iterable[Requirement]) -> dict[str, str]:
    """The installed version of each, by name; raises `InvalidPackage` for one that is missing."""
    found: dict[str, str] = {}
    for requirement in requirements:
        version = _installed(requirement)
        if version is None:
            raise InvalidPackage(
                f"The dependency {str(requirement)!r} is not installed.",
                field="dependencies",
                value=str(requirement),
                fix=f"pip install '{requirement}'",
            )
        found[requirement.name.lower()] = version
    return found


def dependencies_are_as_described(description: ExtractorDescription) -> bool:
    """Whether what the package depends on has the versions that it was described with: they are part of its code."""
    if description.python:
        return True
    try:
        installed = versions(read_requirements(description.dependencies))
    except InvalidPackage:
        return False
    parts = description.code_parts
    return all(parts.get(f"dependency:{name}") == version for name, version in installed.items())


def check_system_packages(declared: Sequence[str]) -> None:
    """Raises `InvalidPackage` naming the command that installs what is not here.

    A name counts as here when Debian's package of that name is installed, or a program of that name is on the path.
    """
    absent = [name for name in declared if not shutil.which(name) and not _is_installed_package(name)]
    if absent:
        raise InvalidPackage(
            f"The system package{'s' if len(absent) > 1 else ''} {', '.join(absent)} "
            f"{'are' if len(absent) > 1 else 'is'} not installed on this machine.",
            field="system_packages",
            value=absent,
            fix=f"Run: apt-get install {' '.join(absent)}; or set container_image to an image that has them.",
        )


def _requirement(declared: str) -> Requirement:
    try:
        requirement = Requirement(declared)
    except InvalidRequirement as error:
        raise InvalidPackage(
            f"{declared!r} is not a requirement.",
            field="dependencies",
            value=declared,
            fix="Write for example pillow>=11.",
        ) from error
    if requirement.url:
        raise InvalidPackage(
            f"The dependency {declared!r} is an address, and only released versions are installed.",
            field="dependencies",
            value=declared,
            fix=f"Write for example {requirement.name}>=1.0.",
        )
    return requirement


def _installed(requirement: Requirement) -> str | None:
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return None
    if not requirement.specifier.contains(version, prereleases=True):
        raise InvalidPackage(
            f"The dependency {str(requirement)!r} is installed as {version}, which is what everything here runs with.",
            field="dependencies",
            value=str(requirement),
            fix=f"Accept {canonicalize_name(requirement.name)}=={version}.",
        )
    return version


def _is_installed_package(name: str) -> bool:
    query = shutil.which("dpkg-query")
    if query is None:
        return False
    asked = subprocess.run(
        [query, "--show", "--showformat", "${db:Status-Abbrev}", "--", name],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.returncode == 0 and asked.stdout.startswith("ii")
