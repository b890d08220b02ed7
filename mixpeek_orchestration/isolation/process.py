"""One worker process from exec to its end, and the thread that starts it, hears it, watches it and ends it."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mixpeek_orchestration.isolation.broker import Broker, Service
from mixpeek_orchestration.isolation.child import READY
from mixpeek_orchestration.isolation.death import Death, of_exit
from mixpeek_orchestration.isolation.frames import Frame, FrameBuffer, ProtocolError, write_frame
from mixpeek_orchestration.isolation.jail import Jail
from mixpeek_orchestration.isolation.watch import Watch

_BUSY_S, _IDLE_S = 0.05, 0.5
_ENDING_S: Final = 0.5
_CHUNK: Final = 1 << 20
_OUTPUT_CHUNKS: Final = 16
_OUTPUT_CHUNK: Final = 4096
_MODULE: Final = "mixpeek_orchestration.isolation.child"


@dataclass(frozen=True)
class Start:
    """How a worker is started: interpreter, environment, folder, jail, and what to make in it."""

    python: Path
    environment: Mapping[str, str]
    folder: Path
    jail: Jail
    entry: str
    arguments: Mapping[str, Any]
    broker: Mapping[str, Service]
    packages: str = ""
    """A folder of installed packages that the worker sees once its jail is shut."""


@dataclass
class _Call:
    future: Future[Frame]
    deadline: float
    seconds: float


@dataclass
class _Pipes:
    """Our ends and the worker's ends."""

    requests: int
    replies: int
    asks: int
    answers: int
    output: int
    theirs: list[int] = field(default_factory=list)

    @classmethod
    def made(cls) -> _Pipes:
        (their_requests, requests), (replies, their_replies) = os.pipe(), os.pipe()
        (asks, their_asks), (their_answers, answers) = os.pipe(), os.pipe()
        output, their_output = os.pipe()
        theirs = [their_requests, their_replies, their_asks, their_answers, their_output]
        return cls(requests, replies, asks, answers, output, theirs)

    def close_theirs(self) -> None:
        while self.theirs:
            os.close(self.theirs.pop())

    def close(self) -> None:
        self.close_theirs()
        for pipe in (self.requests, self.replies, self.asks, self.output):
            os.close(pipe)


