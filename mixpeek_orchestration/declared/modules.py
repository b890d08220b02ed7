"""A module that declares: run once, to collect what it made."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from mixpeek_orchestration.core.errors import InvalidInput, MixpeekError
from mixpeek_orchestration.core.place import Place
from mixpeek_orchestration.declared.declarations import Declarations
from mixpeek_orchestration.declared.resources import Declared

_PRIVATE_NAME: Final = "mixpeek_declared_module"


def read_module(source: str) -> Declarations:
    """What a module declares, given as a file (`declared.py`) or by name (`package.module`).

    Raises `InvalidInput` naming file and line when the module cannot be run, or declares nothing.
    """
    module = _run_file(Path(source)) if source.endswith(".py") else _run_named(source)
    return gathered(vars(module), source)


def gathered(names: Mapping[str, Any], source: str) -> Declarations:
    """The one `Declarations` among these names, else all resources among them, alone or in lists."""
    whole = {id(value): value for value in names.values() if isinstance(value, Declarations)}
    if len(whole) > 1:
        called = sorted(name for name, value in names.items() if isinstance(value, Declarations))
        raise InvalidInput(
            f"{source} has several Declarations: {', '.join(called)}.",
            field="source",
            value=called,
            fix="Keep one; a namespace each needs a module each.",
        )
    if whole:
        return next(iter(whole.values()))
    resources = [one for value in names.values() for one in _resources_in(value)]
    if not resources:
        raise InvalidInput(
            f"{source} declares nothing.",
            field="source",
            value=source,
            fix="Assign Bucket, Collection and Retriever objects to names of the module.",
        )
    return Declarations(*resources)


def _resources_in(value: object) -> Iterator[Declared[Any]]:
    if isinstance(value, Declared):
        yield value
    elif isinstance(value, list | tuple):
        yield from (one for one in value if isinstance(one, Declared))


def _run_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}.", field="source", value=str(path))
    spec = importlib.util.spec_from_file_location(_PRIVATE_NAME, path.resolve())
    if spec is None or spec.loader is None:
        raise InvalidInput(f"{path} is no Python module.", field="source", value=str(path))
    module = importlib.util.module_from_spec(spec)
    with _importable(path.resolve().parent), _told_where(path.resolve()):
        sys.modules[_PRIVATE_NAME] = module  # dataclasses and pickles of the module look it up
        try:
            spec.loader.exec_module(module)
        finally:
            del sys.modules[_PRIVATE_NAME]
    return module


def _run_named(name: str) -> ModuleType:
    with _importable(Path.cwd()), _told_where(None):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            raise InvalidInput(
                f"There is no module {name!r}.",
                field="source",
                value=name,
                fix="Name a file that ends in .yaml or .py, or a module that can be imported from here.",
            ) from error


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Modules beside this one can be imported for the length of the block."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _told_where(path: Path | None) -> Iterator[None]:
    """Whatever the module raises becomes an `InvalidInput` that names the line in it."""
    try:
        yield
    except MixpeekError as error:
        place = _line_of(error, path)
        if place is not None:
            error.context.setdefault("place", str(place))
        raise
    except SyntaxError as error:
        place = Place(error.filename or str(path), error.lineno or 0)
        raise InvalidInput(f"{place}: {error.msg}.", field="source", place=str(place)) from error
    except (Exception, SystemExit) as error:
        place = _line_of(error, path)
        where = f"{place}: " if place else ""
        raise InvalidInput(
            f"{where}{type(error).__name__}: {error}",
            field="source",
            fix="The module must run to its end; it is run only to collect what it declares.",
            **({"place": str(place)} if place else {}),
        ) from error


def _line_of(error: BaseException, path: Path | None) -> Place | None:
    """The innermost line of the module in the traceback; without a path, that of any module that is not ours."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if (frame.filename == str(path) if path else _is_peoples(frame.filename))
    ]
    return Place(frames[-1].filename, frames[-1].lineno or 0) if frames else None


def _is_peoples(filename: str) -> bool:
    ours = Path(__file__).parent.parent
    return not filename.startswith("<") and "importlib" not in filename and ours not in Path(filename).parents
