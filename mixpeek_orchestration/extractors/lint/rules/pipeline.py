"""Rules about pipeline.py and the steps that it wires."""

from __future__ import annotations

from functools import partial
from typing import Final

from mixpeek_orchestration.core.finding import Severity
from mixpeek_orchestration.extractors.lint.rule import Category, Rule

_error = partial(Rule, category=Category.CORRECTNESS, severity=Severity.ERROR, file="pipeline.py")
_warning = partial(Rule, category=Category.CORRECTNESS, severity=Severity.WARNING, file="pipeline.py")


def _build(signature: str, *lines: str) -> str:
    return f"def build_steps({signature}):\n" + "".join(f"    {line}\n" for line in lines)


_RETURN = 'return {"steps": [StepDefinition(WordCounter)]}'
_PARAMETERS = (
    "from pydantic import BaseModel\n\n\nclass WordParameters(BaseModel):\n    size: int = 8\n\n\n"
    + _build(
        "extractor_request, **kwargs",
        "params = WordParameters(**(extractor_request.extractor_config.parameters or {}))",
        'return {"steps": [StepDefinition(WordCounter, config={"size": params.size})]}',
    )
)
_GOOD = _build("extractor_request, container=None, **kwargs", _RETURN)

RULES: Final = (
    _error(
        id="PIP001",
        title="pipeline.py has no build_steps",
        why="It is what the platform calls to learn the steps; only a BatchProcessor in pipeline.py does without.",
        bad="def make_steps(extractor_request):\n    return []\n",
        good="from shared.extractors.sdk import StepDefinition\n\n"
        "from .processors.core import WordCounter\n\n\n" + _GOOD,
        whole_file=True,
    ),
    _error(
        id="PIP002",
        title="build_steps cannot be called",
        why="It is called with the request, and by name with those of container, base_steps, dataset_size and "
        "content_flags that it asks for.",
        bad=_build("extractor_request, tokenizer", _RETURN),
        good=_GOOD,
    ),
    _error(
        id="PIP003",
        title="build_steps does not return its steps",
        why='The result is {"steps": […]}, with `prepare` if need be.',
        bad=_build("extractor_request, **kwargs", "steps = [StepDefinition(WordCounter)]"),
        good=_GOOD,
    ),
    _error(
        id="PIP004",
        title="A step definition has an unknown or wrong argument",
        why="StepDefinition and PipelineDefinition raise when the package is described.",
        bad=_build(
            "extractor_request, **kwargs",
            'return {"steps": [StepDefinition(service_class=WordCounter, conditions="IS_TEXT")]}',
        ),
        good=_build(
            "extractor_request, **kwargs",
            'return {"steps": [StepDefinition(service_class=WordCounter, condition="IS_TEXT")]}',
        ),
    ),
    _error(
        id="PIP005",
        title="A resource type or row condition is not known",
        why="The step would not be scheduled, or not know its rows.",
        bad="from shared.extractors.sdk import RowCondition\n\nROWS = RowCondition.IS_TXT\n",
        good="from shared.extractors.sdk import RowCondition\n\nROWS = RowCondition.IS_TEXT\n",
    ),
    _error(
        id="PIP006",
        title="A step's constructor needs more than its config",
        why="A step is made with its config and nothing else, once in every worker.",
        file="processors/core.py",
        bad="class WordCounter(Base):\n    def __init__(self, config, tokenizer):\n        self.config = config\n",
        good="class WordCounter(Base):\n    def __init__(self, config, **kwargs):\n        self.config = config\n",
    ),
    _error(
        id="PIP007",
        title="A step cannot be called with a batch",
        why="A step is called with a pandas DataFrame: it defines __call__(self, batch), or derives from "
        "BatchProcessor and defines process(self, batch).",
        file="processors/core.py",
        bad="class WordCounter:\n    def run(self, batch):\n        return counted(batch)\n",
        good="class WordCounter:\n    def __call__(self, batch):\n        return counted(batch)\n",
    ),
    _error(
        id="PIP008",
        title="A built-in service is not known",
        why="get_batch_service raises when the package is described.",
        bad="from shared.inference.registry import get_batch_service\n\n\n"
        'def reranker():\n    return get_batch_service("BAAI/bge-reranker")\n',
        good="from shared.inference.registry import get_batch_service\n\n\n"
        'def reranker():\n    return get_batch_service("BAAI/bge-reranker-v2-m3")\n',
    ),
    _error(
        id="PIP009",
        title="The container has no such service",
        why="It has llm, secrets, inference and models.",
        bad=_build(
            "extractor_request, container=None",
            "store = container.storage",
            _RETURN.replace("WordCounter", "WordCounter, config=store"),
        ),
        good=_build(
            "extractor_request, container=None",
            "llm = container.llm",
            _RETURN.replace("WordCounter", "WordCounter, config=llm"),
        ),
    ),
    _error(
        id="PIP010",
        title="run_tool runs documented tools only",
        why="Any other name is refused when the step calls it.",
        file="processors/core.py",
        bad="from shared.extractors.sdk import run_tool\n\n\n"
        'def pages(path):\n    return run_tool("pdftotext", [path])\n',
        good="from shared.extractors.sdk import run_tool\n\n\n"
        'def probed(path):\n    return run_tool("ffprobe", [path])\n',
    ),
    _error(
        id="PIP011",
        title="`prepare` changes the dataset",
        why="It would run in one of the runners only, so it is refused; only the one that hands the dataset back is taken.",
        bad=_build(
            "extractor_request, **kwargs",
            'return {"steps": [StepDefinition(WordCounter)], "prepare": lambda ds: ds.limit(10)}',
        ),
        good=_build(
            "extractor_request, **kwargs",
            'return {"steps": [StepDefinition(WordCounter)], "prepare": lambda ds: ds}',
        ),
    ),
    _error(
        id="PIP012",
        title="A parameter is not declared",
        why="The schema has no such field, so build_steps raises AttributeError.",
        bad=_PARAMETERS.replace("params.size", "params.length"),
        good=_PARAMETERS,
    ),
)
