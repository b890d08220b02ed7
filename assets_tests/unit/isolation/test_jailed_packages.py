"""Packages in workers: the same descriptions, rows and answers as anywhere, with assets and services through the parent."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from assets_tests.unit.engine.fakes import text_item
from mixpeek_orchestration.core.errors import Conflict, InvalidPackage, ItemFailure, NotFound, TooLarge
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.ports.extraction import ExtractionJob, InputRow, SourceItem
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest, PlatformReference, ToolResult
from mixpeek_orchestration.engine.in_process import InProcessRunner
from mixpeek_orchestration.extractors.jailed.assets import AssetDoor
from mixpeek_orchestration.extractors.jailed.jailed import describe_jailed, jailed_steps
from mixpeek_orchestration.extractors.jailed.urls import AssetPolicy, asset_policy
from mixpeek_orchestration.extractors.jailed.worker import enough_for
from mixpeek_orchestration.extractors.realtime import load_realtime
from mixpeek_orchestration.extractors.registry import PackageRegistry
from mixpeek_orchestration.isolation.levels import Limits
from mixpeek_orchestration.stores.objects import open_objects

PACKAGES = Path(__file__).parents[2] / "packages"
MANIFEST = """
from pydantic import BaseModel

class Input(BaseModel):
    {field}: str

class Output(BaseModel):
    found: str

class Parameters(BaseModel):
    pass

metadata = {{"feature_extractor_name": "jailed", "version": "1.0.0", "description": "A test."}}
input_schema, output_schema, parameter_schema = Input, Output, Parameters
supported_input_types = ["{field}"]
features = []
"""


def written(folder: Path, pipeline: str, *, field: str = "text") -> Path:
    """The folder of a package with this pipeline."""
    package = folder / "jailed"
    package.mkdir()
    (package / "manifest.py").write_text(MANIFEST.format(field=field))
    (package / "pipeline.py").write_text("from shared.extractors.sdk import *\n" + pipeline)
    return package


def extracted(
    description: ExtractorDescription, items: Sequence[SourceItem]
) -> tuple[list[dict[str, Any]], list[ItemError]]:
    """The rows and the errors of a run in this process, whose steps run in a worker."""
    job = ExtractionJob(description.recipe, description, "col_1", description.object_store, open_objects)
    results = list(InProcessRunner().run(job, items))
    return [row for one in results for row in one.rows.to_pylist()], [
        e for one in results for e in one.errors
    ]


def test_a_package_is_described_in_a_jail_as_anywhere(tmp_path: Path) -> None:
    """Every part of the description is equal, the fingerprint of the code too, but for the level."""
    here = PackageRegistry([PACKAGES], tmp_path).describe("word_vectors", None, {"split_lines": True})
    jailed = describe_jailed(
        PACKAGES / "word_vectors", {"split_lines": True}, level="reviewed", model_cache=here.model_cache
    )
    assert jailed.isolation == "reviewed"
    assert replace(jailed, isolation="trusted") == here


def test_a_package_gives_the_same_rows_and_answers_in_a_jail(tmp_path: Path) -> None:
    """Rows of a batch, failures and the answer of realtime.py are equal."""
    here = PackageRegistry([PACKAGES], tmp_path).describe("word_vectors", None, {"split_lines": True})
    jailed = replace(here, isolation="untrusted")
    items = [text_item("a", "one\ntwo words"), text_item("b", "POISON"), text_item("c", "three")]
    (rows, errors), (jailed_rows, jailed_errors) = extracted(here, items), extracted(jailed, items)
    assert jailed_rows == rows
    assert [(e.item, e.error_class, e.message) for e in jailed_errors] == [
        (e.item, e.error_class, e.message) for e in errors
    ]
    services = [load_realtime(one.recipe) for one in (here, jailed)]
    answers = [asyncio.run(one.infer({"text": "words"}, here.parameters)) for one in services]
    assert answers[0] == answers[1]


def test_a_worker_ends_when_its_steps_are_forgotten(tmp_path: Path) -> None:
    """Whoever used the steps need not say that he is done, and no process stays behind."""
    described = describe_jailed(PACKAGES / "word_vectors", level="untrusted", model_cache=tmp_path)
    platform = PlatformReference(Services, {"folder": str(tmp_path)})
    steps = jailed_steps(replace(described, platform=platform).recipe)
    process = steps[0].create()
    pid = steps[0].worker.pid
    assert pid is not None
    assert psutil.pid_exists(pid)
    del steps, process
    gc.collect()
    assert not psutil.pid_exists(pid)


def test_another_copy_of_the_package_is_refused(tmp_path: Path) -> None:
    """A worker whose package is not the planned one runs nothing."""
    described = describe_jailed(PACKAGES / "word_vectors", level="untrusted", model_cache=tmp_path)
    with pytest.raises(Conflict, match="not the one that was planned with"):
        extracted(replace(described, code_fp="planned"), [text_item("a", "words")])


def test_values_that_arrow_cannot_hold_stay_in_the_jail(tmp_path: Path) -> None:
    """A step hands the next one an object of its own class. Outside nobody opens it, and no row keeps it."""
    package = written(
        tmp_path,
        """
