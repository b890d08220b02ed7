"""What a step may ask the platform for while its package is tested, without a server."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from mixpeek_orchestration.bootstrap import open_rehearsal
from mixpeek_orchestration.core.errors import InvalidPackage, NotFound
from mixpeek_orchestration.core.ports.platform import LLMRequest, Platform
from mixpeek_orchestration.engine.harness import Harness
from mixpeek_orchestration.extractors.testing.samples import sample_of

from .conftest import Describe
from .sample_packages import PIPELINE, write_package

CORE = """
    import asyncio
    import tempfile
    from pathlib import Path

    from shared.extractors.sdk import upload_asset


    class Letters:
        def __init__(self, config, **kwargs):
            self.secrets = config["secrets"]

        def __call__(self, batch):
            key = asyncio.run(self.secrets.get("LETTERS_KEY"))
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "letters.txt"
                file.write_text("kept")
                batch["letters"] = [len(key)] * len(batch)
                batch["kept"] = upload_asset(str(file), "ns", "int", "res")
            batch["letter_vector"] = [[1.0, 2.0, 3.0, 4.0]] * len(batch)
            return batch
"""
FILES = {
    "pipeline.py": PIPELINE.replace("config={}", 'config={"secrets": container.secrets}'),
    "processors/core.py": CORE,
}


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return open_rehearsal({"root": str(tmp_path)})


def test_steps_get_secrets_and_keep_files(
    tmp_path: Path, harness: Harness, describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret is the environment variable of its name, and an uploaded file has an address in the store of the test."""
    monkeypatch.setenv("LETTERS_KEY", "sesame")
    description = describe(write_package(tmp_path, FILES))
    check, _ = harness.run_here(description, sample_of([{"text": "rain"}], description, origin="test"))
    assert check.ok, check.findings
    assert [finding.rule for finding in check.findings] == ["TEST028"]


def test_a_secret_that_is_not_set_is_named(tmp_path: Path, harness: Harness, describe: Describe) -> None:
    """The finding says how to give it to a test."""
    description = describe(write_package(tmp_path, FILES))
    check, _ = harness.run_here(description, sample_of([{"text": "rain"}], description, origin="test"))
    assert not check.ok
    assert "export LETTERS_KEY=" in check.findings[0].message


def test_what_was_handed_out_is_known(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values in use are told, so that the engine can keep them out of rows; a pickled platform opens itself again."""
    monkeypatch.setenv("A_KEY", "value-of-a-key")
    assert platform.secret("A_KEY") == "value-of-a-key"
    assert (platform.secret_names(), platform.secrets_in_use()) == (["A_KEY"], ("value-of-a-key",))
    assert pickle.loads(pickle.dumps(platform)).secret("A_KEY") == "value-of-a-key"


def test_a_provider_without_key_is_refused(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent anywhere without a key."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InvalidPackage, match="no key for openai"):
        platform.generate(LLMRequest("Say yes", provider="openai"))


def test_own_models_are_not_here(platform: Platform) -> None:
    """A test has no namespace; the fix says where such a package is tested."""
    assert platform.model_digest("mine") == ""
    with pytest.raises(NotFound, match="own model 'mine'"):
        platform.model_files("mine")
