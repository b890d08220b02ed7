"""The instance for Kubernetes: loaded with a real database and a real S3, and a run's Job as the cluster would get it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.reconstruct import ReconstructableRepository
from dagster._core.launcher import LaunchRunContext
from sqlalchemy import make_url

from mixpeek_orchestration.defs.instance import instance_config

FILE = Path(__file__).parents[2] / "deploy" / "kubernetes" / "dagster.yaml"
SHARED = ("telemetry", "nux", "sensors", "run_queue", "run_retries", "retention")


@dg.job
def empty_job() -> None:
    """Nothing."""


class Cluster(ThreadingHTTPServer):
    """Answers as the API of a Kubernetes cluster when a Job is created, and keeps what was asked for."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Cluster

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.jobs.append({"path": self.path, "body": json.loads(body)})
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """The API of a cluster, on loopback."""
    server = Cluster()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def instance(
    cluster: Cluster,
    empty_database: Callable[[], str],
    s3_options: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dg.DagsterInstance]:
    """The instance of the file; all that differs is which cluster, database and S3 there are."""
    database = make_url(empty_database())
    socket = str(database.query["host"])
    environment = {
        "DAGSTER_PG_USERNAME": database.username or "",
        "DAGSTER_PG_PASSWORD": database.password or "none",
        "DAGSTER_PG_HOST": "localhost",
        "DAGSTER_PG_DB": database.database or "",
        "MIXPEEK_LOGS_BUCKET": "warehouse",
        "MIXPEEK_KUBERNETES_NAMESPACE": "mixpeek",
        "MIXPEEK_IMAGE": "registry.example/mixpeek:1",
        "AWS_ACCESS_KEY_ID": s3_options["key"],
        "AWS_SECRET_ACCESS_KEY": s3_options["secret"],
        "AWS_ENDPOINT_URL": s3_options["client_kwargs"]["endpoint_url"],
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    config = yaml.safe_load(FILE.read_text())
    config["run_launcher"]["config"] |= {
        "load_incluster_config": False,
        "kubeconfig_file": str(_kubeconfig(cluster, tmp_path)),
    }
    config["storage"]["postgres"]["postgres_db"]["params"] = {"host": socket}  # it listens on a socket only
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(yaml.safe_dump(config))
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def _kubeconfig(cluster: Cluster, folder: Path) -> Path:
    host, port = cluster.server_address[:2]
    named = {"name": "test"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{**named, "cluster": {"server": f"http://{host!s}:{port}"}}],
        "users": [{**named, "user": {}}],
        "contexts": [{**named, "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def launched(instance: dg.DagsterInstance, tags: dict[str, str] | None = None) -> dg.DagsterRun:
    """A run of our upkeep job, as it is given to the launcher."""
    repository = ReconstructableRepository.for_module("mixpeek_orchestration.definitions", "defs")
    job = repository.get_reconstructable_job("retire_endpoints")
    run = instance.create_run_for_job(
        job.get_definition(), tags=tags, job_code_origin=job.get_python_origin()
    )
    instance.run_launcher.launch_run(LaunchRunContext(dagster_run=run, workspace=None))
    return run


def test_the_database_is_the_one_of_the_environment(instance: dg.DagsterInstance) -> None:
    """Runs and events are kept in PostgreSQL, migrated, and can be read back."""
    run = instance.create_run_for_job(empty_job)
    assert type(instance.run_storage).__name__ == "PostgresRunStorage"
    assert type(instance.event_log_storage).__name__ == "PostgresEventLogStorage"
    assert type(instance.schedule_storage).__name__ == "PostgresScheduleStorage"
    instance.report_run_failed(run, "away")
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status is dg.DagsterRunStatus.FAILURE
    assert "away" in [entry.message for entry in instance.all_logs(run.run_id)]


def test_logs_of_runs_are_on_s3(instance: dg.DagsterInstance, s3_options: dict[str, Any]) -> None:
    """What a run prints is found in the bucket afterwards."""
    import s3fs

    with instance.compute_log_manager.capture_logs(["run", "compute_logs", "step"]):
        print("a line of a run")
    files = s3fs.S3FileSystem(**s3_options, use_listings_cache=False).find("warehouse/dagster/logs")
    assert [file.rsplit("/", 1)[-1] for file in files if file.endswith("step.out")] == ["step.out"]


def test_a_run_is_a_job(instance: dg.DagsterInstance, cluster: Cluster) -> None:
    """The Job has our image, settings and secrets, the labels of the run, the command that executes it, and no right
    that it does not need."""
    run = launched(instance)
    (asked,) = cluster.jobs
    assert asked["path"].startswith("/apis/batch/v1/namespaces/mixpeek/jobs")
    job = asked["body"]
    labels = job["metadata"]["labels"]
    assert (labels["dagster/run-id"], labels["dagster/job"]) == (run.run_id, "retire_endpoints")
    assert job["spec"]["ttlSecondsAfterFinished"] == 86400
    assert job["spec"]["backoffLimit"] == 0
    pod = job["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "mixpeek-dagster"
    assert pod["restartPolicy"] == "Never"
    (container,) = pod["containers"]
    assert container["image"] == "registry.example/mixpeek:1"
    assert container["args"][:3] == ["dagster", "api", "execute_run"]
    sources = [next(iter(source.values()))["name"] for source in container["envFrom"]]
    assert sources == ["mixpeek-settings", "mixpeek-secrets"]
    password = next(entry for entry in container["env"] if entry["name"] == "DAGSTER_PG_PASSWORD")
    assert password["valueFrom"]["secretKeyRef"]["name"] == "mixpeek-dagster-postgres"
    security = container["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert pod["volumes"] == []


def test_a_tag_may_ask_for_more_memory(instance: dg.DagsterInstance, cluster: Cluster) -> None:
    """The one thing that a run may choose about its pod."""
    limits = {"limits": {"memory": "16Gi"}}
    launched(instance, {"dagster-k8s/config": json.dumps({"container_config": {"resources": limits}})})
    (container,) = cluster.jobs[0]["body"]["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["memory"] == "16Gi"


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"container_config": {"security_context": {"privileged": True}}}, id="privileged"),
        pytest.param({"container_config": {"image": "elsewhere.example/anything"}}, id="image"),
        pytest.param({"container_config": {"command": ["sh", "-c", "env"]}}, id="command"),
        pytest.param({"container_config": {"env": [{"name": "X", "value": "1"}]}}, id="environment"),
        pytest.param({"pod_spec_config": {"host_network": True}}, id="host-network"),
        pytest.param({"pod_spec_config": {"service_account_name": "admin"}}, id="service-account"),
        pytest.param(
            {"pod_spec_config": {"volumes": [{"name": "root", "host_path": {"path": "/"}}]}}, id="host-path"
        ),
        pytest.param({"job_spec_config": {"parallelism": 100}}, id="parallelism"),
    ],
)
def test_a_tag_cannot_choose_anything_else(
    instance: dg.DagsterInstance, cluster: Cluster, wanted: dict[str, Any]
) -> None:
    """A run whose tag asks for more is refused, and no Job is made."""
    with pytest.raises(
        Exception, match=r"[Aa]ttempted to create a pod with fields that violated the allowed list"
    ):
        launched(instance, {"dagster-k8s/config": json.dumps(wanted)})
    assert cluster.jobs == []


def test_what_does_not_depend_on_the_place_is_the_same_everywhere() -> None:
    """Retries, retention and sensors are those of the local stack; pools too, with more runs at a time."""
    here, local = yaml.safe_load(FILE.read_text()), instance_config(Path())
    assert {name: here[name] for name in SHARED} == {name: local[name] for name in SHARED}
    assert here["concurrency"]["pools"] == local["concurrency"]["pools"]
    assert (
        here["concurrency"]["runs"]["max_concurrent_runs"]
        > local["concurrency"]["runs"]["max_concurrent_runs"]
    )


def test_every_variable_is_documented() -> None:
    """The README names whatever the file takes from the environment."""
    text = (FILE.parent / "README.md").read_text()
    named = set(re.findall(r"env: (\w+)", FILE.read_text()))
    assert len(named) == 7
    assert {name for name in named if f"`{name}`" not in text} == set()
