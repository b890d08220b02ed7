"""Secrets at rest, and out of everything that a step gives."""

from __future__ import annotations

import logging
import os
import stat
import threading
from pathlib import Path

import pandas as pd
import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_orchestration.core.errors import (
    Broken,
    InvalidInput,
    InvalidOutput,
    ItemFailure,
    NameConflict,
    NotFound,
)
from mixpeek_orchestration.extractors.guarded import guarded_answer, guarded_processor
from mixpeek_orchestration.extractors.secrecy import MASK, leaked, scrub_error, scrubbed
from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
from mixpeek_orchestration.warehouse.platform import NamespacePlatform
from mixpeek_orchestration.warehouse.secret_keys import cipher
from mixpeek_orchestration.warehouse.secrets import Secrets

SECRET = "hunter2 & more/än"


def test_the_catalog_never_sees_a_value() -> None:
    """What is stored is a ciphertext; the value comes back."""
    catalog, key = MemoryCatalog(), Fernet.generate_key().decode()
    secrets = Secrets(catalog.secrets, cipher(key, Path("unused")))
    secrets.create("KEY", SECRET)
    stored = catalog.secrets.get("KEY")
    assert stored is not None
    assert "hunter2" not in str(stored)
    assert secrets.value("KEY") == SECRET


def test_the_key_file_is_private_and_made_once(tmp_path: Path) -> None:
    """It has mode 0600; processes that start together use one key."""
    file = tmp_path / "home" / "secret.key"
    opened = [cipher("", file) for _ in range(8)]
    tokens: list[bytes] = []
    threads = [threading.Thread(target=lambda one=one: tokens.append(one().encrypt(b"x"))) for one in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == len(opened)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert {cipher("", file)().decrypt(token) for token in tokens} == {b"x"}


def test_keys_rotate(tmp_path: Path) -> None:
    """With a new key before the old one everything is readable; after a rotation the old key is not needed."""
    catalog = MemoryCatalog()
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    Secrets(catalog.secrets, cipher(old, tmp_path)).create("KEY", SECRET)
    both = Secrets(catalog.secrets, cipher(f"{new},{old}", tmp_path))
    assert both.value("KEY") == SECRET
    assert both.rotate() == 1
    assert Secrets(catalog.secrets, cipher(new, tmp_path)).value("KEY") == SECRET
    with pytest.raises(Broken, match="key that is not here"):
        Secrets(catalog.secrets, cipher(old, tmp_path)).value("KEY")


def test_a_key_that_is_none_is_refused(tmp_path: Path) -> None:
    """The error says how to make one, and does not repeat what was given."""
    secrets = Secrets(MemoryCatalog().secrets, cipher("not-a-key", tmp_path))
    with pytest.raises(InvalidInput, match="MIXPEEK_SECRET_KEY") as refused:
        secrets.create("KEY", SECRET)
    assert "not-a-key" not in str(refused.value)


def test_the_life_of_a_secret(secrets: Secrets) -> None:
    """Created once, updated, listed, deleted; what is not there says so."""
    secrets.create("KEY", "one!")
    with pytest.raises(NameConflict):
        secrets.create("KEY", "two!")
    secrets.update("KEY", "two!")
    assert (secrets.names(), secrets.value("KEY"), secrets.find("OTHER")) == (["KEY"], "two!", None)
    secrets.delete("KEY")
    for gone in (secrets.value, secrets.delete, lambda name: secrets.update(name, "x")):
        with pytest.raises(NotFound, match="KEY"):
            gone("KEY")
    with pytest.raises(InvalidInput):
        secrets.set(" ", "x")


@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        f"Bearer {SECRET}!",
        SECRET.encode(),
        {"deep": [{"er": SECRET}]},
        {SECRET: 1},
        ("a", SECRET),
        "https://x/?key=hunter2%20%26%20more%2F%C3%A4n",
        "aHVudGVyMiAmIG1vcmUvw6Ru",
    ],
)
def test_a_value_that_contains_a_secret_is_found(value: object) -> None:
    """At any depth, in text or bytes, as it is, quoted for a URL or in base64."""
    assert leaked(["fine", value, None, 1.5], [SECRET]) == [1]


