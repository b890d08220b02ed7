"""The properties that every extractor should have, each a small function over runs of the package.

A difference is reported by one property only: what two equal runs already disagree about is no evidence of anything
else, so the others leave it out. For the same reason the objects are in order of size: a step that sorts its batch and
does not undo it is then right in every run but the shuffled one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mixpeek_orchestration.core.failure import ItemError
from mixpeek_orchestration.core.finding import Finding, Severity
from mixpeek_orchestration.extractors.testing.lab import Lab, place_said
from mixpeek_orchestration.extractors.testing.parity import PARITY, no_parity, parity
from mixpeek_orchestration.extractors.testing.rules import NO_VECTOR, NOT_FINITE, ZERO, rule_of
from mixpeek_orchestration.extractors.testing.samples import SampleItem, SamplePart

BATCH_SIZES: Final = (1, 2, 7)
_SHOWN: Final = 3
_REFUSALS: Final = frozenset({"ItemFailure", "TransientItemFailure", "InvalidInput"})
_HOSTILE_TEXT: Final = "\x00\x01\x1b[31m\ufffd\u202e\u200b\U0001f9ff" * 3


Judge = Callable[[Lab], list[str]]


@dataclass(frozen=True)
class Property:
    """One property: what it proves, how to mend a package that does not have it, and the function that judges."""

    rule: str
    name: str
    proves: str
    fix: str
    judge: Judge
    applies: Callable[[Lab], str] = lambda lab: ""
    """Why the property says nothing about this package; empty when it does."""

    def findings(self, lab: Lab) -> list[Finding]:
        """What speaks against the package, a few cases of it."""
        said = self.judge(lab)
        more = f" (and {len(said) - _SHOWN} more)" if len(said) > _SHOWN else ""
        return [
            Finding(
                "pipeline.py",
                0,
                self.rule,
                f"{case}{more if case is said[0] else ''}",
                self.fix,
                Severity.ERROR,
            )
            for case in said[:_SHOWN]
        ]


def determinism(lab: Lab) -> list[str]:
    """Two runs over the same objects, each with new processors."""
    return [f"{place_said(place)}: {how}" for place, how in lab.unstable.items()]


def batch_size(lab: Lab) -> list[str]:
    """The objects in batches of 1, 2 and 7 against all of them together."""
    found = []
    for size in BATCH_SIZES:
        outcome = lab.bench.open(batch_size=size).run(lab.items)
        said = [*lab.lost(outcome), *lab.compared(outcome)]
        found += [f"in batches of {size}, {case}" for case in said]
    return found


def order(lab: Lab) -> list[str]:
    """The objects backwards and then interleaved, matched by name."""
    places = sorted(range(len(lab.items)), key=lambda place: (-(place % 2), -place))
    outcome = lab.bench.open().run([lab.items[place] for place in places])
    return [*lab.lost(outcome), *lab.compared(outcome)]


def poison(lab: Lab) -> list[str]:
    """One unreadable object in the middle of the others."""
    middle = len(lab.items) // 2
    items = [*lab.items[:middle], _unreadable(lab.items[middle]), *lab.items[middle:]]
    return lab.lost(lab.bench.open().run(items))


def empty(lab: Lab) -> list[str]:
    """An object without content, one with only spaces, and one whose `data` is null, among the others."""
    model = lab.items[0]
    blanks = [_blank(model, "empty", b""), _blank(model, "spaces", b"  \n"), _blank(model, "null", b"-")]
    outcome = lab.bench.open().run([*lab.items, *blanks], without_data=["null"])
    found = lab.lost(outcome)
    failed = [(blank, error) for blank in blanks for error in outcome.errors.get(blank.name, ())]
    return found + [
        f"the {blank.name} row: {error.error_class}: {error.message}"
        for blank, error in failed
        if _is_wrong(blank, error)
    ]


def in_place(lab: Lab) -> list[str]:
    """What the columns of the contract hold after a step, in the batch that it was given."""
    return [f"a step wrote over batch[{name!r}]" for name in sorted(lab.first.edited)]


def state(lab: Lab) -> list[str]:
    """The same objects twice through the same processors."""
    live, before = lab.again
    outcome = live.run(lab.items)
    said = [*lab.lost(outcome), *lab.compared(outcome, base=before)]
    return [f"the second time, {case}" for case in said]


PROPERTIES: Final = (
    Property(
        "TEST101",
        "determinism",
        "Running the same objects twice gives the same rows.",
        "Seed what is random, put the model into eval mode, and write no times or random ids.",
        determinism,
    ),
    Property(
        "TEST102",
        "batch size",
        "A row does not depend on how many others are in its batch.",
        "Compute nothing over the whole batch (means, maxima, fitted vocabularies); mask padding.",
        batch_size,
    ),
    Property(
        "TEST103",
        "order",
        "A row does not depend on the order of its batch.",
        "When rows are sorted for speed, put the results back in the order of the batch.",
        order,
    ),
    Property(
        "TEST104",
        "poison row",
        "An unreadable row costs only itself.",
        "Let the error of the row out, so that the batch is cut down to it; never return less for the whole batch.",
        poison,
    ),
    Property(
        "TEST105",
        "empty rows",
        "Rows without content neither raise nor get a zero vector.",
        'Read with batch["data"].fillna(""), and leave out rows that have nothing to embed.',
        empty,
    ),
    Property(
        "TEST106",
        "batch and realtime agree",
        f"A text has the same vector in the batch and at query time (cosine of {PARITY} or more).",
        "Let both call the same function with the same model, normalisation and prefix.",
        parity,
        no_parity,
    ),
    Property(
        "TEST107",
        "input left alone",
        "What a step reads stays as it was; results go into columns of their own.",
        'Assign to a new column or a local variable instead of batch["data"] or another column of the contract.',
        in_place,
    ),
    Property(
        "TEST108",
        "no state between batches",
        "A batch gives the same rows whatever ran before it.",
        "Keep models and clients on self, never rows, counters or what was seen.",
        state,
    ),
)


def _unreadable(model: SampleItem) -> SampleItem:
    """An object of the same type whose content nobody can make sense of."""
    parts = tuple(
        _with(part, _HOSTILE_TEXT.encode() if part.file is None else part.content[:24] + b"\x00\xff" * 50)
        for part in model.parts
    )
    return SampleItem("the unreadable row", parts, model.fields)


def _blank(model: SampleItem, name: str, content: bytes) -> SampleItem:
    return SampleItem(name, tuple(_with(part, content) for part in model.parts), model.fields)


def _with(part: SamplePart, content: bytes) -> SamplePart:
    text, file = (content.decode(), None) if part.file is None else (None, content)
    return SamplePart(part.blob_property, part.blob_type, part.mime_type, text, file)


def _is_wrong(blank: SampleItem, error: ItemError) -> bool:
    """Whether an empty object may not fail like this. An empty text is a text, which may be refused or be left without a
    vector; an empty file is no picture, and may fail in any way but with a useless vector."""
    rule = rule_of(error.error_class, error.message)
    if any(part.file is not None for part in blank.parts):
        return rule in (ZERO, NOT_FINITE)
    return error.error_class not in _REFUSALS and rule is not NO_VECTOR
