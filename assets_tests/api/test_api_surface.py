"""What the API is as a whole: its paths, and what importing it does not import."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from assets_tests.api.conftest import Api
from mixpeek_orchestration.api.app import create_app
from mixpeek_orchestration.bootstrap import prepare_home
from mixpeek_orchestration.settings import Settings

SNAPSHOT = Path(__file__).with_name("openapi_paths.txt")


def test_the_paths_are_those_decided_on(api: Api) -> None:
    """A change of paths or methods is a change of `openapi_paths.txt`, to be reviewed as one."""
    paths = create_app(api.warehouse).openapi()["paths"]
    lines = sorted(f"{path} {method.upper()}" for path, methods in paths.items() for method in methods)
    assert "\n".join(lines) + "\n" == SNAPSHOT.read_text()


def test_every_route_is_documented(api: Api) -> None:
    """Every route has a summary, and every one but health, and contents whose URL is a permission, asks for a key."""
    paths = create_app(api.warehouse).openapi()["paths"]
    operations = {(path, method): op for path, methods in paths.items() for method, op in methods.items()}
    assert all(operation["summary"] and operation["description"] for operation in operations.values())
    without_key = {path for (path, _), operation in operations.items() if "security" not in operation}
    assert without_key == {
        "/v1/health",
        "/v1/health/liveness",
        "/v1/uploads/{upload_id}",
        "/v1/models/uploads/{upload_id}/content",
        "/v1/plugins/archives/{owner}/{plugin_id}.zip",
    }


def test_the_api_imports_neither_dagster_nor_ray(tmp_path: Path) -> None:
    """A fresh interpreter that has opened a warehouse and made the app has imported no Dagster, Ray or torch."""
    program = f"""
import sys
from mixpeek_orchestration.api.app import create_app
from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.settings import Settings
settings = Settings(home={str(tmp_path)!r})
prepare_home(settings)
create_app(open_warehouse(settings)).openapi()
import mixpeek_orchestration.api.__main__
print([name for name in ("dagster", "ray", "torch", "sentence_transformers") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=240, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_module_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """`python -m mixpeek_orchestration.api` answers on the port of the settings, and ends on SIGTERM."""
    port = free_port()
    prepare_home(Settings(home=tmp_path, api_port=port))
    environment = os.environ | {"MIXPEEK_HOME": str(tmp_path), "MIXPEEK_API_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "mixpeek_orchestration.api"], env=environment)
    try:
        await_answer(f"http://127.0.0.1:{port}/health", process)
        credentials = json.loads((tmp_path / "credentials.json").read_text())
        headers = {
            "Authorization": f"Bearer {credentials['api_key']}",
            "X-Namespace": credentials["namespace"],
        }
        assert httpx.get(f"{credentials['base_url']}/v1/buckets", headers=headers).status_code == 200
        process.terminate()
        assert process.wait(timeout=60) in (0, -signal.SIGTERM)
    finally:
        process.kill()


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    """Returns once `url` answers; fails when the process ends or two minutes pass."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, "the API ended"
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")
