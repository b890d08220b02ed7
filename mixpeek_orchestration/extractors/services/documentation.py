"""The reference of the built-in services, made from the registry. `python -m` of this module prints what belongs in
docs/reference/services.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from mixpeek_orchestration.core.errors import Unsupported
from mixpeek_orchestration.extractors.services.registry import SERVICES, Entry
from mixpeek_orchestration.extractors.services.service import BuiltInService

_HEAD: Final = """# Built-in services

Batch steps that a package composes instead of writing them, and their realtime halves. By id or by class:

```python
from shared.inference.registry import get_batch_service, get_realtime_service
from shared.inference.intfloat.multilingual_e5_large_instruct.models import InferenceConfigs
from engine.inference.intfloat.multilingual_e5_large_instruct.services import E5TextEmbeddingBatch

E5TextEmbeddingBatch is get_batch_service("intfloat/multilingual-e5-large-instruct")
StepDefinition(service_class=E5TextEmbeddingBatch, config=InferenceConfigs(text_column="transcription"))


class InferenceService(get_realtime_service("intfloat/multilingual-e5-large-instruct")):
    \"\"\"realtime.py: queries are embedded by the model that documents are.\"\"\"
```

- A config is an `InferenceConfigs`, a dict or a dataclass. A field that the service does not have is refused when the
  package is described.
- A column that is not named is `data`, and so are its older names (`text`, `audio_bytes`, `image_bytes`, …). Cells hold
  text, or bytes, a URL or a path.
- Null and empty cells give null, never a zero vector. A cell that cannot be read is the error of its row.
- Weights are those of the pinned commit, or what `model_name` says: an id, `id@commit`, or a local folder. They are part
  of `code_fp`. No code of a model is executed.
- Models compute in 32-bit floats, on a GPU where there is one (`device`); the result does not depend on the batch size.

"""


def reference() -> str:
    """The whole document."""
    parts = [
        _HEAD,
        *_overview(),
        *(line for entry in SERVICES if _available(entry) for line in _section(entry)),
    ]
    return "".join(parts).rstrip() + "\n"


def _overview() -> Iterator[str]:
    yield "| class | what it does | id | weights | numbers |\n|---|---|---|---|---|\n"
    for entry in SERVICES:
        service: Any = entry.service
        weights = getattr(service, "weights", None)
        cells = (
            f"[{service.__name__}](#{service.__name__.lower()})"
            if _available(entry)
            else f"{service.__name__}",
            entry.purpose if _available(entry) else f"{entry.purpose}: not available yet",
            "<br>".join(f"`{name}`" for name in entry.ids),
            f"`{weights.model_id}` at `{weights.revision[:12]}`" if weights else "",
            str(getattr(service, "dimension", "")),
        )
        yield f"| {' | '.join(cells)} |\n"


def _section(entry: Entry) -> Iterator[str]:
    service = entry.service
    yield f"\n## {service.__name__}\n\n{_paragraphs(service)}\n\n"
    yield "| field | default | what it says |\n|---|---|---|\n"
    for name, field in service.kind.model_fields.items():
        names = field.validation_alias.choices if isinstance(field.validation_alias, AliasChoices) else [name]
        default = _default(service, name, field)
        yield f"| {', '.join(f'`{one}`' for one in names)} | {default} | {field.description or ''} |\n"


def _paragraphs(service: type[BuiltInService]) -> str:
    lines = [line.strip() for line in (service.__doc__ or "").strip().splitlines()]
    return "\n".join(lines)


def _default(service: type[BuiltInService], name: str, field: FieldInfo) -> str:
    if name == "output_column_name":
        return f"`{service.output}`"
    if field.is_required():
        return "required"
    return "" if field.default in (None, "") else f"`{field.default}`"


def _available(entry: Entry) -> bool:
    try:
        entry.service.models(
            {"instruction": "…"} if "instruction" in entry.service.kind.model_fields else None
        )
    except Unsupported:
        return False
    return True


if __name__ == "__main__":
    print(reference(), end="")