class WorkerProcess:
    """A running worker. When it ends, for whatever reason, every call that waits for it fails with that reason."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._limits = start.jail.limits
        self._pipes = _Pipes.made()
        self._calls: dict[int, _Call] = {}
        self._last = READY
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._end = threading.Event()
        self._output: deque[bytes] = deque(maxlen=_OUTPUT_CHUNKS)
        self.death: Death | None = None
        self.ready = self._expect(self._limits.start_s)[1]
        self._thread = threading.Thread(target=self._live, name="worker", daemon=True)
        self._thread.start()

    def submit(self, content: dict[str, Any], payload: bytes, seconds: float) -> Future[Frame]:
        """The reply to come; its future fails with `WorkerDied` when the worker ends first.

        Raises `TypeError` or `ValueError` for content that JSON cannot say.
        """
        text = Frame.of(READY, content).text
        number, future = self._expect(seconds)
        try:
            with self._writing:
                if self.death is None:
                    write_frame(self._pipes.requests, Frame(number, text, payload))
        except OSError:
            pass  # it is about to be found dead, which fails the future
        return future

    def end(self, death: Death) -> None:
        """Ends the worker, and returns when it is gone."""
        with self._lock:
            self.death = self.death or death
        self._end.set()
        self._kill()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    @property
    def pid(self) -> int:
        """The id of the process, for tests and logs."""
        return self._process.pid

    def output(self) -> str:
        """The last of what the worker printed. It may hold content: only for before any package code has run."""
        return b"".join(self._output).decode(errors="replace")

    def _expect(self, seconds: float) -> tuple[int, Future[Frame]]:
        future: Future[Frame] = Future()
        future.set_running_or_notify_cancel()  # a caller that gives up does not stop the worker
        with self._lock:
            if self.death is not None:
                future.set_exception(self.death.error(alone=False))
                return -1, future
            number, self._last = self._last, self._last + 1
            self._calls[number] = _Call(future, time.monotonic() + seconds, seconds)
        return number, future

    def _live(self) -> None:
        """The thread of the worker. It starts the process itself, because the process is told to end with it."""
        broker = Broker(self._start.broker, self._pipes.answers)
        death = Death("closed", "it was closed")
        try:
            self._exec()
            death = self._hear(broker)
        except ProtocolError as error:
            death = Death("protocol", f"it sent {error}")
        except OSError as error:
            death = Death("exit", f"it could not be started: {error}")
        finally:
            self._bury(death, broker)

    def _exec(self) -> None:
        start, theirs = self._start, self._pipes.theirs
        self._process = subprocess.Popen(
            [start.python, "-P", "-s", "-m", _MODULE, *map(str, theirs[:4]), str(os.getpid())],
            env=dict(start.environment),
            cwd=start.folder,
            stdin=subprocess.DEVNULL,
            stdout=theirs[4],
            stderr=theirs[4],
            pass_fds=theirs[:4],
            start_new_session=True,
        )
        self._pipes.close_theirs()
        setup = {"jail": start.jail.to_wire(), "entry": start.entry, "arguments": dict(start.arguments)}
        setup["packages"] = start.packages
        with suppress(BrokenPipeError):  # it has ended already, which is found out next
            write_frame(self._pipes.requests, Frame.of(READY, setup))

    def _hear(self, broker: Broker) -> Death:
        """Reads what the worker says until it ends or must be ended; the reason."""
        replies, asks = FrameBuffer(self._limits.frame_bytes), FrameBuffer(self._limits.frame_bytes)
        watch = Watch(self._process.pid, self._limits, self._start.jail.writable)
        with selectors.DefaultSelector() as selector:
            for pipe in (self._pipes.replies, self._pipes.asks, self._pipes.output):
                selector.register(pipe, selectors.EVENT_READ)
            while not self._end.is_set():
                for key, _ in selector.select(_BUSY_S if self._calls else _IDLE_S):
                    chunk = os.read(key.fd, _OUTPUT_CHUNK if key.fd == self._pipes.output else _CHUNK)
                    if not chunk and key.fd == self._pipes.replies:
                        return self._gone()
                    if not chunk:
                        selector.unregister(key.fd)
                    elif key.fd == self._pipes.output:
                        self._output.append(chunk)
                    elif key.fd == self._pipes.asks:
                        for frame in asks.feed(chunk):
                            broker.take(frame)
                    else:
                        for frame in replies.feed(chunk):
                            self._reply(frame)
                breach = self._late() or watch.breach()
                if breach is not None:
                    return breach
        return self.death or Death("closed", "it was closed")

    def _reply(self, frame: Frame) -> None:
        with self._lock:
            call = self._calls.pop(frame.number, None)
        if call is None:
            raise ProtocolError("a reply that nobody waits for")
        call.future.set_result(frame)

    def _late(self) -> Death | None:
        now = time.monotonic()
        with self._lock:
            late = [(number, call) for number, call in self._calls.items() if call.deadline < now]
        if not late:
            return None
        number, call = late[0]
        return Death("time", f"it did not answer within {call.seconds:g} s", number)

    def _gone(self) -> Death:
        """It closed its pipe: it is ending, or it wants to go on unheard, which it may not."""
        try:
            return of_exit(self._process.wait(timeout=_ENDING_S))
        except subprocess.TimeoutExpired:
            return Death("protocol", "it closed its pipe")

    def _kill(self) -> None:
        process = getattr(self, "_process", None)
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.killpg(process.pid, signal.SIGKILL)

    def _bury(self, death: Death, broker: Broker) -> None:
        """The process is gone, nobody waits for it any more, and its pipes are closed."""
        with self._lock:
            self.death = self.death or death
            calls, self._calls = self._calls, {}
        self._kill()
        if hasattr(self, "_process"):
            self._process.wait()
        broker.close()
        for number, call in calls.items():
            call.future.set_exception(self.death.error(number=number, alone=len(calls) == 1))
        with self._writing:  # a number that is still being written to must not become another file's
            self._pipes.close()
