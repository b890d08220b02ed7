"""What the API is as a whole: its paths, and what importing it does not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from assets_tests.api.conftest import Api
from mixpeek_orchestration.api.app import create_app

SNAPSHOT = Path(__file__).with_name("openapi_paths.txt")


def test_the_paths_are_those_decided_on(api: Api) -> None:
    """A change of paths or methods is a change of `openapi_paths.txt`, to be reviewed as one."""
    paths = create_app(api.warehouse).openapi()["paths"]
    lines = sorted(f"{path} {method.upper()}" for path, methods in paths.items() for method in methods)
    assert "\n".join(lines) + "\n" == SNAPSHOT.read_text()


def test_every_route_is_documented(api: Api) -> None:
    """Every route has a summary, and every one but health and upload contents asks for a key."""
    paths = create_app(api.warehouse).openapi()["paths"]
    operations = {(path, method): op for path, methods in paths.items() for method, op in methods.items()}
    assert all(operation["summary"] and operation["description"] for operation in operations.values())
    without_key = {path for (path, _), operation in operations.items() if "security" not in operation}
    assert without_key == {"/v1/health", "/v1/health/liveness", "/v1/uploads/{upload_id}"}


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
