"""A worker as its callers see it: calls, concurrency, limits, restarts, the broker, and that nothing is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
import tenacity

from mixpeek_orchestration.core.errors import InvalidInput, ItemFailure, Unschedulable, WorkerDied
from mixpeek_orchestration.isolation import worker as worker_module
from mixpeek_orchestration.isolation.folders import WorkerFolder, sweep
from mixpeek_orchestration.isolation.levels import Level, Limits
from mixpeek_orchestration.isolation.paths import package_root
from mixpeek_orchestration.isolation.support import Support
from mixpeek_orchestration.isolation.worker import Access, Worker

HERE = Path(__file__).parent
ENTRY = "isolation_entries:Entry"


def refuse() -> None:
    """A service that does not want to."""
    raise InvalidInput("not for you", field="door", fix="ask again")


def fail() -> None:
    """A service that fails, with something in its message that is nobody's business."""
    raise RuntimeError("the password is sesame")


SERVICES: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "content": lambda: b"bytes",
    "size": lambda payload: len(payload),
    "refuse": refuse,
    "fail": fail,
}


def made(level: Level = Level.UNTRUSTED, limits: Limits | None = None, start: str = "") -> Worker:
    """A worker of the test entry."""
    access = Access(
        readable=(HERE,),
        broker=SERVICES,
        environment={"PYTHONPATH": f"{package_root().parent}:{HERE}"},
    )
    arguments = {"start": start} if start else {}
    return Worker(ENTRY, arguments, level=level, limits=limits or Limits(call_s=20.0), access=access)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """A worker that nobody ends."""
    one = made()
    yield one
    one.close()


@pytest.fixture
def mortal() -> Iterator[Worker]:
    """A worker that a test may end."""
    one = made(limits=Limits(call_s=3.0))
    yield one
    one.close()


def test_plain_values_and_tables_cross_the_pipe(worker: Worker) -> None:
    """JSON comes back as JSON, a table as a table, also one that is larger than a pipe holds."""
    assert worker.call("echo", a=[1, "ä", None], b={"c": 0.5}) == {"a": [1, "ä", None], "b": {"c": 0.5}}
    table = pa.table({"text": ["x" * 1000] * 5000, "vector": [[1.0, 2.0]] * 5000})
    assert worker.call("doubled", table).equals(pa.concat_tables([table, table]).combine_chunks())


def test_coroutines_answer_beside_each_other(worker: Worker) -> None:
    """A request that waits for another one is not in its way."""
    waiting = worker.submit("wait_for", name="flag")
    assert worker.call("touch", name="flag") is None
    assert worker.result(waiting) == "flag"


def test_everyday_work_with_files_does_not_notice_the_jail(worker: Worker) -> None:
    """Touching, copying with times, trees, archives, moving and removing, all in its own folder."""
    found = [name for name in worker.call("copies") if not name.startswith("tmp")]
    assert found == ["moved", "out/tree/a", "t.tar"]


def test_what_json_cannot_say_is_an_error_of_that_call(worker: Worker) -> None:
    """The caller learns the type, and the worker goes on."""
    with pytest.raises(TypeError, match="object"):
        worker.call("unsayable")
    assert worker.call("echo") == {}


@pytest.mark.parametrize(
    ("name", "arguments", "answer"), [("add", {"a": 1, "b": 2}, 3), ("content", {}, "bytes")]
)
def test_the_parent_does_what_is_asked_by_name(
    worker: Worker, name: str, arguments: dict[str, Any], answer: object
) -> None:
    """Plain values and bytes come back."""
    assert worker.call("ask", name=name, **arguments) == answer