class Thing:
    def __init__(self, text):
        self.text = text

def first(batch):
    batch["thing"] = [Thing(text) if text != "none" else None for text in batch["data"]]
    return batch

def second(batch):
    batch["found"] = [thing.text.upper() if thing is not None else "nothing" for thing in batch["thing"]]
    return batch

def build_steps(extractor_request, container=None, **kwargs):
    return {"steps": [StepDefinition(first), StepDefinition(second)]}
""",
    )
    described = describe_jailed(package, level="untrusted", model_cache=tmp_path / "cache")
    rows, errors = extracted(described, [text_item("a", "one"), text_item("b", "none")])
    assert errors == []
    assert [row["found"] for row in rows] == ["ONE", "nothing"]
    assert not any("thing" in row for row in rows)


def test_a_processor_that_returns_no_frame_ends_the_run_with_the_usual_words(tmp_path: Path) -> None:
    """As in our own process: what no row is to blame for."""
    package = written(
        tmp_path,
        "def step(batch):\n    return [1]\n\n\ndef build_steps(extractor_request, container=None, **kwargs):\n"
        "    return {'steps': [StepDefinition(step)]}\n",
    )
    described = describe_jailed(package, level="untrusted", model_cache=tmp_path / "cache")
    with pytest.raises(InvalidPackage, match="'step' returned list instead of a pandas DataFrame"):
        extracted(described, [text_item("a", "one")])


ASSETS = """
import os

def step(batch):
    found = []
    for url in batch["data"]:
        path, temporary = download_asset(url)
        found.append(open(path, "rb").read().decode())
        if temporary:
            os.unlink(path)
        with open_asset(url, suffix=".txt") as again:
            found[-1] += again[-4:]
    batch["found"] = found
    return batch

def build_steps(extractor_request, container=None, **kwargs):
    return {"steps": [StepDefinition(step)]}
