"""Environments for packages whose dependencies are not installed here, made from wheels in a folder: no network."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.extractors.environments import environment_key, interpreter_for
from mixpeek_orchestration.extractors.requirements import check_system_packages, missing, read_requirements

from .sample_styles import described, extracted, rows_of

NAME = "mixpeek_sample_dependency"


def write_wheel(folder: Path, version: str, *, needs: str = "") -> None:
    """A wheel of one module that says its version."""
    info = f"{NAME}-{version}.dist-info"
    needed = f"Requires-Dist: {needs}\n" if needs else ""
    files = {
        f"{NAME}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n{needed}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{NAME}-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where pip finds anything."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def said_by(python: str, code: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


def test_what_is_installed_needs_no_environment(tmp_path: Path) -> None:
    """Dependencies that are here run here, and nothing is made for them."""
    assert interpreter_for(["pydantic>=2", "numpy", "nothing; python_version < '3'"], tmp_path) == ""
    assert not list(tmp_path.iterdir())


def test_an_environment_has_what_is_missing_and_everything_that_is_here(wheels: Path, tmp_path: Path) -> None:
    """The dependency is installed beside ours, in the version asked for; ours keep theirs and are importable,
    editable installations too. It is made once, however many ask at the same time."""
    write_wheel(wheels, "1.2.0")
    write_wheel(wheels, "2.0.0")
    asked = [f"{NAME}<2", "pydantic>=2"]
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(interpreter_for(asked, tmp_path))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1] != ""
    code = f"import {NAME} as d, pydantic, mixpeek_orchestration as m; print(d.VERSION, pydantic.VERSION, m.__file__)"
    import pydantic

    import mixpeek_orchestration

    assert said_by(found[0], code) == f"1.2.0 {pydantic.VERSION} {mixpeek_orchestration.__file__}"
    ready = next(tmp_path.glob("environments/*/ready"))
    before = ready.stat().st_mtime_ns
    assert interpreter_for(asked, tmp_path) == found[0]
    assert ready.stat().st_mtime_ns == before


def test_an_environment_that_was_not_finished_is_made_again(wheels: Path, tmp_path: Path) -> None:
    """What a killed process left behind is not used."""
    write_wheel(wheels, "1.0.0")
    requirements = missing(read_requirements([NAME]))
    half = tmp_path / "environments" / environment_key(requirements)
    (half / "bin").mkdir(parents=True)
    (half / "bin" / "python").write_text("not a program")
    python = interpreter_for([NAME], tmp_path)
    assert said_by(python, f"import {NAME}; print({NAME}.VERSION)") == "1.0.0"


@pytest.mark.parametrize("needs", ["pydantic<1", "a-distribution-that-is-nowhere"])
def test_what_cannot_be_installed_beside_ours_is_refused(wheels: Path, tmp_path: Path, needs: str) -> None:
    """A dependency that would replace something that runs here, or that is nowhere, is an error of the package."""
    write_wheel(wheels, "1.0.0", needs=needs)
    with pytest.raises(InvalidPackage) as refused:
        interpreter_for([NAME], tmp_path)
    assert refused.value.field == "dependencies"
    assert not list(tmp_path.glob("environments/*/ready"))


def test_source_distributions_are_never_built(wheels: Path, tmp_path: Path) -> None:
    """Only wheels are installed: building a source distribution would run its code outside of any jail."""
    (wheels / f"{NAME}-9.0.0.tar.gz").write_bytes(b"would run setup.py")
    with pytest.raises(InvalidPackage):
        interpreter_for([NAME], tmp_path)


def test_system_packages_that_are_programs_or_packages_pass() -> None:
    """A program on the path counts, so that other systems than Debian can say yes."""
    check_system_packages([Path(sys.executable).name if "/usr" in sys.executable else "sh"])
    with pytest.raises(InvalidPackage, match="are not installed") as refused:
        check_system_packages(["sh", "no-such-package-1", "no-such-package-2"])
    assert refused.value.value == ["no-such-package-1", "no-such-package-2"]


MANIFEST = f"""
feature_extractor_name = "needy"
version = "v1"
dependencies = ["{NAME}>=1"]
output_schema = {{"said": "str"}}
"""
PIPELINE = f"""
import {NAME}

def say(batch):
    return batch.assign(said={NAME}.VERSION)

def build_steps(extractor_request):
    return [say]
"""


@pytest.mark.slow
def test_a_package_with_a_missing_dependency_is_described_and_run_in_its_environment(
    wheels: Path, tmp_path: Path
) -> None:
    """What this interpreter cannot import, the environment's can: in the description, with the version in `code_fp`,
    and in a run."""
    write_wheel(wheels, "1.5.0")
    folder = tmp_path / "needy"
    folder.mkdir()
    (folder / "manifest.py").write_text(MANIFEST)
    (folder / "pipeline.py").write_text(PIPELINE)
    description = described(folder, tmp_path / "cache")
    assert description.python
    assert description.code_parts[f"dependency:{NAME}"] == "1.5.0"
    assert rows_of(extracted(description)).column("said").to_pylist() == ["1.5.0", "1.5.0"]
