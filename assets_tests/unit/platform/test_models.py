"""Own weights: kept, checked, unpacked, loaded, and part of `code_fp`."""

from __future__ import annotations

import ast
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, BertTokenizer

from mixpeek_orchestration.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    InvalidPackage,
    NotFound,
    TooLarge,
)
from mixpeek_orchestration.extractors.container import Container, use_platform
from mixpeek_orchestration.extractors.declared_models import declared_models, declared_parts, with_digests
from mixpeek_orchestration.extractors.sdk import (
    LazyModelMixin,
    is_hf_model_cached,
    lazy_model,
    load_custom_model,
    load_hf_model,
    load_hf_model_async,
    load_namespace_model,
)
from mixpeek_orchestration.warehouse.models import parts as model_parts
from mixpeek_orchestration.warehouse.models.archives import packed
from mixpeek_orchestration.warehouse.models.models import Models
from mixpeek_orchestration.warehouse.models.specs import ModelConfirmSpec, ModelSpec, ModelUploadSpec
from mixpeek_orchestration.warehouse.platform import NamespacePlatform

WEIGHTS = {"linear.weight": torch.arange(6.0).reshape(2, 3), "linear.bias": torch.ones(2)}


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A randomly initialised model of a few kilobytes with its tokenizer, as `save_pretrained` writes it."""
    folder = tmp_path_factory.mktemp("tiny") / "bert"
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n!\n")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture
def safe(tmp_path: Path) -> bytes:
    """A small safetensors file."""
    save_file(WEIGHTS, tmp_path / "w.safetensors")
    return (tmp_path / "w.safetensors").read_bytes()


def tar_of(folder: Path) -> bytes:
    """The folder packed as the command line packs it."""
    buffer = io.BytesIO()
    packed(folder, buffer)
    return buffer.getvalue()


def add(models: Models, content: bytes, name: str = "ranker", **said: Any) -> Any:
    """A model from its bytes, in small pieces."""
    pieces = (content[start : start + 100] for start in range(0, len(content), 100))
    return models.add("ns_1", ModelSpec(name=name, **said), pieces)


def test_a_model_is_kept_in_parts(models: Models, safe: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file never lies in memory as a whole; its parts make it up again."""
    monkeypatch.setattr(model_parts, "PART_BYTES", 64)
    model = add(models, safe)
    assert len(model.parts) == -(-len(safe) // 64)
    assert b"".join(models.content(model)) == safe
    assert (model.model_id, model.version, model.size_bytes) == ("ranker_1_0_0", "1.0.0", len(safe))


def test_packing_does_not_change_the_digest(models: Models, safe: bytes, tmp_path: Path) -> None:
    """The digest is over the files: a zip, a tar and a tar.gz of the same file are the same model."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "model.safetensors").write_bytes(safe)
    zipped, gzipped = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("model.safetensors", safe)
    with tarfile.open(fileobj=gzipped, mode="w:gz") as archive:
        archive.add(tmp_path / "in" / "model.safetensors", "model.safetensors")
    contents = [safe, tar_of(tmp_path / "in"), zipped.getvalue(), gzipped.getvalue()]
    digests = {add(models, content, f"m{number}").digest for number, content in enumerate(contents)}
    assert len(digests) == 1
    assert digests != {add(models, safe[:-1] + b"\1", "other").digest}


def test_the_newest_version_is_found(models: Models, safe: bytes) -> None:
    """By name the newest by number; by `name@version` in any spelling, and by id, exactly that one."""
    for version in ("v9", "10.0", "1.2.3"):
        add(models, safe, version=version)
    assert models.get("ns_1", "ranker").version == "10.0.0"
    assert models.get("ns_1", "ranker@9").version == "9.0.0"
    assert models.get("ns_1", "ranker_1_2_3").version == "1.2.3"
    with pytest.raises(NotFound, match="mixpeek model push other"):
        models.get("ns_1", "other")
    with pytest.raises(NotFound):
        models.get("ns_2", "ranker")


def test_a_version_never_changes(models: Models, safe: bytes) -> None:
    """The same version again is a conflict, and leaves the first as it was."""
    first = add(models, safe)
    with pytest.raises(Conflict, match="already"):
        add(models, safe)
    assert b"".join(models.content(models.get("ns_1", first.model_id))) == safe


def _evil_tar(kind: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo({"path": "../out", "absolute": "/tmp/out"}.get(kind, "x"))
        if kind == "link":
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        if kind == "device":
            info.type = tarfile.CHRTYPE
        if kind == "bomb":
            info.size = 11 * 1024**3
            archive.fileobj.write(info.tobuf())  # type: ignore[union-attr]
            return buffer.getvalue()
        archive.addfile(info, io.BytesIO())
    return buffer.getvalue()


def _evil_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../out.safetensors", b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "model_format", "why"),
    [
        (b"", "safetensors", "safetensors"),
        (b"hello", "safetensors", "is not a safetensors file"),
        (b"\xff" * 100, "onnx", "is not a onnx file"),
        (b"hello", "pytorch", "is not a pytorch file"),
        (b"hello", "huggingface", "config.json"),
        (_evil_tar("path"), "safetensors", "cannot be unpacked"),
        (_evil_tar("absolute"), "safetensors", "No file ends in"),
        (_evil_tar("link"), "safetensors", "cannot be unpacked"),
        (_evil_tar("device"), "safetensors", "cannot be unpacked"),
        (_evil_tar("bomb"), "safetensors", "holds more than"),
        (_evil_zip(), "safetensors", "leads out of the archive"),
    ],
)
def test_what_is_no_model_is_refused_and_nothing_is_kept(
    content: bytes, model_format: str, why: str, models: Models, tmp_path: Path
) -> None:
    """The error says what is wrong; no model, no bytes and no file outside are left."""
    with pytest.raises(InvalidInput, match=why):
        add(models, content, model_format=model_format)
    assert models.all("ns_1") == []
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "w.safetensors"]
    assert left == []


def test_deleting_keeps_what_another_model_needs(models: Models, safe: bytes) -> None:
    """Equal bytes are stored once, and go with the last model that has them."""
    one, two = add(models, safe, "one"), add(models, safe, "two")
    assert one.parts == two.parts
    models.delete("ns_1", "one@1.0.0")
    assert b"".join(models.content(two)) == safe
    models.delete("ns_1", two.model_id)
    with pytest.raises(NotFound):
        list(models.content(two))


def test_an_announced_upload_becomes_a_model(models: Models, safe: bytes) -> None:
    """Announced, sent with its token, confirmed; confirming twice gives the same model."""
    spec = ModelUploadSpec(name="ranker", version="1.0.0", file_size_bytes=len(safe))
    announced = models.announce("ns_1", spec)
    upload = models.admitted(announced.upload.upload_id, announced.token)
    with pytest.raises(Conflict, match="not arrived"):
        models.confirm("ns_1", upload.upload_id)
    writer = models.writer(upload)
    writer.write(safe)
    models.received(upload, writer)
    with pytest.raises(NotFound):
        models.confirm("ns_2", upload.upload_id)
    with pytest.raises(InvalidInput, match="bytes have arrived"):
        models.confirm("ns_1", upload.upload_id, ModelConfirmSpec(file_size_bytes=1))
    first = models.confirm("ns_1", upload.upload_id)
    assert models.confirm("ns_1", upload.upload_id) == first
    with pytest.raises(Conflict, match="already"):
        models.admitted(upload.upload_id, announced.token)
    with pytest.raises(Conflict, match="already"):
        models.announce("ns_1", spec)


def test_an_upload_that_is_not_as_announced_is_refused(models: Models, safe: bytes) -> None:
    """A wrong token, more bytes and fewer bytes than declared; afterwards the right bytes are still welcome."""
    spec = ModelUploadSpec(name="ranker", version="1.0.0", file_size_bytes=len(safe))
    announced = models.announce("ns_1", spec)
    with pytest.raises(Forbidden):
        models.admitted(announced.upload.upload_id, "wrong")
    long, short = models.writer(announced.upload), models.writer(announced.upload)
    with pytest.raises(TooLarge):
        long.write(safe + b"x")
    short.write(safe[:-1])
    with pytest.raises(InvalidInput, match="announced"):
        models.received(announced.upload, short)
    writer = models.writer(announced.upload)
    writer.write(safe)
    models.received(announced.upload, writer)
    assert models.confirm("ns_1", announced.upload.upload_id).name == "ranker"


@pytest.mark.parametrize("model_format", ["safetensors", "pytorch", "legacy"])
def test_weights_are_loaded_as_a_state_dict(
    model_format: str, models: Models, platform: NamespacePlatform, safe: bytes
) -> None:
    """Safetensors and both formats of `torch.save` give the tensors that were saved, under every documented name."""
    content = safe
    if model_format != "safetensors":
        buffer = io.BytesIO()
        torch.save(WEIGHTS, buffer, _use_new_zipfile_serialization=model_format == "pytorch")
        content = buffer.getvalue()
    add(models, content, model_format="safetensors" if model_format == "safetensors" else "pytorch")
    with use_platform(platform):
        every = [
            load_namespace_model("ranker"),
            load_namespace_model("ranker_1_0_0"),
            load_custom_model("ranker", "v1"),
        ]
    every.append(Container(platform).models.get("ranker"))
    for state in every:
        assert {name: value.tolist() for name, value in state.items()} == {
            name: value.tolist() for name, value in WEIGHTS.items()
        }


def test_a_pickle_that_runs_code_is_not_loaded(
    models: Models, platform: NamespacePlatform, tmp_path: Path
) -> None:
    """Weights are data: what would run at unpickling does not."""

    class Evil:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    buffer = io.BytesIO()
    torch.save({"x": Evil()}, buffer)
    add(models, buffer.getvalue(), model_format="pytorch")
    with use_platform(platform), pytest.raises(InvalidPackage, match="more than weights"):
        load_namespace_model("ranker")
    assert not (tmp_path / "ran").exists()


def test_a_huggingface_model_is_built_from_its_weights(
    models: Models, platform: NamespacePlatform, tiny_bert: Path
) -> None:
    """Uploaded as a folder, loaded by the mixin with the documented fields: the same model and tokenizer as on disk."""
    add(models, tar_of(tiny_bert), "bert", model_format="huggingface")

    class Encoder(LazyModelMixin):
        """A processor with its own weights."""

        model_id = "bert"
        model_class = "BertModel"
        tokenizer_class = "AutoTokenizer"
        model_source = "namespace"

    with use_platform(platform):
        one, two = Encoder(), Encoder()
        one.ensure_model_loaded()
        assert one.model is two.get_model()[0]
    tokens = one.tokenizer("hello world !", return_tensors="pt")
    expected = BertModel.from_pretrained(tiny_bert).eval()
    with torch.no_grad():
        assert torch.equal(one.model(**tokens).last_hidden_state, expected(**tokens).last_hidden_state)


def test_a_hub_model_is_loaded_in_parts(tiny_bert: Path) -> None:
    """Weights, configuration, where the tokenizer is and what to build, under the documented keys; also later."""
    assert is_hf_model_cached(str(tiny_bert))
    assert not is_hf_model_cached("nobody/no-such-model")
    for loaded in (load_hf_model(str(tiny_bert)), load_hf_model_async(str(tiny_bert)).result(60)):
        assert set(loaded) == {"state_dict", "config", "tokenizer_config", "model_class", "hf_model_id"}
        assert loaded["config"].hidden_size == 8
        assert loaded["tokenizer_config"] == {"tokenizer_dir": str(tiny_bert), "class": "AutoTokenizer"}
    half = load_hf_model(str(tiny_bert), torch_dtype="float16")
    assert {value.dtype for value in half["state_dict"].values() if value.is_floating_point()} == {
        torch.float16
    }


def test_an_async_load_fails_where_it_is_asked_for() -> None:
    """The error of the background waits for whoever wants the result."""
    future = load_hf_model_async("/no/such/folder")
    with pytest.raises(InvalidInput, match="neither on this machine nor on the hub"):
        future.result(60)


def test_the_decorator_does_what_the_mixin_does(tiny_bert: Path) -> None:
    """`@lazy_model` keeps name and module; what the class says itself goes first."""

    @lazy_model(model_id="ignored", model_class="BertModel")
    class Encoder:
        """Encodes."""

        model_id = str(tiny_bert)

        def size(self) -> int:
            return int(self.get_model()[0].config.hidden_size)  # type: ignore[attr-defined]

    assert Encoder().size() == 8
    assert (Encoder.__name__, Encoder.__module__, Encoder.__doc__) == ("Encoder", __name__, "Encodes.")


def test_a_mixin_that_names_no_model_says_so() -> None:
    """Without `model_id`, or with an unknown source, nothing is loaded."""

    class Nothing(LazyModelMixin):
        """Says nothing."""

    with pytest.raises(InvalidPackage, match="which model"):
        Nothing().get_model()


SOURCE = """
from engine.models.loader import load_namespace_model
from mixpeek_dev import models

class A(LazyModelMixin):
    model_id: str = "from_mixin"
    model_source = "namespace"

class B(LazyModelMixin):
    model_id = "sentence-transformers/x"

@lazy_model(model_id="from_decorator", model_source="namespace")
class C:
    def setup(self):
        self.a = load_namespace_model("plain")
        self.b = models.load_custom_model("pinned", version="1.0.0")
        self.c = self.container.models.get("handle", "2")
        self.d = load_namespace_model(self.config["computed"])
        self.e = {}.get("x")
"""


def test_models_are_declared_by_the_source() -> None:
    """Literal names in calls, mixins and decorators are found; other models and computed names are not."""
    found = declared_models([ast.parse(SOURCE)])
    assert found == ("from_decorator", "from_mixin", "handle@2", "pinned@1.0.0", "plain")


def test_another_version_of_the_weights_is_another_fingerprint(
    models: Models, platform: NamespacePlatform, safe: bytes
) -> None:
    """The part of an own model is its digest now; a pinned version keeps its own."""
    add(models, safe)
    trees = [ast.parse('load_namespace_model("ranker"); load_namespace_model("ranker", "1.0.0")')]
    parts = declared_parts(trees)
    before = with_digests(parts, platform)
    add(models, safe[:-1] + b"\1", version="1.1.0")
    after = with_digests(parts, platform)
    assert before["own_model:ranker@1.0.0"] == after["own_model:ranker@1.0.0"] == before["own_model:ranker"]
    assert after["own_model:ranker"] != before["own_model:ranker"]
    assert with_digests(parts, None) == parts


@pytest.fixture(autouse=True)
def _forget_loaded_models() -> Iterator[None]:
    """Loaded models live as long as the process; each test starts without any."""
    LazyModelMixin._loaded.clear()
    yield
    LazyModelMixin._loaded.clear()