"""


def test_stored_content_reaches_the_package_through_its_parent(tmp_path: Path) -> None:
    """A jailed package downloads what it is given, may remove its copy, and the content stays in the store."""
    store = {"url": str(tmp_path / "objects")}
    address = open_objects(store).put(b"pixels")
    row = InputRow("b", "image", "image", "image/png", 6, content_hash=address)
    described = describe_jailed(
        written(tmp_path, ASSETS, field="image"), level="untrusted", model_cache=tmp_path / "cache"
    )
    job = ExtractionJob(described.recipe, described, "col_1", store, open_objects)
    (result,) = InProcessRunner().run(job, [SourceItem("a", "obj", (row,))])
    assert result.errors == ()
    assert result.rows.column("found").to_pylist() == ["pixels.txt"]
    assert open_objects(store).get(address) == b"pixels"


PUBLIC = {
    "example.org": ["93.184.216.34"],
    "inner.example": ["10.0.0.7"],
    "both.example": ["93.184.216.34", "127.0.0.1"],
}


def resolve(host: str, _port: int) -> Sequence[str]:
    """Names of a small internet; an address is itself."""
    return PUBLIC.get(host, [host])


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:8000/v1", "public"),
        ("http://[::1]/", "public"),
        ("http://[::ffff:10.0.0.1]/", "public"),
        ("http://[64:ff9b::a00:1]/", "public"),
        ("http://[2002:a00:1::]/", "public"),
        ("http://169.254.169.254/latest/meta-data", "public"),
        ("http://100.100.100.200/", "public"),
        ("http://0.0.0.0/", "public"),
        ("http://inner.example/", "public"),
        ("http://both.example/", "public"),
        ("http://224.0.0.1/", "public"),
        ("http://minio.local:9001/", "public"),
        ("ftp://example.org/", "only file"),
        ("s3://bucket/key", "only file"),
        ("http:///nothing", "only file"),
        ("gopher://example.org/", "only file"),
    ],
)
def test_only_public_addresses_and_our_own_store_are_read(url: str, reason: str) -> None:
    """This machine, its network and its cloud are out of reach, however the address is written."""
    policy = AssetPolicy(origins=frozenset({"http://minio.local:9000"}), internet=True)
    PUBLIC["minio.local"] = ["10.0.0.9"]
    with pytest.raises(ItemFailure, match=reason):
        policy.address(url, resolve)


def test_what_may_be_read() -> None:
    """A public name is connected to by the address that was looked at; our own store by its name."""
    policy = AssetPolicy(origins=frozenset({"http://minio.local:9000"}), internet=True)
    assert policy.address("https://example.org/a.png", resolve) == "93.184.216.34"
    assert policy.address("http://minio.local:9000/bucket/key?signed", resolve) is None
    with pytest.raises(ItemFailure, match="no network"):
        replace(policy, internet=False).address("https://example.org/a.png", resolve)


@pytest.mark.parametrize("written_as", ["{folder}", "file://{folder}"])
def test_files_are_read_from_the_store_only(tmp_path: Path, written_as: str) -> None:
    """Nothing above it, nothing hidden in it, nothing that a link in it points to."""
    folder, outside = tmp_path / "store", tmp_path / "outside"
    (folder / ".incoming").mkdir(parents=True)
    for one in (folder / "a b", folder / ".incoming" / "x", outside):
        one.write_text("content")
    (folder / "link").symlink_to(outside)
    policy = asset_policy({"url": written_as.format(folder=folder)}, internet=True)
    assert policy.local_file((folder / "a b").as_uri()) == folder / "a b"
    for url in (
        outside.as_uri(),
        f"{folder.as_uri()}/../outside",
        f"{folder.as_uri()}/link",
        f"{folder.as_uri()}/.incoming/x",
        folder.as_uri(),
    ):
        with pytest.raises(ItemFailure, match="no stored content"):
            policy.local_file(url)
    with pytest.raises(ItemFailure):
        asset_policy({}, internet=True).local_file((folder / "a b").as_uri())


class _Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.2:9/secret")
            self.end_headers()
            return
        self.send_response(404 if path == "/gone" else 200)
        self.end_headers()
        self.wfile.write(b"x" * (2000 if path == "/large" else 10))

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    """A store of ours that answers over HTTP."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_assets_are_fetched_by_the_host(tmp_path: Path, web: str) -> None:
    """A file for the worker; a redirect out of our store, too many bytes and a missing asset are errors without a file."""
    door = AssetDoor(asset_policy({}, internet=True, endpoint=web), tmp_path, max_bytes=1000)
    assert Path(door.download(f"{web}/a.png")).read_bytes() == b"x" * 10
    for path, kind in (("away", ItemFailure), ("large", TooLarge), ("gone", ItemFailure)):
        with pytest.raises(kind):
            door.download(f"{web}/{path}?signature=secret")
    assert [one.suffix for one in tmp_path.iterdir()] == [".png"]


def test_a_suffix_names_no_path(tmp_path: Path) -> None:
    """What a package wants at the end of a name cannot lead elsewhere."""
    (tmp_path / "a").write_text("x")
    (tmp_path / "given").mkdir()
    door = AssetDoor(asset_policy({"url": str(tmp_path)}, internet=False), tmp_path / "given", 1000)
    assert Path(door.download((tmp_path / "a").as_uri(), suffix="/../../x")).parent == tmp_path / "given"


