"""Changes: one thing each that differs between what a document was made from and what is there now.

Code, parameters, libraries and models are told by name with what they were and are. Of content only names and digests
are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

from mixpeek_orchestration.core.fingerprint import canonical_json, fields_fp, plain

if TYPE_CHECKING:
    from mixpeek_orchestration.core.ports.extraction import InputRow

Kind = Literal[
    "input",
    "carried",
    "choice",
    "module",
    "data",
    "parameter",
    "parameters",
    "dependency",
    "model",
    "own_model",
    "code",
]
"""`input` and `carried` are fields of the source, `choice` is which of them a collection reads and carries; all others
are parts of a code."""

_WHAT: Final[Mapping[Kind, str]] = {
    "input": "the field {0}, which is read,",
    "carried": "the field {0}, which is carried,",
    "choice": "what the collection reads and carries",
    "module": "the code in {0}",
    "data": "the data file {0}",
    "parameter": "the parameter {0}",
    "parameters": "the parameters",
    "dependency": "the dependency {0}",
    "model": "the model {0}",
    "own_model": "the weights of your model {0}",
    "code": "the {0}",
}
_VALUED: Final = ("parameter", "dependency")
_PLURAL: Final = ("parameters", "own_model")
DIGEST_LENGTH: Final = 8
"""Enough to tell two values of one field apart; what decides about a document is the whole fingerprint of its input."""
_SHOWN: Final = 80
_MODEL_PARTS: Final = ("revision", "backend", "weights")
_NO_PARAMETERS: Final = fields_fp({})


@dataclass(frozen=True)
class Change:
    """One thing that differs. `before` and `after` are values of parameters, versions of libraries, and digests of
    everything else; `None` where it is not there, or where nobody knows."""

    kind: Kind
    name: str
    before: str | None
    after: str | None

    @property
    def line(self) -> str:
        """The change in words. Digests are left out: see `detail`."""
        return f"{self._what} {self._verb}"

    @property
    def detail(self) -> str:
        """The line, with the digests where the values themselves are not told."""
        if self.kind in _VALUED:
            return self.line
        told = [_cut(side) for side in (self.before, self.after) if side is not None]
        return f"{self.line} ({' → '.join(told)})" if told else self.line

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "line": self.line}

    @property
    def _what(self) -> str:
        return _WHAT[self.kind].format(self.name)

    @property
    def _verb(self) -> str:
        plural = self.kind in _PLURAL
        if self.before is None or self.after is None:
            value = f": {_shown(self.after)}" if self.after and self.kind in _VALUED else ""
            return f"{'are' if plural else 'is'} {'new' if self.before is None else 'gone'}{value}"
        if self.kind in _VALUED:
            return f"went from {_shown(self.before)} to {_shown(self.after)}"
        if self.kind == "model":
            return f"has {_told_model(self.before, self.after)}"
        return "have changed" if plural else "has changed"


def code_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    """What differs between the parts of two codes, by name. Where both sides know the values of their parameters, those
    are told one by one."""
    valued = _knows_parameters(old) and _knows_parameters(new)
    hidden = "parameters" if valued else "parameter:"
    return [
        _of_part(name, old.get(name), new.get(name))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name) and not name.startswith(hidden)
    ]


def told_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The same in words: which file, parameter, dependency or model, and from what to what."""
    return [change.line for change in code_changes(old, new)]


def input_digests(rows: Iterable[InputRow]) -> dict[str, str]:
    """A digest of what every source field gives to the rows that an extractor starts from, by the field's path."""
    given: dict[str, list[object]] = {}
    for row in rows:
        read = [row.blob_type, row.mime_type, row.content_hash or row.text]
        given.setdefault(row.blob_property, []).append(read)
    return {path: value_digest(values) for path, values in given.items()}


def value_digest(value: object) -> str:
    """The digest of a value of one field."""
    return fields_fp({"value": plain(value)})[:DIGEST_LENGTH]


def field_changes(
    kind: Literal["input", "carried"], old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[Change]:
    """What differs between the digests of fields, by name."""
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Change(kind, name, old.get(name), new.get(name))


def parameter_parts(parameters: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of parameters beside the parts of a code: a part for each, with its value."""
    return {f"parameter:{name}": canonical_json(plain(value)) for name, value in parameters.items()}


def _knows_parameters(parts: Mapping[str, str]) -> bool:
    has_none = parts.get("parameters") in (None, _NO_PARAMETERS)
    return has_none or any(name.startswith("parameter:") for name in parts)


def _of_part(name: str, old: str | None, new: str | None) -> Change:
    kind, _, rest = name.partition(":")
    known = kind in get_args(Kind)
    return Change(cast("Kind", kind) if known else "code", rest if known else name, old, new)


def _told_model(old: str, new: str) -> str:
    """What differs between two `revision|backend|digest`."""
    pairs = zip(_MODEL_PARTS, old.split("|"), new.split("|"), strict=False)
    return "other " + " and ".join(name for name, before, after in pairs if before != after)


def _shown(value: str) -> str:
    return value if len(value) <= _SHOWN else f"{value[: _SHOWN - 1]}…"


def _cut(digest: str) -> str:
    """As much of a digest as a person compares; a model's parts each."""
    return "|".join(part[:DIGEST_LENGTH] for part in digest.split("|"))
