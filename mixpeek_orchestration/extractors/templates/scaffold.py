"""Writes a new extractor package: one that works as it is, and differs with the kind of content it is for."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mixpeek_orchestration.core.errors import Conflict, InvalidInput

FILES: Final = Path(__file__).parent / "files"
SUFFIX: Final = ".jinja"
DESCRIPTION: Final = "A custom Mixpeek extractor"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Category:
    """A kind of package. Its files are those of its layers; where two have the same one, the later wins."""

    name: str
    about: str
    layers: tuple[str, ...]
    dependencies: tuple[str, ...] = ()


CATEGORIES: Final = {
    category.name: category
    for category in (
        Category("text", "Embeds texts with a built-in model and counts their words.", ("text",)),
        Category(
            "image",
            "Describes pictures by their colours and edges; no model is needed.",
            ("visual", "image"),
            ("numpy>=2", "pillow>=11"),
        ),
        Category(
            "video",
            "Takes frames out of films with ffmpeg, one document for each, and describes them by colours and edges.",
            ("visual", "video"),
            ("numpy>=2", "pillow>=11"),
        ),
        Category(
            "audio", "Describes recordings by their spectrum; ffmpeg decodes them.", ("audio",), ("numpy>=2",)
        ),
        Category(
            "document",
            "Reads the text layer of PDF files, one document for each page, and embeds it with a built-in model.",
            ("document",),
            ("pypdfium2>=4",),
        ),
        Category(
            "multimodal",
            "Embeds texts with a built-in model and pictures by colours and edges: two named vectors.",
            ("visual", "multimodal"),
            ("numpy>=2", "pillow>=11"),
        ),
    )
}


@dataclass(frozen=True)
class NewPackage:
    """What a new package is called and is for."""

    name: str
    category: str = "text"
    description: str = DESCRIPTION
    author: str = ""


def write_package(package: NewPackage, parent: Path) -> list[Path]:
    """The files of a new package in `parent/<name>`, relative to `parent`.

    Raises `InvalidInput` for a name or category that cannot be, and `Conflict` when the folder is there already;
    then nothing is written.
    """
    _check(package)
    folder = parent / package.name
    if folder.exists():
        raise Conflict(
            f"{folder} is there already.",
            field="name",
            value=package.name,
            fix="Choose another name or folder.",
        )
    rendered = dict(_rendered(package))
    for relative, text in rendered.items():
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return [Path(package.name) / relative for relative in sorted(rendered)]


def _check(package: NewPackage) -> None:
    if not _NAME.fullmatch(package.name) or keyword.iskeyword(package.name):
        raise InvalidInput(
            f"{package.name!r} cannot name an extractor.",
            field="name",
            value=package.name,
            fix="Write a letter, then letters, digits, `_` or `-`.",
        )
    if package.category not in CATEGORIES:
        raise InvalidInput(
            f"There is no category {package.category!r}.",
            field="category",
            value=package.category,
            fix=f"Choose one of {', '.join(CATEGORIES)}.",
        )


def _rendered(package: NewPackage) -> Iterator[tuple[str, str]]:
    """Every file of the package by relative path."""
    import jinja2

    category = CATEGORIES[package.category]
    environment = jinja2.Environment(
        keep_trailing_newline=True, undefined=jinja2.StrictUndefined, autoescape=False
    )
    environment.filters["tojson"] = _literal
    for relative, source in _sources(category).items():
        text = environment.from_string(source.read_text(encoding="utf-8")).render(
            name=package.name,
            module=package.name.replace("-", "_"),
            description=package.description,
            author=package.author or None,
            about=category.about,
            dependencies=list(category.dependencies),
        )
        yield relative, text


def _literal(value: object) -> str:
    """A value as Python writes it; strings and lists of them are written the same in TOML."""
    import json

    return "None" if value is None else json.dumps(value, ensure_ascii=False)


def _sources(category: Category) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for layer in ("every", *category.layers):
        root = FILES / layer
        found |= {
            file.relative_to(root).as_posix().removesuffix(SUFFIX): file
            for file in sorted(root.rglob(f"*{SUFFIX}"))
        }
    return found