def test_bytes_are_sent_to_the_parent_as_they_are(worker: Worker) -> None:
    """An upload is a payload, not JSON."""
    assert worker.call("send", name="size", content="ä" * 100_000) == 200_000


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "message"),
    [
        ("refuse", {}, InvalidInput, "not for you ask again"),
        ("nothing", {}, InvalidInput, "does not do this"),
        ("add", {"a": 1}, InvalidInput, "does not do add with these arguments"),
        ("fail", {}, ItemFailure, r"could not do this: RuntimeError\.$"),
    ],
)
def test_a_service_that_fails_says_no_more_than_it_should(
    worker: Worker, name: str, arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """Our own errors come with their text; of any other the package learns the kind only."""
    with pytest.raises(kind, match=message):
        worker.call("ask", name=name, **arguments)


def test_a_worker_that_died_is_started_again_without_what_it_left(mortal: Worker) -> None:
    """The next call has a new process, an empty folder, and everything that was prepared."""
    mortal.prepare("prepare", what="weights")
    assert mortal.call("leave_a_file") == ["left"]
    with pytest.raises(WorkerDied, match="exit code 7") as died:
        mortal.call("leave")
    assert died.value.value == "exit"
    assert mortal.call("files") == []
    assert mortal.call("preparations") == ["weights"]


def test_a_call_that_hangs_is_blamed_and_those_beside_it_are_not(mortal: Worker) -> None:
    """Both calls fail, because they share a process; only one of them is told that it was the cause."""
    hanging = mortal.submit("block")
    beside = mortal.submit("slowly", wall_s=3600.0, seconds=3600.0)
    wait([hanging, beside])
    for reply, blamed in ((hanging, True), (beside, False)):
        with pytest.raises(WorkerDied) as died:
            mortal.result(reply)
        assert died.value.value == "time"
        assert died.value.context["blamed"] is blamed


@pytest.mark.parametrize(
    ("start", "kind", "message"),
    [
        ("raise", ValueError, "not today"),
        ("leave", WorkerDied, "exit code 5"),
        ("sleep", WorkerDied, "within 2 s"),
    ],
)
def test_an_entry_that_cannot_be_made_leaves_nothing_running(
    start: str, kind: type[Exception], message: str
) -> None:
    """The caller gets the reason, and there is no process."""
    one = made(limits=Limits(start_s=2.0 if start == "sleep" else 60.0), start=start)
    before = _workers()
    with pytest.raises(kind, match=message):
        one.start()
    assert one.pid is None
    assert _workers() == before
    one.close()


def test_a_closed_worker_is_gone_with_its_folder() -> None:
    """Neither a process nor a file is left, also when its owner only forgot it."""
    one = made()
    one.start()
    pid, folder = one.pid, one.folder
    del one
    assert not psutil.pid_exists(pid or 0)
    assert not folder.exists()


def test_folders_of_killed_owners_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed host left is removed by the next one; the folder of a living one, a new one and a link stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = WorkerFolder()
    for name in ("left", "kept"):
        (tmp_path / f"mixpeek-worker-{name}" / "work").mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "mixpeek-worker-link").symlink_to(elsewhere)
    os.utime(tmp_path / "mixpeek-worker-left", (0, 0))
    os.utime(living.path, (0, 0))
    sweep(tmp_path)
    assert not (tmp_path / "mixpeek-worker-left").exists()
    assert living.path.exists()
    assert (tmp_path / "mixpeek-worker-kept").exists()
    assert elsewhere.exists()
    living.remove()
    assert not living.path.exists()


def test_a_machine_that_cannot_isolate_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The level is not lowered: the call is refused before there is a process, and a trusted one is not."""
    monkeypatch.setattr(worker_module, "probe", lambda: Support("Linux", "x86_64", 0, seccomp=True))
    one = made()
    with pytest.raises(Unschedulable, match="Landlock"):
        one.call("echo")
    assert one.pid is None
    trusted = made(Level.TRUSTED)
    assert trusted.call("echo") == {}
    trusted.close()


def test_a_worker_ends_with_its_parent() -> None:
    """A host that is killed leaves no worker behind, not even one that hangs."""
    script = f"""
        import sys, time
        sys.path[:0] = [{str(package_root().parent)!r}, {str(HERE.parents[2])!r}]
        from assets_tests.unit.isolation.test_isolation_worker import made
        worker = made()
        worker.start()
        worker.submit("hang")
        print(worker.pid, flush=True)
        time.sleep(3600)
    """
    host = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    assert host.stdout is not None
    pid = int(host.stdout.readline())
    assert psutil.pid_exists(pid)
    host.send_signal(signal.SIGKILL)
    host.communicate()
    _soon(lambda: not _is_running(pid))


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@tenacity.retry(stop=tenacity.stop_after_delay(20), wait=tenacity.wait_fixed(0.05), reraise=True)
def _soon(fact: Callable[[], bool]) -> None:
    assert fact()


def _workers() -> set[int]:
    return {child.pid for child in psutil.Process(os.getpid()).children()}
