"""What a stack writes for its processes: services, environment, the keeper's file, the workspace."""

from __future__ import annotations

import configparser
import os
import stat
from pathlib import Path

import pytest
import yaml

from mixpeek_orchestration.cli.stack.commands import command_of
from mixpeek_orchestration.cli.stack.environment import stack_environment
from mixpeek_orchestration.cli.stack.keeper_config import render_keeper_config
from mixpeek_orchestration.cli.stack.layout import Layout, make_private
from mixpeek_orchestration.cli.stack.logs import tail_command
from mixpeek_orchestration.cli.stack.prepare import refresh_credentials, render_workspace
from mixpeek_orchestration.cli.stack.record import write_private
from mixpeek_orchestration.cli.stack.services import Stack, plan_stack
from mixpeek_orchestration.core.errors import Conflict, NotFound
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.stores.catalog.memory import MemoryCatalog
from mixpeek_orchestration.warehouse.access import Access

ODD_HOME = "my höme; 100% #1"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MIXPEEK_") or name == "RAY_ADDRESS"]:
        monkeypatch.delenv(name)


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack in a home whose path means something in most file formats."""
    return plan_stack(Settings(home=tmp_path / ODD_HOME))


def environment(stack: Stack, **inherited: str) -> dict[str, str]:
    """What the stack's processes get when the caller's environment is `inherited`."""
    return stack_environment(
        stack.settings, stack.layout, inherited=inherited, ray={"RAY_AUTH_MODE": "token"}
    )


def test_ray_starts_first_and_the_webserver_after_the_code_server(stack: Stack) -> None:
    """The order of starting, and who waits for whom."""
    assert [one.name for one in stack.services] == ["ray", "code-server", "webserver", "daemon", "api"]
    assert stack.service("webserver").needs == ("code-server",)
    assert stack.service("daemon").needs == ("code-server",)


def test_no_ray_is_started_beside_another_cluster(tmp_path: Path) -> None:
    """The address of a cluster elsewhere leaves our own head out; our own address does not."""
    elsewhere = plan_stack(Settings(home=tmp_path, MIXPEEK_RAY_ADDRESS="10.0.0.5:6379"))
    own = plan_stack(Settings(home=tmp_path, ray_port=7000, MIXPEEK_RAY_ADDRESS="127.0.0.1:7000"))
    assert "ray" not in [one.name for one in elsewhere.services]
    assert "ray" in [one.name for one in own.services]


def test_services_read_the_same_settings_from_any_folder(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment carries every setting, with absolute paths and the Ray address."""
    for name, value in environment(stack).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    read = Settings()
    assert read.root == stack.settings.root
    assert read.ray_address == f"127.0.0.1:{stack.settings.ray_port}"
    assert [one.name for one in plan_stack(read).services] == [one.name for one in stack.services]


def test_what_the_shell_set_for_clients_does_not_reach_the_services(stack: Stack) -> None:
    """A key, another Ray or another Dagster of the caller's shell stays outside; the rest goes through."""
    made = environment(
        stack,
        MIXPEEK_API_KEY="sk_x",
        RAY_ADDRESS="auto",
        DAGSTER_HOME="/elsewhere",
        SUPERVISOR_GROUP_NAME="x",
        LANG="C",
    )
    assert "MIXPEEK_API_KEY" not in made
    assert "RAY_ADDRESS" not in made
    assert "SUPERVISOR_GROUP_NAME" not in made
    assert made["DAGSTER_HOME"] == str(stack.layout.dagster_home)
    assert made["LANG"] == "C"


def test_a_proxy_never_stands_between_services(stack: Stack) -> None:
    """Loopback is added to what the caller already exempts from the proxy."""
    assert environment(stack, no_proxy="example.org")["NO_PROXY"] == "example.org,127.0.0.1,localhost"


