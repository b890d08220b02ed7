"""A warehouse to publish in: real stores and a real inspector, endpoints that only say that they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assets_tests.unit.serving.echo_package import write_echo
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.collection import Collection
from mixpeek_orchestration.core.errors import MixpeekError
from mixpeek_orchestration.core.extractor import Recipe
from mixpeek_orchestration.core.published import Confirmed, PublishedVersion
from mixpeek_orchestration.extractors.archives.archive import pack
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.plugins.plugins import Plugins
from mixpeek_orchestration.warehouse.plugins.specs import PluginUploadSpec
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

NAME = "echo"


@dataclass
class Hosted:
    """An endpoint host that remembers what it runs, and fails when it is told to."""

    running: dict[str, str] = field(default_factory=dict)
    failure: MixpeekError | None = None

    def deploy(self, endpoint_id: str, recipes: Sequence[Recipe]) -> str:
        if self.failure is not None:
            raise self.failure
        assert all(Path(recipe.path).is_dir() for recipe in recipes)
        self.running[endpoint_id] = f"http://127.0.0.1:1/{endpoint_id}/{len(self.running)}"
        return self.running[endpoint_id]

    def retire(self, endpoint_id: str, *, keep: str) -> None:
        assert self.running[endpoint_id] == keep

    def remove(self, endpoint_id: str) -> None:
        self.running.pop(endpoint_id, None)


@dataclass
class PublishingLab:
    """One home, one namespace, and short ways to publish."""

    warehouse: Warehouse
    namespace_id: str
    host: Hosted
    source: Path
    settings: Settings

    @property
    def plugins(self) -> Plugins:
        return self.warehouse.plugins

    def archive(self, *, comment: str = "", name: str = NAME, **replaced: str) -> bytes:
        """The echo package as a zip; `replaced` swaps texts of its manifest, `comment` is part of its pipeline."""
        package = write_echo(self.source, name)
        manifest = package / "manifest.py"
        text = manifest.read_text()
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        manifest.write_text(text)
        if comment:
            pipeline = package / "pipeline.py"
            pipeline.write_text(f"{pipeline.read_text()}\nCOMMENT = {comment!r}\n")
        return pack(package)

    def sent(self, data: bytes, **announced: Any) -> str:
        """The id of an upload whose bytes have arrived."""
        spec = PluginUploadSpec(**{"name": NAME, **announced})
        upload = self.plugins.announce(self.namespace_id, spec)
        self.plugins.receive(upload.upload.upload_id, upload.token, data)
        return upload.upload.upload_id

    def confirm(self, data: bytes, **announced: Any) -> Confirmed:
        return self.plugins.confirm(self.namespace_id, self.sent(data, **announced))

    def publish(self, comment: str = "", **announced: Any) -> PublishedVersion:
        """A version that is published."""
        confirmed = self.confirm(self.archive(comment=comment), **announced)
        assert confirmed.plugin is not None, confirmed.findings
        return confirmed.plugin

    def settle(self) -> None:
        """What the sensors would ask for, done."""
        endpoints = self.warehouse.endpoints
        for wanted in endpoints.stale():
            endpoints.deploy(wanted.name, wanted.version, owner=wanted.owner)
        for left in endpoints.unwanted():
            endpoints.remove(left.endpoint_id)

    def collection(self, name: str = "texts", **extractor: Any) -> Collection:
        """A collection over a bucket of texts."""
        properties = {"body": {"type": "text"}}
        bucket = self.warehouse.buckets.create(
            self.namespace_id, BucketSpec(bucket_name=f"{name}s", bucket_schema={"properties": properties})
        )
        spec = {
            "collection_name": name,
            "source": {"type": "bucket", "bucket_ids": [bucket.bucket_id]},
            "feature_extractor": {"feature_extractor_name": NAME, **extractor},
        }
        return self.warehouse.collections.create(self.namespace_id, CollectionSpec.model_validate(spec))

    def reopened(self) -> Warehouse:
        """Another process over the same home."""
        return open_warehouse(self.settings, local=True)


def open_lab(folder: Path, **settings: Any) -> PublishingLab:
    """A home whose packages are trusted, unless the settings say otherwise: nothing waits for a worker to start."""
    chosen = Settings(**{"home": folder / "home", "plugin_level": "trusted", **settings})
    prepare_home(chosen)
    host = Hosted()
    parts = open_warehouse(chosen, local=True).parts
    warehouse = Warehouse(replace(parts, endpoint_host=lambda: host, is_answering=lambda one: bool(one.url)))
    return PublishingLab(warehouse, warehouse.ensure_namespace("default"), host, folder / "source", chosen)
