"""What the commands that talk to the API share: their options, how they answer, and their exit codes."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mixpeek_orchestration.cli.errors import told
from mixpeek_orchestration.core.errors import InvalidInput, InvalidPackage, MixpeekError, NotReady

if TYPE_CHECKING:
    from mixpeek_orchestration.cli.plugin.client import PluginServer
    from mixpeek_orchestration.settings import Settings

FAILED, USAGE, REFUSED = 1, 2, 3
"""Exit codes: a check failed, the command was called wrongly, the server refused or cannot be reached."""

Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="The extractor; also name_1_0_0.")]
ExtractorName = Annotated[str, typer.Argument(metavar="NAME", help="The extractor.")]
Message = Annotated[str, typer.Option("--message", "-m", help="What changed, for the log.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the endpoint answers.")]

_ApiKey = Annotated[
    str | None, typer.Option("--api-key", envvar="MIXPEEK_API_KEY", help="The API key.", show_envvar=True)
]
_BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        "--api-url",
        envvar=["MIXPEEK_BASE_URL", "MIXPEEK_API_URL"],
        help="The address of the API.",
    ),
]
_Namespace = Annotated[
    str | None,
    typer.Option("--namespace", "-n", "--namespace-id", envvar="MIXPEEK_NAMESPACE", help="Name or id."),
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_OPTIONS = {"namespace": _Namespace, "api_key": _ApiKey, "base_url": _BaseUrl, "as_json": _AsJson}


@dataclass
class Session:
    """One command's way to the server and to the person (or program) that called it."""

    api_key: str | None = None
    base_url: str | None = None
    namespace: str | None = None
    as_json: bool = False
    closing: list[Callable[[], None]] = field(default_factory=list)

    @cached_property
    def server(self) -> PluginServer:
        """The server that options, environment or the running stack name."""
        from mixpeek_orchestration.cli.client import credentials
        from mixpeek_orchestration.cli.plugin.client import PluginServer
        from mixpeek_orchestration.cli.stack.record import settings_of_stack

        server = PluginServer(credentials(settings_of_stack(_settings()), _environment(self)))
        self.closing.append(server.close)
        return server

    def answer(self, document: Any, lines: Iterable[str]) -> None:
        """The outcome on stdout: the document as JSON where it was asked for, else the lines."""
        if self.as_json:
            typer.echo(json.dumps(document, indent=2, default=str))
            return
        for line in lines:
            typer.echo(line)

    def say(self, line: str, *, color: str | None = None) -> None:
        """Tell a person on stderr how far the command is."""
        typer.secho(line, err=True, fg=color)

    @property
    def shows_progress(self) -> bool:
        """Whether a person is watching."""
        return sys.stderr.isatty()


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first parameter is a `Session`, with the options that make one, ending in an exit code."""
    ours = inspect.signature(command, eval_str=True)
    own = list(ours.parameters.values())[1:]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_default(name), annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]

    def run(**given: Any) -> None:
        session = _session(given.pop("context"), {name: given.pop(name) for name in _OPTIONS})
        with _ending(session):
            command(session, **given)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = ours.replace(parameters=[context, *parameters, *shared])  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in [context, *parameters, *shared]}
    return run


def _default(name: str) -> Any:
    return False if name == "as_json" else None


def _session(context: typer.Context, options: dict[str, Any]) -> Session:
    """Options of the command count before those of the group."""
    group = context.obj if isinstance(context.obj, dict) else {}
    given = {name: value for name, value in options.items() if value is not None}
    return Session(**{**{k: v for k, v in group.items() if k in _OPTIONS}, **given})


def _settings() -> Settings:
    """The settings; without MIXPEEK_HOME the home is looked for in the folders above too, because packages are
    published from inside their own folder."""
    from mixpeek_orchestration.settings import Settings

    settings = Settings()
    if os.environ.get("MIXPEEK_HOME"):
        return settings
    here = Path.cwd()
    homes = (folder / settings.home for folder in (here, *here.parents))
    found = next((home for home in homes if (home / settings.credentials.name).is_file()), None)
    return Settings(home=found) if found else settings


def _environment(session: Session) -> dict[str, str]:
    """What was said, in the words that credentials are looked up by; the environment is in the options already."""
    said = {
        "MIXPEEK_API_KEY": session.api_key,
        "MIXPEEK_BASE_URL": session.base_url,
        "MIXPEEK_NAMESPACE": session.namespace,
    }
    return {name: value for name, value in said.items() if value}


@contextmanager
def _ending(session: Session) -> Iterator[None]:
    """An error of ours ends the command with its message and exit code."""
    try:
        yield
    except MixpeekError as error:
        if session.as_json:
            typer.echo(json.dumps(error_document(error), indent=2, default=str))
        else:
            typer.secho(told(error, code=getattr(error, "answer_code", None)), err=True, fg="red")
        raise typer.Exit(exit_code(error)) from error
    finally:
        for close in session.closing:
            close()


def exit_code(error: MixpeekError) -> int:
    """What a command ends with after an error."""
    from mixpeek_orchestration.cli.plugin.client import ServerRefused

    if isinstance(error, ServerRefused | NotReady):
        return REFUSED
    if isinstance(error, InvalidInput) and not isinstance(error, InvalidPackage):
        return USAGE
    return FAILED


def error_document(error: MixpeekError) -> dict[str, Any]:
    """An error as `--json` prints it: the envelope that the API uses."""
    code = getattr(error, "answer_code", error.code)
    status = getattr(error, "answer_status", error.status)
    body = {"message": error.message, "type": type(error).__name__, "code": code, "details": error.details()}
    return {"success": False, "status": status, "error": body}