class Services:
    """A platform of a test."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.namespace_id = "ns_1"
        self._folder = Path(config["folder"])
        self._in_use: list[str] = []

    def secret(self, name: str) -> str:
        if name != "KEY":
            raise NotFound(f"There is no secret {name!r}.", field="name", value=name)
        self._in_use.append("sesame-open")
        return "sesame-open"

    def secret_names(self) -> list[str]:
        return ["KEY"]

    def secrets_in_use(self) -> tuple[str, ...]:
        return tuple(self._in_use)

    def generate(self, request: LLMRequest) -> LLMAnswer:
        return LLMAnswer(f"{request.instruction}: {request.text}", "", "test", "model", 3, 4)

    def model_digest(self, name: str, version: str | None = None) -> str:
        return f"{name}@{version}"

    def model_files(self, name: str, version: str | None = None) -> Path:
        folder = self._folder / "weights"
        (folder / "deep").mkdir(parents=True, exist_ok=True)
        (folder / "deep" / "w.txt").write_text(f"{name}@{version}")
        return folder

    def upload(self, path: str | Path, **named: Any) -> str:
        return f"https://ours/{Path(path).name}/{Path(path).read_text()}/{named['internal_id']}"

    def run_tool(self, tool: str, args: Sequence[str], timeout: float) -> ToolResult:
        raise AssertionError("tools of a jailed package run in a jail")


def test_services_of_the_platform_are_the_parents(tmp_path: Path) -> None:
    """LLM, own weights, uploads and tools work inside; a secret that ends up in a row costs that row."""
    package = written(
        tmp_path,
        """
import asyncio
from pathlib import Path
from mixpeek_orchestration.extractors.container import current_platform

class Step:
    def __init__(self, config, container=None):
        self.container = config["container"]

    def __call__(self, batch):
        platform = current_platform()
        found = []
        for text in batch["data"]:
            if text == "leak":
                found.append(platform.secret("KEY"))
            elif text == "missing":
                found.append(platform.secret("NONE"))
            elif text == "llm":
                found.append(asyncio.run(self.container.llm.generate("Say", "this")).data)
            elif text == "weights":
                found.append((platform.model_files("own", "2") / "deep" / "w.txt").read_text())
            elif text == "upload":
                Path("picture").write_text("pixels")
                found.append(platform.upload("picture", internal_id="i"))
            elif text == "tool":
                found.append(str(platform.run_tool("ffmpeg", ["-version"], 30).stdout.split()[0]))
        batch["found"] = found
        return batch

def build_steps(extractor_request, container=None, **kwargs):
    return {"steps": [StepDefinition(Step, config={"container": container})]}
""",
    )
    described = describe_jailed(package, level="untrusted", model_cache=tmp_path / "cache")
    described = replace(described, platform=PlatformReference(Services, {"folder": str(tmp_path)}))
    asked = ["llm", "weights", "upload", "tool", "leak", "missing"]
    rows, errors = extracted(described, [text_item(text, text) for text in asked])
    assert {row["_source_item"]: row["found"] for row in rows} == {
        "llm": "Say: this",
        "weights": "own@2",
        "upload": "https://ours/picture/pixels/i",
        "tool": "ffmpeg",
    }
    assert [(error.item, error.error_class) for error in errors] == [
        ("leak", "InvalidOutput"),
        ("missing", "NotFound"),
    ]
    assert not any("sesame" in error.message + error.traceback for error in errors)


def test_a_declared_need_of_memory_raises_the_limit() -> None:
    """As far as the machine has it; a smaller need lowers nothing."""
    limits = Limits(resident_bytes=100)
    assert enough_for(limits, 50).resident_bytes == 100
    assert enough_for(limits, 1000).resident_bytes == 1000
    assert enough_for(limits, 1 << 60).resident_bytes < 1 << 60


@pytest.mark.slow
def test_a_model_runs_in_a_jail_as_anywhere(tmp_path: Path) -> None:
    """text_extractor, with real weights on onnxruntime, gives the same vectors without network and files of ours."""
    packages = Path(__file__).parents[3] / "extractor_packages"
    here = PackageRegistry([packages], tmp_path / "models").describe("text_extractor")
    items = [text_item("a", "A red bicycle."), text_item("b", "Nobody had expected the harbour to freeze.")]
    rows, errors = extracted(here, items)
    jailed, jailed_errors = extracted(replace(here, isolation="untrusted"), items)
    assert errors == jailed_errors == []
    assert jailed == rows