@given(st.text(), st.text(min_size=4))
def test_scrubbed_text_contains_no_secret(text: str, secret: str) -> None:
    """Whatever the text, what is left of it does not contain the secret, unless the mask itself does."""
    clean = scrubbed(f"{text}{secret}{text}", [secret])
    assert secret not in clean.replace(MASK, "") or secret in text.replace(secret, "") + MASK * 2


def test_ordinary_values_are_no_leak() -> None:
    """Without secrets, and for secrets too short to mean anything, nothing is found."""
    assert leaked(["abc", b"abc", {"a": ["abc"]}], []) == []
    assert leaked(["abc"], ["abc"]) == []


def test_a_row_with_a_secret_fails_and_names_its_column(platform: NamespacePlatform) -> None:
    """Of a step that has asked for a secret, output that contains it is refused; the error does not repeat it."""

    def step(batch: pd.DataFrame) -> pd.DataFrame:
        from mixpeek_orchestration.extractors.container import current_platform

        key = current_platform().secret("OPENAI_API_KEY")
        return batch.assign(
            score=1.0, note=[f"asked with {key}" if text == "bad" else text for text in batch["data"]]
        )

    run = guarded_processor(step, platform, name="Step 'asking'")
    assert run(pd.DataFrame({"data": ["good"]}))["note"].tolist() == ["good"]
    with pytest.raises(InvalidOutput, match="Step 'asking' returned a value") as refused:
        run(pd.DataFrame({"data": ["good", "bad"]}))
    assert refused.value.field == "note"
    assert "sk-openai" not in f"{refused.value} {refused.value.details()}"


def test_a_secret_that_was_not_asked_for_is_not_compared(platform: NamespacePlatform) -> None:
    """A document may happen to contain the value of a secret that its step knows nothing of."""
    run = guarded_processor(lambda batch: batch, platform)
    assert len(run(pd.DataFrame({"data": ["sk-openai"]}))) == 1


def test_errors_leave_a_step_without_secrets(platform: NamespacePlatform) -> None:
    """Message, value, context and the errors that led there are cleaned; class and traceback stay."""
    key = platform.secret("OPENAI_API_KEY")

    def step(_: pd.DataFrame) -> pd.DataFrame:
        try:
            raise ValueError(f"Authorization: Bearer {key}")
        except ValueError as error:
            raise ItemFailure(f"refused {key}", value={"key": key}, url=f"https://x/?k={key}") from error

    with pytest.raises(ItemFailure) as caught:
        guarded_processor(step, platform)(pd.DataFrame())
    everything = f"{caught.value!r} {caught.value} {caught.value.details()} {caught.value.__cause__!r}"
    assert key not in everything
    assert MASK in str(caught.value)


def test_scrubbing_an_error_ends_with_circles() -> None:
    """Errors that name each other as their cause are cleaned once each."""
    one, two = ValueError("secret-1"), ValueError("secret-1")
    one.__cause__, two.__cause__ = two, one
    scrub_error(one, ["secret-1"])
    assert (str(one), str(two)) == (MASK, MASK)


def test_a_realtime_answer_with_a_secret_is_refused(platform: NamespacePlatform) -> None:
    """At query time too, keys and values are looked at."""
    assert guarded_answer({"text": "fine"}, platform, name="realtime.py") == {"text": "fine"}
    key = platform.secret("OPENAI_API_KEY")
    with pytest.raises(InvalidOutput, match=r"realtime\.py"):
        guarded_answer({"debug": {"headers": [key]}}, platform, name="realtime.py")


def test_logs_are_cleaned(platform: NamespacePlatform, caplog: pytest.LogCaptureFixture) -> None:
    """What a step logs, also among the arguments and in the traceback of an error, names no secret."""

    def step(batch: pd.DataFrame) -> pd.DataFrame:
        key = platform.secret("OPENAI_API_KEY")
        log = logging.getLogger("a.package")
        log.warning("calling with %s", key)
        try:
            raise ValueError(f"refused {key}")
        except ValueError:
            log.exception("it failed")
        return batch

    guarded_processor(step, platform)(pd.DataFrame())
    assert caplog.messages == [f"calling with {MASK}", "it failed"]
    assert "sk-openai" not in caplog.text
