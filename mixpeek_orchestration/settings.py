"""All settings, read once: from `MIXPEEK_…` environment variables, with defaults under one home folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Where state lives and where services listen. Every field can be set as `MIXPEEK_<FIELD>`."""

    model_config = SettingsConfigDict(
        env_prefix="MIXPEEK_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Field(default=Path(".mixpeek"), description="The folder that holds all state.")
    catalog_url: str = Field(
        default="", description="SQLAlchemy URL of the catalog; SQLite in the home by default."
    )
    objects_url: str = Field(
        default="", description="fsspec URL of the object store; a folder in the home by default."
    )
    documents_url: str = Field(
        default="", description="LanceDB URI of the documents; a folder in the home by default."
    )
    extractor_paths: str = Field(
        default="",
        description="Folders with extractor packages besides the built-in ones, separated by colons.",
    )
    host: str = Field(
        default="127.0.0.1", description="The address that the API and the webserver listen on."
    )
    api_port: int = Field(default=8080, description="Port of the HTTP API.")
    webserver_port: int = Field(default=3000, description="Port of the Dagster webserver.")
    code_server_port: int = Field(default=4266, description="Port of the Dagster code server (gRPC).")
    serve_port: int = Field(default=8321, description="Port of the Ray Serve HTTP proxy.")
    ray_port: int = Field(default=6390, description="Port of the local Ray head node.")
    ray_agent_port: int = Field(
        default=6391, description="Port of the Ray node agent, which answers health checks."
    )
    ray_address: str = Field(
        default="",
        validation_alias=AliasChoices("MIXPEEK_RAY_ADDRESS", "RAY_ADDRESS"),
        description="Address of an existing Ray cluster; empty means the one that `mixpeek up` starts.",
    )
    in_process_items: int = Field(
        default=500, description="Up to this many items a run extracts in its own process instead of on Ray."
    )

    upload_bytes: int = Field(
        default=512_000_000,
        description="The most bytes that one uploaded file may have; the API holds them in memory.",
    )

    @property
    def root(self) -> Path:
        """The home as an absolute path."""
        return self.home.expanduser().resolve()

    @property
    def catalog(self) -> str:
        return self.catalog_url or f"sqlite:///{self.root / 'catalog.db'}"

    @property
    def objects(self) -> str:
        return self.objects_url or str(self.root / "objects")

    @property
    def documents(self) -> str:
        return self.documents_url or str(self.root / "documents")

    @property
    def snapshots(self) -> Path:
        """The folder with the published snapshots that Dagster definitions are built from."""
        return self.root / "snapshots"

    @property
    def credentials(self) -> Path:
        return self.root / "credentials.json"

    @property
    def extractor_folders(self) -> list[Path]:
        """Where packages are looked for, the built-in ones first."""
        extra = [Path(part) for part in self.extractor_paths.split(":") if part]
        return [REPOSITORY / "extractor_packages", *extra]
