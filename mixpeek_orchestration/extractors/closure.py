"""Which modules of a package an entry point reaches by import, and what that is worth as fingerprint parts."""

from __future__ import annotations

from mixpeek_orchestration.core.errors import InvalidPackage
from mixpeek_orchestration.core.fingerprint import source_fp
from mixpeek_orchestration.extractors.import_rewriting import RewrittenModule, dotted_name, rewrite
from mixpeek_orchestration.extractors.loader import private_name
from mixpeek_orchestration.extractors.package_source import REALTIME, PackageSource


def reachable(source: PackageSource, entry: str) -> dict[str, RewrittenModule]:
    """The modules that run when `entry` is imported, and those that its functions may import later.

    Package `__init__` modules on the way are included. The realtime half has its own fingerprint: it counts only
    when `entry` is `realtime.py` itself, even if an `__init__` exports it.
    """
    source.trees  # noqa: B018 - raises InvalidPackage with file and line where a module does not parse
    found: dict[str, RewrittenModule] = {}
    waiting = [entry, *_files_on_the_way(source, dotted_name(entry))]
    while waiting:
        file = waiting.pop()
        if file in found or (file == REALTIME and entry != REALTIME):
            continue
        found[file] = rewrite(source, file, private_name(source))
        for dotted in sorted(found[file].reaches):
            waiting += _files_on_the_way(source, dotted)
        if found[file].may_reach_any:
            waiting += list(source.modules)
    return dict(sorted(found.items()))


def module_parts(source: PackageSource, entry: str) -> dict[str, str]:
    """`module:<file>` and `data:<file>` fingerprints of everything behind `entry`."""
    modules = {f"module:{file}": source_fp(source.modules[file]) for file in reachable(source, entry)}
    return modules | {f"data:{name}": sha256[:32] for name, sha256 in source.data.items()}


def refuse_unknown_imports(source: PackageSource, entry: str) -> None:
    """Raises `InvalidPackage` for the first import that names something that this version does not have."""
    problems: list[InvalidPackage] = [
        problem for module in reachable(source, entry).values() for problem in module.problems
    ]
    if problems:
        raise problems[0]


def _files_on_the_way(source: PackageSource, dotted: str) -> list[str]:
    parts = dotted.split(".") if dotted else []
    names = [".".join(parts[:end]) for end in range(len(parts) + 1)]
    files = (source.module_file(name) for name in names)
    return [file for file in files if file is not None]
