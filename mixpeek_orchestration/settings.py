"""All settings, read once: from `MIXPEEK_…` environment variables, with defaults under one home folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
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

    transient_attempts: int = Field(
        default=3,
        ge=1,
        le=10,
        description="How often a run tries what may go away by itself: a time-out, a refused connection.",
    )
    transient_wait_s: float = Field(
        default=0.5, ge=0, description="How long it waits before the second attempt; the waits double."
    )
    transient_longest_wait_s: float = Field(default=10.0, ge=0, description="How long one wait may become.")

    cpu_runs: int = Field(
        default=2, ge=1, description="How many runs may extract on the cores of this machine at a time."
    )
    gpu_runs: int = Field(
        default=1,
        ge=1,
        description="How many runs may use accelerators at a time; the others wait in the queue.",
    )
    api_runs: int = Field(
        default=2, ge=1, description="How many runs may call services of others (LLMs) at a time."
    )

    plugin_level: Literal["trusted", "reviewed", "untrusted"] = Field(
        default="reviewed", description="How far uploaded extractor packages are trusted."
    )
    submission_level: Literal["trusted", "reviewed", "untrusted"] = Field(
        default="untrusted", description="How far packages are trusted that were submitted for everybody."
    )
    plugin_quota: int = Field(
        default=0, description="How many extractors a namespace may publish; 0 for any number."
    )
    upload_bytes: int = Field(
        default=512_000_000,
        description="The most bytes that one uploaded file may have; the API holds them in memory.",
    )

    sync_sources: str = Field(
        default="",
        description="Folders and s3:// prefixes that may be synced over HTTP, separated by commas; none by default.",
    )

    logged_queries: int = Field(
        default=500,
        ge=0,
        description="How many of a namespace's last queries are kept, for 30 days, to compare generations on; 0 for none.",
    )

    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="The key that secrets are encrypted with, or several: the first encrypts, all decrypt. A file in "
        "the home that only its owner can read by default.",
    )
    llm_api_keys: dict[str, SecretStr] = Field(
        default={},
        description='Keys of LLM providers, where there is no secret of that name: {"OPENAI_API_KEY": "…"}.',
    )
    llm_base_urls: dict[str, str] = Field(
        default={},
        description="Other URLs of LLM providers, and those of OpenAI-compatible servers, by provider.",
    )
    llm_prices: dict[str, tuple[float, float]] = Field(
        default={},
        description="Dollars per million input and output tokens by `provider/model`, where the price table is not right.",
    )
    llm_options: dict[str, dict[str, str]] = Field(
        default={}, description='More about providers: {"vertex": {"project": "…", "location": "…"}}.'
    )
    llm_timeout_s: float = Field(default=120.0, description="How long one call of an LLM may take.")
    llm_retries: int = Field(default=4, description="How often a refused call of an LLM is tried again.")
    llm_cache_days: float = Field(default=30.0, description="How long answers of LLMs are reused.")

    price_cpu_hour: float = Field(default=0.05, ge=0, description="Dollars for an hour of one CPU core.")
    price_gpu_hour: float = Field(default=2.5, ge=0, description="Dollars for an hour of one accelerator.")
    price_items: dict[str, float] = Field(
        default={},
        description='Dollars per item of extractors that pay others unmeasured, by name: {"my_ocr": 0.0015}.',
    )

    heal_drift: bool = Field(
        default=True,
        description="Whether tables that somebody else changed are restored by a run; they are shown in any case.",
    )
    retain_runs_days: float = Field(
        default=30.0,
        ge=0,
        description="How many days runs are kept with their events and measurements after they ended; 0 for ever.",
    )
    retain_batches_days: float = Field(
        default=180.0, ge=0, description="How many days batches are kept after they ended; 0 for ever."
    )
    retain_drafts_days: float = Field(
        default=30.0,
        ge=0,
        description="How many days batches are kept that were never submitted; 0 for ever.",
    )
    retain_versions: int = Field(
        default=20,
        ge=1,
        description="How many of the newest versions of a table are kept, whatever their age.",
    )
    retain_versions_hours: float = Field(
        default=24.0, ge=0, description="For how many hours every older version of a table is kept."
    )
    retain_sync_jobs_days: float = Field(
        default=30.0, ge=0, description="How many days the record of a sync's run is kept; 0 for ever."
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
    def own_models(self) -> str:
        """Where the weights that namespaces upload lie; nothing else does, so that unused parts can be removed."""
        return f"{self.objects.rstrip('/')}/models"

    @property
    def snapshots(self) -> Path:
        """The folder with the published snapshots that Dagster definitions are built from."""
        return self.root / "snapshots"

    @property
    def credentials(self) -> Path:
        return self.root / "credentials.json"

    @property
    def packages(self) -> Path:
        """Where published packages lie unpacked, by archive."""
        return self.root / "extractors" / "published"

    @property
    def sync_allowed(self) -> tuple[str, ...]:
        """What `sync_sources` names."""
        return tuple(part.strip().rstrip("/") for part in self.sync_sources.split(",") if part.strip())

    @property
    def spool(self) -> Path:
        """Where archives lie while they arrive."""
        return self.root / "arriving"

    @property
    def extractor_folders(self) -> list[Path]:
        """Where packages are looked for, the built-in ones first."""
        extra = [Path(part) for part in self.extractor_paths.split(":") if part]
        return [REPOSITORY / "extractor_packages", *extra]
