"""The base classes that typed extractors derive from. Older packages need none of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mixpeek_orchestration.core.errors import InvalidPackage, MixpeekError

if TYPE_CHECKING:
    import pandas as pd


class BatchProcessor:
    """A batch step: `setup()` runs once per worker before its first batch, `process(batch)` for every batch.

    A batch has the columns `data`, `document_id`, `object_id`, `blob_type`, `blob_property` and `mime_type`.
    `process` returns it with new columns; it may also return other rows, each with the `document_id` of the row
    that it came from.
    """

    _ready: bool = False

    def __init__(self, config: Any = None, **_options: Any) -> None:
        self.config = config

    def setup(self) -> None:
        """Load what is expensive: models, dictionaries, clients."""

    def process(self, batch: pd.DataFrame) -> pd.DataFrame:
        """The batch with this step's columns."""
        raise NotImplementedError(f"{type(self).__name__} has to define process(batch).")

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        self._be_ready()
        return self.process(batch)

    def _be_ready(self) -> None:
        """Set up, once. The lock is made here, because a package's own constructor may not call ours."""
        with self.__dict__.setdefault("_lock", threading.Lock()):
            if not self._ready:
                self._set_up()
                self._ready = True

    def _set_up(self) -> None:
        """No row is to blame for what fails here, so no row must be blamed."""
        try:
            self.setup()
        except MixpeekError as error:
            raise InvalidPackage(error.message, field="setup", value=error.value, fix=error.fix) from error
        except (Exception, SystemExit) as error:
            raise InvalidPackage(
                f"setup() of {type(self).__name__} failed: {type(error).__name__}: {error}",
                field="setup",
                value=type(error).__name__,
                fix="Correct setup(); when a download failed, run again.",
            ) from error


class BaseBatchInferenceService:
    """The older batch base: subclasses define `_process_batch(batch)`."""

    def __init__(self, config: Any = None, progress_actor: Any = None, **_options: Any) -> None:
        self.config = config
        self.progress_actor = progress_actor

    def _process_batch(self, batch: pd.DataFrame) -> pd.DataFrame:
        """The batch with this step's columns."""
        raise NotImplementedError(f"{type(self).__name__} has to define _process_batch(batch).")

    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame:
        return self._process_batch(batch)


@dataclass(frozen=True)
class ServeDeploymentConfig:
    """How a realtime service wants to be deployed; unset fields are decided by the host."""

    enabled: bool = True
    num_replicas: int | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    target_ongoing_requests: int | None = None
    num_cpus: float | None = None
    num_gpus: float | None = None
    memory_gb: float | None = None


class BaseInferenceService:
    """The older realtime base: subclasses define `run_inference(inputs, parameters)` or `_process_single`."""

    serve_config: ClassVar[ServeDeploymentConfig] = ServeDeploymentConfig()

    def __init__(self, *_args: Any, **_options: Any) -> None:
        """Accepts and ignores what hosts of older packages passed."""


class InferenceService(BaseInferenceService):
    """A realtime service: `setup()` runs once per replica, `infer` for every request.

    A subclass may also define `async infer_many(requests)`: it gets a list of `(inputs, parameters)` and returns
    the answers in the same order, so that concurrent requests share one pass through the model.
    """

    def setup(self) -> None:
        """Load what is expensive; share it with the batch processor so that vectors agree."""

    async def infer(self, inputs: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request; embedding services put the vector under `embedding`."""
        raise NotImplementedError(f"{type(self).__name__} has to define infer(inputs, parameters).")
