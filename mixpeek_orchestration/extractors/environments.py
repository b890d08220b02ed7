"""Python environments for packages whose dependencies are not installed here: one per set of dependencies.

An environment sees everything that this one has, and adds what is missing, from wheels only: nothing of a package or
of its dependencies runs while it is made. What is installed here keeps its version.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from mixpeek_orchestration.core.errors import InvalidPackage, NotReady
from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.extractors.requirements import missing, read_requirements

_READY: Final = "ready"
_VERSION: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
_LAST_LINES: Final = 3


def interpreter_for(dependencies: Sequence[str], cache: Path) -> str:
    """The interpreter that has `dependencies`, made in `cache` if it is not there yet; empty where ours has them.

    Raises `InvalidPackage` for dependencies that cannot be installed beside what runs here.
    """
    wanted = missing(read_requirements(dependencies))
    return str(_environment(wanted, Path(cache).expanduser().resolve() / "environments")) if wanted else ""


def environment_key(requirements: Sequence[Requirement]) -> str:
    """What an environment is known by: its requirements, our Python, and the environment that it adds to."""
    return digest(_VERSION, sys.prefix, *sorted(map(str, requirements)))[:24]


def _environment(requirements: Sequence[Requirement], folder: Path) -> Path:
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True)
    home = folder / environment_key(requirements)
    with FileLock(f"{home}.lock"):
        if not (home / _READY).is_file():
            shutil.rmtree(home, ignore_errors=True)
            _make(home, requirements)
            (home / _READY).write_text("".join(f"{one}\n" for one in requirements))
    return _python(home)


def _make(home: Path, requirements: Sequence[Requirement]) -> None:
    # sys.executable and not the `venv` module: an environment made from a program that embeds Python would start that.
    _run([sys.executable, "-m", "venv", "--without-pip", str(home)])
    packages = home / "lib" / f"python{_VERSION}" / "site-packages"
    (packages / "mixpeek_host.pth").write_text(_visible())
    constraints = home / "constraints.txt"
    constraints.write_text(_installed_here())
    try:
        _install(_python(home), constraints, requirements)
    except InvalidPackage:
        shutil.rmtree(home, ignore_errors=True)
        raise


def _visible() -> str:
    """Makes our packages visible, and whatever their own `.pth` files add (editable installations)."""
    folders = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *_inherited()])
    return "".join(f"import site; site.addsitedir({folder!r})\n" for folder in folders)


def _inherited() -> list[str]:
    return [folder for folder in site.getsitepackages() if Path(folder).is_dir()]


def _installed_here() -> str:
    found = {one.name: one.version for one in importlib.metadata.distributions() if one.name}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def _install(python: Path, constraints: Path, requirements: Sequence[Requirement]) -> None:
    options = ["--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", *options]
    done = _run([*command, "-c", str(constraints), *map(str, requirements)], check=False)
    if done.returncode:
        raise InvalidPackage(
            f"The dependencies cannot be installed beside what runs here: {_last_words(done.stderr)}",
            field="dependencies",
            value=[str(one) for one in requirements],
            fix="Try it with pip install --only-binary=:all: and the same requirements; or set container_image.",
        )


def _run(command: Sequence[str], *, check: bool = True) -> subprocess.CompletedProcess[str]:
    # Without PYTHONPATH: what it adds is neither part of the environment nor of its key.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if check and done.returncode:
        raise NotReady(f"An environment could not be made: {_last_words(done.stderr)}", value=command[-1])
    return done


def _last_words(stderr: str) -> str:
    return " ".join(line.strip() for line in stderr.strip().splitlines()[-_LAST_LINES:])


def _python(home: Path) -> Path:
    return home / "bin" / "python"
