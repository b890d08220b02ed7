"""Answers of models on disk, by everything that was asked: asking again costs nothing. See ADRs 0121 and 0249.

`<k>/<key>.json` holds an answer. An empty file beside it, `<k>/<key>.of.<origin>`, says that it was given to somebody who
worked on the objects that `origins/<origin>` lists. An answer that somebody else has used as well has several.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mixpeek_orchestration.core.identity import digest
from mixpeek_orchestration.core.ports.platform import LLMAnswer

_DAY_S = 86_400.0
_ANYBODY: Final = "anybody"
"""The origin of what was asked while no object was at work, such as a query."""
_UNFINISHED: Final = ".new-"


class ResponseCache:
    """One file per answer below `folder`. Answers older than `max_age_days` count as absent.

    Who asks names the objects that the question may be about; none means that nobody can tell.
    """

    def __init__(self, folder: Path, *, max_age_days: float = 30.0) -> None:
        self._folder = folder
        self._max_age_s = max_age_days * _DAY_S

    def key(self, asked: Mapping[str, Any]) -> str:
        """The address of an answer: a hash over everything that was asked, of whom and for whom."""
        return digest("llm", json.dumps(dict(asked), sort_keys=True, separators=(",", ":")))

    def get(self, key: str, *, about: Collection[str] = ()) -> LLMAnswer | None:
        """The answer, marked as cached and free of charge."""
        path = self._path(key)
        try:
            if time.time() - path.stat().st_mtime > self._max_age_s:
                return None
            kept = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            return None
        self._mark(path, about)
        return replace(LLMAnswer.from_dict(kept), cached=True, cost_usd=0.0)

    def put(self, key: str, answer: LLMAnswer, *, about: Collection[str] = ()) -> None:
        """Keep an answer; a reader sees all of it or none, and never one without its origin."""
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mark(path, about)
        _write(path, json.dumps(answer.as_dict()))

    def count(self, *, of: str | None = None, before: float | None = None) -> int:
        """How many answers are kept, that were kept before a time; with `of`, only those that may hold content of this
        object."""
        kept = self._kept() if of is None else self._kept_of(of)
        return sum(before is None or path.stat().st_mtime <= before for path in kept)

    def prune(self, *, of: str | None = None) -> int:
        """Remove answers that are too old; with `of`, those that may hold content of this object, and every trace of
        it. How many."""
        if of is None:
            oldest = time.time() - self._max_age_s
            gone = [path for path in self._kept() if path.stat().st_mtime < oldest]
            origins = [path for path in self._origins() if path.stat().st_mtime < oldest]
        else:
            gone = list(self._kept_of(of))
            origins = [path for path in self._origins() if of in path.read_text().split()]
            _remove(self._folder.glob(f"*/{_UNFINISHED}*"))
        # First the answers, then what says whose they are.
        _remove(gone)
        lost, named = {path.stem for path in gone}, {path.name for path in origins}
        marks = [mark for mark in self._marks() if _answer(mark) in lost or _origin(mark) in named]
        _remove([*marks, *origins])
        return len(gone)

    def _kept(self) -> Iterator[Path]:
        return self._folder.glob("*/*.json")

    def _kept_of(self, object_id: str) -> Iterator[Path]:
        """The answers that were given to somebody who worked on the object, or to nobody knows whom."""
        others = {path.name for path in self._origins() if object_id not in path.read_text().split()}
        origins: dict[str, set[str]] = defaultdict(set)
        for mark in self._marks():
            origins[_answer(mark)].add(_origin(mark))
        for path in list(self._kept()):
            known = origins[path.stem]
            if not known or not known <= others:
                yield path

    def _marks(self) -> list[Path]:
        return list(self._folder.glob("*/*.of.*"))

    def _origins(self) -> list[Path]:
        return [path for path in self._folder.glob("origins/*") if not path.name.startswith(_UNFINISHED)]

    def _mark(self, path: Path, about: Collection[str]) -> None:
        """The answer comes from these objects too. What an origin lists is there before anything refers to it."""
        objects = sorted(about)
        origin = digest("origin", *objects) if objects else _ANYBODY
        if objects:
            listed = self._folder / "origins" / origin
            listed.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if listed.exists():
                listed.touch()  # it is as old as the last answer that refers to it
            else:
                _write(listed, "\n".join(objects))
        path.with_name(f"{path.stem}.of.{origin}").touch()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"


def _answer(mark: Path) -> str:
    return mark.name.partition(".of.")[0]


def _origin(mark: Path) -> str:
    return mark.name.partition(".of.")[2]


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    """The whole file appears at once. It does not when an erasure takes what is unfinished, its own or not: then nothing
    is kept, and the model is asked again."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    with suppress(FileNotFoundError):
        os.replace(unfinished, path)
