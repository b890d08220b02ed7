"""What a graph of toys would make of some objects, worked out without a warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assets_tests.unit.tiers.packages.toy.processors.changing import changed

MODES = ("same", "lines", "first", "upper", "short")


@dataclass(frozen=True)
class Toy:
    """A collection: what it reads (nothing for the bucket, else the numbers of earlier toys), and how it changes."""

    sources: tuple[int, ...]
    mode: str


@dataclass(frozen=True)
class Text:
    """An object or a document: the names of what it was made of, its text, and what it carries."""

    path: tuple[object, ...]
    text: str
    title: str


@dataclass
class ToyModel:
    """What each toy has seen so far, and so what it extracts next."""

    toys: Sequence[Toy]
    seen: list[dict[tuple[object, ...], str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seen = [{} for _ in self.toys]

    def run(self, objects: Mapping[str, tuple[str, str]]) -> list[tuple[int, list[Text]]]:
        """By toy: how many items it extracts, and the documents it has afterwards."""
        made: list[tuple[int, list[Text]]] = []
        for number, toy in enumerate(self.toys):
            items = [
                Text((key,), text, title) for key, (text, title) in objects.items() if not toy.sources
            ] + [document for source in toy.sources for document in made[source][1]]
            before, now = self.seen[number], {item.path: item.text for item in items}
            extracted = sum(before.get(path) != text for path, text in now.items())
            self.seen[number] = now
            made.append((extracted, [one for item in items for one in _made_of(number, toy, item)]))
        return made


def _made_of(number: int, toy: Toy, item: Text) -> list[Text]:
    texts = changed(toy.mode, item.text)
    return [Text((*item.path, number, place), text, item.title) for place, text in enumerate(texts)]