def test_a_secret_is_in_no_file_and_on_no_command_line(tmp_path: Path) -> None:
    """A password in a URL travels in the environment only."""
    stack = plan_stack(Settings(home=tmp_path, catalog_url="postgresql://me:hunter2@db/x"))
    lines = [command_of(one.name, stack, ray_folder=tmp_path) for one in stack.services]
    assert "hunter2" not in render_keeper_config(stack) + str(lines)
    assert "hunter2" in environment(stack)["MIXPEEK_CATALOG_URL"]


def test_the_keepers_file_does_not_depend_on_the_home(stack: Stack) -> None:
    """The file parses, has one program per service, and names no path of an odd home."""
    text = render_keeper_config(stack)
    parsed = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    parsed.read_string(text)
    programs = [section for section in parsed.sections() if section.startswith("program:")]
    assert programs == [f"program:{one.name}" for one in stack.services]
    assert "höme" not in text


def test_ray_and_code_server_listen_on_loopback(stack: Stack) -> None:
    """Neither takes the host that the settings give to the public services."""
    public = plan_stack(stack.settings.model_copy(update={"host": "0.0.0.0"}))
    assert "--host=127.0.0.1" in "=".join(command_of("code-server", public, ray_folder=Path("/x")))
    assert "--node-ip-address=127.0.0.1" in command_of("ray", public, ray_folder=Path("/x"))
    assert public.service("api").address.startswith("http://127.0.0.1:")


def test_the_workspace_names_the_code_server(stack: Stack) -> None:
    """Webserver and daemon load the definitions from the one server that can reload them."""
    server = yaml.safe_load(render_workspace(stack.settings))["load_from"][0]["grpc_server"]
    assert server == {
        "host": "127.0.0.1",
        "port": stack.settings.code_server_port,
        "location_name": "mixpeek_orchestration",
    }


def test_sockets_have_short_paths_whatever_the_home(tmp_path: Path) -> None:
    """A home of 300 characters still gets a socket path that the system takes, and its own."""
    deep = Layout(tmp_path / ("x" * 150) / ("y" * 150))
    assert len(str(deep.socket)) < 60
    assert deep.stack_id != Layout(tmp_path).stack_id


def test_a_foreign_folder_is_not_used_for_sockets(tmp_path: Path) -> None:
    """A link that someone put where our folder should be is refused."""
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(Conflict, match="belongs to someone else"):
        make_private(tmp_path / "link")


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    """An existing folder of ours loses the rights of others."""
    tmp_path.chmod(0o777)
    make_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_an_unchanged_file_is_left_alone(tmp_path: Path) -> None:
    """Writing the same text again says that nothing changed."""
    path = tmp_path / "file"
    assert write_private(path, "text")
    assert not write_private(path, "text")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_credentials_keep_their_key_and_follow_the_port(tmp_path: Path) -> None:
    """A known key stays, with the address of this stack; a key that the catalog lost is replaced."""
    access = Access(MemoryCatalog().resources)
    secret, _ = access.create_key()
    settings = Settings(home=tmp_path, api_port=7501)
    settings.credentials.write_text(
        f'{{"api_key": "{secret}", "namespace": "default", "base_url": "http://old"}}'
    )
    refresh_credentials(access, settings)
    assert secret in settings.credentials.read_text()
    assert "http://127.0.0.1:7501" in settings.credentials.read_text()
    refresh_credentials(Access(MemoryCatalog().resources), settings)
    assert secret not in settings.credentials.read_text()


def test_logs_of_an_unknown_service_name_the_known_ones(stack: Stack) -> None:
    """A wrong name is an error that lists the right ones."""
    with pytest.raises(NotFound, match="One of: ray, code-server, webserver, daemon, api, keeper"):
        tail_command(stack, "proxy", lines=5, follow=False)


def test_logs_follow_rotation(stack: Stack) -> None:
    """Following goes on in the new file when the keeper rotates."""
    stack.layout.create_home()
    (stack.layout.logs / "api.log").write_text("hello\n")
    command = tail_command(stack, None, lines=5, follow=True)
    assert command == ["tail", "-n", "5", "-F", "--", str(stack.layout.logs / "api.log")]
