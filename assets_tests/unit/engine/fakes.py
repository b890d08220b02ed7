"""Steps and jobs made of plain functions, so that the engine is tested without packages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from mixpeek_orchestration.core.collection import VectorIndex
from mixpeek_orchestration.core.extractor import ExtractorDescription, Recipe, Resources, StepDescription
from mixpeek_orchestration.core.ports.extraction import Extracted, ExtractionJob, InputRow, SourceItem
from mixpeek_orchestration.engine.in_process import InProcessRunner

Process = Callable[[pd.DataFrame], object]


@dataclass(frozen=True)
class FakeStep:
    description: StepDescription
    process: Process

    def create(self) -> Process:
        return self.process


def step(process: Process, *, name: str = "", condition: str = "ALWAYS", batch_size: int = 64) -> FakeStep:
    return FakeStep(
        StepDescription(
            name or getattr(process, "__name__", "step"), "cpu", Resources(), condition, batch_size
        ),
        process,
    )


def job_of(
    steps: Sequence[FakeStep],
    *,
    vectors: Sequence[VectorIndex] = (),
    outputs: Sequence[str] = (),
    inputs: Sequence[str] = ("text",),
    output_schema: dict[str, object] | None = None,
    **more: object,
) -> ExtractionJob:
    description = ExtractorDescription(
        name="fake",
        version="v1",
        description="",
        path="",
        parameters={},
        supported_input_types=("text",),
        input_fields=tuple(inputs),
        output_fields=tuple(outputs),
        vectors=tuple(vectors),
        steps=tuple(step.description for step in steps),
        models=(),
        code_parts={},
        code_fp="code",
        output_schema=output_schema or {},
    )
    return ExtractionJob(Recipe("fake", "v1", "", {}, "code"), description, "col_1", **more)  # type: ignore[arg-type]


def text_item(name: str, *texts: str, mime_type: str = "text/plain", **fields: object) -> SourceItem:
    rows = tuple(
        InputRow(f"blob_{name}_{n}", "text", "text", mime_type, len(text.encode()), text=text, fields=fields)
        for n, text in enumerate(texts)
    )
    return SourceItem(name, f"obj_{name}", rows)


def run_all(steps: Sequence[FakeStep], items: Sequence[SourceItem], **job: object) -> Extracted:
    """Everything that the in-process runner hands over, as one."""
    import pyarrow as pa

    runner = InProcessRunner(build=lambda recipe: steps)
    parts = list(runner.run(job_of(steps, **job), items))  # type: ignore[arg-type]
    return Extracted(
        tuple(item for part in parts for item in part.items),
        pa.concat_tables([part.rows for part in parts], promote_options="permissive"),
        tuple(error for part in parts for error in part.errors),
        {item: reason for part in parts for item, reason in part.empty.items()},
    )
