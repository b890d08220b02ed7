"""From an archive to a published version: what arrives, what is checked, and what never changes afterwards."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assets_tests.unit.warehouse.publishing_lab import NAME, PublishingLab, open_lab
from mixpeek_orchestration.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NameConflict,
    NotFound,
    TooLarge,
)
from mixpeek_orchestration.core.published import description_key
from mixpeek_orchestration.extractors.archives.archive import archive_hash, pack
from mixpeek_orchestration.warehouse.plugins.specs import PluginConfirmSpec, PluginUploadSpec


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[PublishingLab]:
    opened = open_lab(tmp_path)
    yield opened
    opened.warehouse.close()


def nothing_is_kept(lab: PublishingLab) -> bool:
    spooled = list(lab.settings.spool.iterdir()) if lab.settings.spool.is_dir() else []
    inspected = lab.settings.root / "inspecting"
    left = list(inspected.iterdir()) if inspected.is_dir() else []
    return not lab.plugins.all(lab.namespace_id) and not spooled and not left


def test_a_published_version_knows_what_it_is(lab: PublishingLab) -> None:
    """Names, spellings, the hash of the source, the message: everything that lists and logs show."""
    published = lab.publish(message="the first one")
    assert (published.plugin_id, published.version, published.spelling) == ("echo_1_0_0", "1.0.0", "v1")
    assert published.archive == archive_hash(lab.source / NAME)
    assert published.feature_uri == "mixpeek://echo@v1/echo_embedding"
    assert (published.message, published.has_realtime, published.level) == ("the first one", True, "trusted")
    assert lab.plugins.versions(lab.namespace_id, NAME) == [published]
    for identifier in (NAME, "echo@v1", "echo@1", "echo_1_0_0"):
        assert lab.plugins.get(lab.namespace_id, identifier) == published
    assert lab.plugins.active(lab.namespace_id, NAME) == "1.0.0"
    assert hashlib.sha256(lab.plugins.archive(lab.namespace_id, NAME)).hexdigest() == published.archive


def test_without_a_version_the_patch_is_bumped(lab: PublishingLab) -> None:
    """Content that is new becomes the next patch; the same content is the version that it is already."""
    first = lab.publish()
    second = lab.publish("changed")
    assert (second.version, second.spelling) == ("1.0.1", "1.0.1")
    assert lab.publish("changed") == second
    assert lab.publish("again").version == "1.0.2"
    assert [one.version for one in lab.plugins.versions(lab.namespace_id, NAME)] == [
        "1.0.2",
        "1.0.1",
        "1.0.0",
    ]
    assert lab.plugins.active(lab.namespace_id, NAME) == first.version


def test_a_manifest_that_is_newer_says_the_version(lab: PublishingLab) -> None:
    """An author who bumped the version by hand gets that one."""
    lab.publish()
    confirmed = lab.confirm(lab.archive(**{'version="v1"': 'version="2.1"'}))
    assert confirmed.plugin is not None
    assert (confirmed.plugin.version, confirmed.plugin.spelling) == ("2.1.0", "2.1")


def test_a_published_version_is_immutable(lab: PublishingLab) -> None:
    """Other content under any spelling of it is a conflict; the same content again is no error."""
    first = lab.publish(version="v1")
    for spelling in ("v1", "1", "1.0.0"):
        with pytest.raises(Conflict, match="published already"):
            lab.publish("changed", version=spelling)
    assert lab.publish(version="1.0.0") == first
    assert lab.plugins.all(lab.namespace_id) == [first]


def test_an_announced_version_wins_over_the_manifest_and_is_told(lab: PublishingLab) -> None:
    """It is published as announced, with a warning that the manifest says something else."""
    confirmed = lab.confirm(lab.archive(), version="3.0.0")
    assert confirmed.plugin is not None
    assert confirmed.plugin.version == "3.0.0"
    assert [one["rule"] for one in confirmed.findings] == ["PUB002"]
    assert lab.warehouse.registry.describe(NAME, "3", namespace_id=lab.namespace_id).version == "3.0.0"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('feature_extractor_name="echo"', 'feature_extractor_name="other"', "PUB001"),
        ("dependencies=[]", 'dependencies=["no-such-package-anywhere==1"]', "PUB003"),
    ],
)
def test_findings_stop_a_package_and_nothing_is_kept(
    lab: PublishingLab, old: str, new: str, rule: str
) -> None:
    """The same findings are told when it is confirmed again; there is no version and no file."""
    upload_id = lab.sent(lab.archive(**{old: new}))
    first = lab.plugins.confirm(lab.namespace_id, upload_id)
    assert not first.success
    assert rule in {one["rule"] for one in first.findings}
    assert lab.plugins.confirm(lab.namespace_id, upload_id) == first
    assert nothing_is_kept(lab)


def test_what_is_no_archive_is_a_finding(lab: PublishingLab) -> None:
    """Damaged bytes are told like any other finding."""
    confirmed = lab.confirm(b"this is no archive")
    assert [one["rule"] for one in confirmed.findings] == ["ARC001"]
    assert nothing_is_kept(lab)


def test_confirming_twice_is_confirming_once(lab: PublishingLab) -> None:
    """Also by two at once, and never again under changed bytes."""
    spec = PluginUploadSpec(name=NAME)
    announced = lab.plugins.announce(lab.namespace_id, spec)
    upload_id = announced.upload.upload_id
    lab.plugins.receive(upload_id, announced.token, lab.archive())
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(lab.plugins.confirm(lab.namespace_id, upload_id)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 3
    assert answers[0].success
    assert answers == [answers[0]] * 3
    assert len(lab.plugins.all(lab.namespace_id)) == 1
    with pytest.raises(Conflict, match="was confirmed"):
        lab.plugins.receive(upload_id, announced.token, b"other bytes")


def test_a_transfer_that_was_cut_off_goes_on_where_it_ended(lab: PublishingLab) -> None:
    """Nothing can be confirmed before all bytes are there; a wrong offset says where to go on."""
    data = lab.archive()
    announced = lab.plugins.announce(lab.namespace_id, PluginUploadSpec(name=NAME, file_size_bytes=len(data)))
    upload_id, token = announced.upload.upload_id, announced.token
    lab.plugins.receive(upload_id, token, data[:100], last=False)
    with pytest.raises(Conflict, match="not arrived"):
        lab.plugins.confirm(lab.namespace_id, upload_id)
    with pytest.raises(Conflict) as raised:
        lab.plugins.receive(upload_id, token, data[50:], offset=50)
    assert raised.value.context["arrived"] == lab.plugins.arrived_bytes(upload_id) == 100
    received = lab.plugins.receive(upload_id, token, iter([data[100:200], data[200:]]), offset=100)
    assert received.content_hash == hashlib.sha256(data).hexdigest()
    assert lab.plugins.confirm(lab.namespace_id, upload_id).success


def test_other_bytes_than_announced_or_seen_are_refused(lab: PublishingLab) -> None:
    """More than declared, another hash, another ETag, nothing at all, a wrong token: each says so."""
    data = lab.archive()
    announce = lab.plugins.announce
    small = announce(lab.namespace_id, PluginUploadSpec(name=NAME, file_size_bytes=10))
    with pytest.raises(TooLarge):
        lab.plugins.receive(small.upload.upload_id, small.token, data)
    with pytest.raises(TooLarge):
        announce(lab.namespace_id, PluginUploadSpec(name=NAME, file_size_bytes=10**10))
    hashed = announce(lab.namespace_id, PluginUploadSpec(name=NAME, file_hash="0" * 64))
    with pytest.raises(InvalidInput, match="SHA-256"):
        lab.plugins.receive(hashed.upload.upload_id, hashed.token, data)
    with pytest.raises(InvalidInput, match="empty"):
        lab.plugins.receive(hashed.upload.upload_id, hashed.token, b"")
    with pytest.raises(Forbidden):
        lab.plugins.receive(hashed.upload.upload_id, "wrong", data)
    sent = lab.sent(data)
    for seen in (PluginConfirmSpec(etag='"abc"'), PluginConfirmSpec(file_size_bytes=3)):
        with pytest.raises(InvalidInput):
            lab.plugins.confirm(lab.namespace_id, sent, seen)
    etag = f'"{hashlib.sha256(data).hexdigest()}"'
    assert lab.plugins.confirm(lab.namespace_id, sent, PluginConfirmSpec(etag=etag)).success


def test_an_upload_that_has_expired_says_so(lab: PublishingLab) -> None:
    """Bytes are refused, and a confirmation says to announce it again."""
    announced = lab.plugins.announce(lab.namespace_id, PluginUploadSpec(name=NAME))
    lab.warehouse.catalog.uploads.put(replace(announced.upload, expires_at=1.0))
    with pytest.raises(Forbidden, match="expired"):
        lab.plugins.receive(announced.upload.upload_id, announced.token, b"x")
    with pytest.raises(Conflict, match="expired"):
        lab.plugins.confirm(lab.namespace_id, announced.upload.upload_id)


def test_a_file_that_nobody_confirmed_is_forgotten(lab: PublishingLab) -> None:
    """Days after its URL has expired, with the next upload; what is arriving now stays."""
    abandoned, arriving = lab.sent(b"x"), lab.sent(b"y")
    os.utime(lab.settings.spool / abandoned, (1, 1))
    lab.plugins.announce(lab.namespace_id, PluginUploadSpec(name=NAME))
    assert [file.name for file in lab.settings.spool.iterdir()] == [arriving]


def test_an_upload_belongs_to_its_namespace(lab: PublishingLab) -> None:
    """Another namespace can neither confirm it nor see what it became."""
    other = lab.warehouse.access.create_namespace("other").namespace_id
    upload_id = lab.sent(lab.archive())
    with pytest.raises(NotFound):
        lab.plugins.confirm(other, upload_id)
    lab.plugins.confirm(lab.namespace_id, upload_id)
    with pytest.raises(NotFound):
        lab.plugins.get(other, NAME)
    with pytest.raises(InvalidInput, match="no extractor"):
        lab.warehouse.registry.describe(NAME, namespace_id=other)


def test_names_that_are_taken_are_refused_before_any_byte(tmp_path: Path) -> None:
    """Those of built-ins, those that only look different, those that read like ids, and more than the quota."""
    lab = open_lab(tmp_path, plugin_quota=1)
    lab.publish()
    for name in ("text_extractor", "Echo"):
        with pytest.raises(NameConflict):
            lab.plugins.announce(lab.namespace_id, PluginUploadSpec(name=name))
    with pytest.raises(Conflict, match="quota"):
        lab.plugins.announce(lab.namespace_id, PluginUploadSpec(name="another"))
    with pytest.raises(InvalidInput, match="id of a version"):
        lab.plugins.announce(lab.namespace_id, PluginUploadSpec(name="echo_1_0_0"))
    lab.warehouse.close()


def test_a_working_copy_keeps_its_version(tmp_path: Path) -> None:
    """A folder of this installation has its name and version; another version of the name can be published."""
    lab = open_lab(tmp_path, extractor_paths=str(tmp_path / "source"))
    data = lab.archive()
    with pytest.raises(NameConflict, match="working copy"):
        lab.confirm(data)
    assert lab.confirm(data, version="2.0.0").success
    describe = lab.warehouse.registry.describe
    assert describe(NAME, namespace_id=lab.namespace_id).archive == ""
    assert describe(NAME, "2.0.0", namespace_id=lab.namespace_id).archive != ""
    assert lab.warehouse.registry.names(lab.namespace_id) == [
        (NAME, "2.0.0"),
        (NAME, "v1"),
        ("text_extractor", "v1"),
    ]
    lab.warehouse.close()


def test_a_published_version_is_described_from_the_catalog(lab: PublishingLab) -> None:
    """Another process reads what validation found, and runs nothing; other parameters are described once."""
    published = lab.publish()
    packages = lab.warehouse.catalog.packages
    kept = packages.description(published.archive, description_key({}))
    assert kept is not None
    packages.keep_description(
        published.archive, description_key({}), replace(kept, description="from the catalog")
    )
    assert packages.description(published.archive, description_key(kept.parameters)) == kept
    other = lab.reopened()
    described = other.registry.describe(NAME, namespace_id=lab.namespace_id)
    assert described.description == "from the catalog"
    assert (described.archive, described.source) == (published.archive, "custom")
    assert other.registry.describe(NAME, None, {"scale": 2.0}, namespace_id=lab.namespace_id).code_fp
    assert packages.description(published.archive, description_key({"scale": 2.0})) is not None
    other.close()


def test_a_stricter_namespace_runs_packages_more_strictly(lab: PublishingLab) -> None:
    """The level of a namespace and of a version: the stricter one counts."""
    strict = lab.warehouse.access.create_namespace("strict", isolation="untrusted")
    lab.namespace_id = strict.namespace_id
    assert lab.publish().level == "untrusted"
    described = lab.warehouse.registry.describe(NAME, namespace_id=lab.namespace_id)
    assert described.recipe.isolation == "untrusted"


def test_no_namespace_can_have_the_name_of_the_shared_one(lab: PublishingLab) -> None:
    """Its packages would be taken for everybody's."""
    with pytest.raises(NameConflict):
        lab.warehouse.access.create_namespace("System")


