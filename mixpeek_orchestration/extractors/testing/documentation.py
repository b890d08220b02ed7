"""The reference of what tests look at, written from the tables:
`python -m mixpeek_orchestration.extractors.testing.documentation` prints what belongs in docs/reference/test.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mixpeek_orchestration.extractors.testing.properties import PROPERTIES
from mixpeek_orchestration.extractors.testing.rules import RULES

_INTRODUCTION: Final = """# Testing packages

`mixpeek plugin test [FOLDER]` looks at a package's structure, manifest, schemas and pipeline, runs lint and the package's own
tests, asks `realtime.py` for its example, and runs the pipeline over sample data through Ray Data, on a cluster that
starts and ends with the command. It needs no key, server or network. `mixpeek plugin validate` does only what runs
neither steps nor tests.

- Exit code 0: every check holds (there may be warnings). 1: a check fails. 2: wrong usage.
- `--json` prints one document: `ok`, `checks` (each with `name`, `ok`, `message`, `findings`) and `resources`.
- `-v` shows what the package's tests print. `mixpeek test --mock` runs the sample in the process of the command.

## Sample data

`-s FILE` takes a JSON list of objects, one object, or a CSV file with a header. Without it the manifest's `example_input` is used
where it is a text, else something generated for each input type (text, image, gif, audio, video, pdf, document, json).

- What a processor reads from `data` is the column named like an input type, else `data`, else a field of the input schema,
  else the only column. Several columns named like input types are several blobs of one object.
- A dotted column nests: `metadata.source` is `{"metadata": {"source": …}}`.
- What is not text is given as a path (from the folder of the sample) or a URL. It is stored by its hash and reaches the
  step as the URL of a file without its name, as in production. The MIME type is guessed, or taken from `mime_type`.
- Secrets are environment variables of their names, and so are the keys of LLM providers.

## The package's own tests

They run in a process of their own, in which the package can be imported by its own name and the documented roots exist:
`from my_extractor.processors.core import …`, `from engine… import …`. In another pytest, add
`-p mixpeek_orchestration.extractors.testing.plugin`.

## Conformance

`--conformance` also judges the properties below. As a part of the package's tests it takes one line:

```python
from mixpeek_orchestration.extractors.testing import test_conformance
```

A fixture `conformance_sample` that returns rows as in a sample file replaces the generated objects. Time and memory are
reported and never judged.
"""


def reference() -> str:
    """The whole reference as Markdown."""
    return "\n".join([_INTRODUCTION, *_properties(), "", "## Rules", "", *_rules(), ""])


def _properties() -> Iterator[str]:
    yield "| rule | property | what it proves | what mends it |"
    yield "|---|---|---|---|"
    for one in PROPERTIES:
        yield f"| {one.rule} | {one.name} | {one.proves} | {one.fix} |"


def _rules() -> Iterator[str]:
    yield "| rule | severity | what it finds | what mends it |"
    yield "|---|---|---|---|"
    for rule in RULES:
        yield f"| {rule.rule} | {rule.severity.value} | {rule.what} | {rule.fix} |"


if __name__ == "__main__":
    print(reference(), end="")
