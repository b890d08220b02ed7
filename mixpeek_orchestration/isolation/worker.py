"""A worker that a package runs in: started when it is needed, and again after it ended."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixpeek_orchestration.core.errors import Broken, WorkerDied
from mixpeek_orchestration.isolation import paths, tables
from mixpeek_orchestration.isolation.broker import Service
from mixpeek_orchestration.isolation.death import Death
from mixpeek_orchestration.isolation.environment import worker_environment
from mixpeek_orchestration.isolation.folders import WorkerFolder, remove
from mixpeek_orchestration.isolation.frames import Frame, ProtocolError
from mixpeek_orchestration.isolation.jail import Jail
from mixpeek_orchestration.isolation.levels import Level, Limits, Network
from mixpeek_orchestration.isolation.process import Start, WorkerProcess
from mixpeek_orchestration.isolation.support import probe, require
from mixpeek_orchestration.isolation.wire_errors import error_from_wire

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Access:
    """What a worker may reach beside what all of them may. `broker` holds what the parent does for it, by name;
    `environment` is added to the few variables that it gets."""

    readable: Sequence[Path] = ()
    writable: Sequence[Path] = ()
    broker: Mapping[str, Service] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    environment: Mapping[str, str] = field(default_factory=dict)


class Worker:
    """An object of class `entry` (`module:Class`) in a process of its own, made there with `arguments` (plain JSON).

    Safe to use from several threads; plain methods run one after the other, coroutines beside each other. A worker that
    died is started again at the next call. `assets` is a folder where the parent leaves files for the worker.
    """

    def __init__(
        self,
        entry: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        level: Level = Level.UNTRUSTED,
        limits: Limits | None = None,
        access: Access | None = None,
        python: Path | None = None,
    ) -> None:
        self.level = Level(level)
        self.limits = limits or Limits()
        self._entry = entry
        self._arguments = dict(arguments or {})
        self._access = access or Access()
        self._python = python
        own = WorkerFolder()
        self._root = own.path
        self._live: list[WorkerProcess] = []
        self._starting = threading.RLock()
        self._preparations: list[tuple[str, dict[str, Any]]] = []
        self._closing = weakref.finalize(self, _close, self._live, own)
        self._clean()

    @property
    def assets(self) -> Path:
        """The worker may read and remove what is here, and make nothing."""
        return self._root / "assets"

    @property
    def folder(self) -> Path:
        """The worker's own folder, where it starts: it may do there what it likes."""
        return self._root / "work" / "tmp"

    @property
    def pid(self) -> int | None:
        """The process that runs now, if one does."""
        return self._live[0].pid if self._live and self._live[0].death is None else None

    def start(self) -> None:
        """The worker is ready. Raises `Unschedulable` when this machine cannot isolate to its level, what its entry
        raised, or `WorkerDied`."""
        self._process()

    def prepare(self, method: str, **arguments: Any) -> Any:
        """What the method returns now; it is called again first of all whenever the worker has been started again. It
        has the time of a start: nobody's call pays for loading a model."""
        with self._starting:
            result = self.result(
                self._process().submit(_message(method, arguments), b"", self.limits.start_s)
            )
            if (method, arguments) not in self._preparations:
                self._preparations.append((method, arguments))
            return result

    def call(
        self, method: str, table: pa.Table | None = None, *, wall_s: float | None = None, **arguments: Any
    ) -> Any:
        """What the method returned: a table, or plain values. Raises what it raised, or `WorkerDied`."""
        return self.result(self.submit(method, table, wall_s=wall_s, **arguments))

    def submit(
        self, method: str, table: pa.Table | None = None, *, wall_s: float | None = None, **arguments: Any
    ) -> Future[Frame]:
        """The reply to come, to be read with `result`."""
        payload = b"" if table is None else tables.to_bytes(table)
        return self._process().submit(_message(method, arguments), payload, wall_s or self.limits.call_s)

    def result(self, reply: Future[Frame]) -> Any:
        """What a reply says, waiting for it. A worker that answers with what is no answer is ended."""
        return self.read(reply.result())

    def read(self, frame: Frame) -> Any:
        """What a reply that has arrived says."""
        try:
            content = frame.content()
            if "error" not in content:
                return tables.from_worker(frame.payload) if content.get("table") else content.get("value")
            error = error_from_wire(content["error"])
        except (ProtocolError, AttributeError, TypeError) as problem:
            raise self._forged(problem) from None
        raise error

    def close(self) -> None:
        """The process and its folder are gone. Also happens when nobody holds the worker any more."""
        self._closing()

    def _clean(self) -> None:
        """The folders are there and empty: nothing that a dead worker left is found by the next."""
        for folder in ("work", "assets"):
            remove(self._root / folder)
        for folder in ("work/home", "work/tmp", "assets"):
            (self._root / folder).mkdir(parents=True)

    def _forged(self, problem: Exception) -> WorkerDied:
        death = Death(
            "protocol", f"it sent {problem}" if isinstance(problem, ProtocolError) else "it sent no answer"
        )
        for process in self._live:
            process.end(death)
        return death.error()

    def _process(self) -> WorkerProcess:
        with self._starting:
            if not self._closing.alive:
                raise Broken("A worker was called after it had been closed.")
            if self._live and self._live[0].death is None:
                return self._live[0]
            require(self.level, probe())
            self._clean()
            self._live[:] = [WorkerProcess(self._start())]
            self._await_ready(self._live[0])
            for method, arguments in self._preparations:
                self.result(self._live[0].submit(_message(method, arguments), b"", self.limits.start_s))
            return self._live[0]

    def _await_ready(self, process: WorkerProcess) -> None:
        try:
            self.result(process.ready)
        except WorkerDied as died:
            died.add_note(f"It printed:\n{process.output()}")
            raise
        except BaseException:
            process.end(Death("closed", "it could not be started"))
            raise

    def _start(self) -> Start:
        work = self._root / "work"
        environment = dict(os.environ)
        if self.level is not Level.TRUSTED:
            environment = worker_environment(os.environ, home=work / "home", temporary=work / "tmp")
        source = paths.import_root()
        if source is not None:
            environment["PYTHONPATH"] = str(source)
        environment |= self._access.environment
        python, packages = self._interpreter()
        return Start(
            python,
            environment,
            work / "tmp",
            self._jail(work),
            self._entry,
            self._arguments,
            self._access.broker,
            packages,
        )

    def _interpreter(self) -> tuple[Path, str]:
        """The interpreter, and the packages to add to ours in the jail. Whatever a wheel has put into an environment
        (`.pth` files, even the interpreter) is the package's, and must not run before the jail is shut."""
        if self._python is None or self.level is Level.TRUSTED:
            return self._python or Path(sys.executable), ""
        return Path(sys.executable), str(paths.packages_of(self._python))

    def _jail(self, work: Path) -> Jail:
        readable = [*paths.readable_by_all(self._python), *map(str, self._access.readable)]
        return Jail(
            level=self.level,
            limits=self.limits,
            readable=tuple(readable),
            writable=(str(work), *map(str, self._access.writable)),
            takable=(str(self.assets),),
            devices=paths.devices(),
            ports=self._access.network.ports,
        )


def _message(method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"method": method, "arguments": dict(arguments)}


def _close(live: list[WorkerProcess], own: WorkerFolder) -> None:
    for process in live:
        process.end(Death("closed", "it was closed"))
    own.remove()