def test_an_uploaded_package_is_validated_in_the_jail(tmp_path: Path) -> None:
    """With the settings as they are, what is uploaded is reviewed, and runs nowhere but in a worker."""
    lab = open_lab(tmp_path, plugin_level="reviewed")
    published = lab.publish()
    described = lab.warehouse.registry.describe(NAME, namespace_id=lab.namespace_id)
    assert (published.level, described.recipe.isolation) == ("reviewed", "reviewed")
    confirmed = lab.confirm(lab.archive(**{"from pydantic": "raise ValueError('no')\nfrom pydantic"}))
    assert not confirmed.success
    assert any("no" in one["message"] for one in confirmed.findings)
    lab.warehouse.close()


HOSTILE = {
    "raises on import": ("manifest.py", "from pydantic", "1/0\nfrom pydantic", "ZeroDivisionError"),
    "exits on import": ("manifest.py", "from pydantic", "raise SystemExit(3)\nfrom pydantic", "SystemExit"),
    "wrong dimension": ("pipeline.py", "1.0]", "1.0, 2.0]", "3 dimensions"),
    "drops rows": ("pipeline.py", "return batch", "return batch[1:]", "no rows"),
    "needs 20 GB": (
        "pipeline.py",
        "return batch",
        "x = bytearray(20_000_000_000)\nreturn batch",
        "MemoryError",
    ),
    "exits": ("pipeline.py", "return batch", "raise SystemExit(3)", "SystemExit"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", HOSTILE)
def test_a_package_that_does_harm_is_told_and_harms_nobody(what: str, tmp_path: Path) -> None:
    """It runs in a worker at the level that it would run at; the next package is published as if nothing was."""
    lab = open_lab(tmp_path, plugin_level="reviewed")
    lab.archive()
    file, old, new, told = HOSTILE[what]
    harmful = lab.source / NAME / file
    text = harmful.read_text()
    at = text.index(old)
    indent = " " * (at - text.rfind("\n", 0, at) - 1)
    harmful.write_text(text.replace(old, new.replace("\n", f"\n{indent}"), 1))
    confirmed = lab.confirm(pack(lab.source / NAME))
    assert not confirmed.success
    assert any(told in one["message"] for one in confirmed.findings), confirmed.findings
    assert nothing_is_kept(lab)
    assert lab.publish().version == "1.0.0"
    lab.warehouse.close()
