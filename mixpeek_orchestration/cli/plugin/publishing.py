"""From a folder to a published version: check, pack, send, confirm, deploy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from mixpeek_orchestration.cli.plugin.connected import FAILED, Session
from mixpeek_orchestration.cli.plugin.package import Checked, checked
from mixpeek_orchestration.cli.plugin.progress import transfer
from mixpeek_orchestration.cli.plugin.rollout import brought_up
from mixpeek_orchestration.cli.plugin.shown import finding_line, state_lines


@dataclass(frozen=True)
class Order:
    """What to do with a package that is good."""

    version: str | None = None
    message: str = ""
    description: str | None = None
    dry_run: bool = False
    deploy: bool = False
    wait: bool = True


def deliver(session: Session, folder: Path, order: Order) -> None:
    """The folder is published as the order says; ends with exit code 1 when a check found errors, here or there."""
    from mixpeek_orchestration.extractors.archives.archive import pack

    package = checked(folder)
    findings = [finding.as_dict() for finding in package.findings]
    if not package.is_good:
        _end(session, {"success": False, "validation_status": "failed", "findings": findings})
    archive = pack(folder, "tar.gz")
    if order.dry_run:
        _end(session, _would_publish(package, archive, findings))
    published = _published(session, package, archive, order)
    if published["success"] and order.deploy:
        published["deployment"] = brought_up(session, published["plugin_id"], wait=order.wait)
    _end(session, published)


def _would_publish(package: Checked, archive: bytes, findings: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "success": True,
        "dry_run": True,
        "name": package.name,
        "version": package.version,
        "file_size_bytes": len(archive),
        "validation_status": "passed",
        "findings": findings,
    }


def _published(session: Session, package: Checked, archive: bytes, order: Order) -> dict[str, Any]:
    """The server's answer to the confirmation."""
    server = session.server
    session.say(f"{package.name}: {len(archive):,} bytes for {server.namespace}")
    announced = server.announce(_announcement(package, archive, order))
    with transfer(session, len(archive)) as sent:
        etag = server.send(announced["presigned_url"], archive, sent=sent)
    session.say("The server checks it.")
    said = {"etag": etag, "file_size_bytes": len(archive), "message": order.message}
    return server.confirm(announced["upload_id"], said)


def _announcement(package: Checked, archive: bytes, order: Order) -> dict[str, Any]:
    """Without a version the server takes the manifest's if that is newer than all published ones, else the next patch."""
    upload: dict[str, Any] = {
        "name": package.name,
        "file_size_bytes": len(archive),
        "file_name": f"{package.name}.tar.gz",
        "file_hash": hashlib.sha256(archive).hexdigest(),
        "description": order.description or package.description[:1000],
    }
    return upload | ({"version": order.version} if order.version else {})


def _end(session: Session, outcome: dict[str, Any]) -> None:
    """Tell the outcome and end the command: with exit code 1 when a check or the deployment failed."""
    session.answer(outcome, _lines(outcome))
    failed = not outcome["success"] or outcome.get("deployment", {}).get("status") == "failed"
    raise typer.Exit(FAILED if failed else 0)


def _lines(outcome: dict[str, Any]) -> list[str]:
    lines = [finding_line(finding) for finding in outcome.get("findings", ())]
    if not outcome["success"]:
        return [*lines, "Not published: mend the errors above."]
    named = f"{outcome['name']} {outcome['version']}"
    if outcome.get("dry_run"):
        return [
            *lines,
            f"{named} is ready to publish ({outcome['file_size_bytes']:,} bytes); nothing was sent.",
        ]
    lines.append(f"Published {named} as {outcome['plugin_id']}.")
    if "deployment" in outcome:
        return lines + state_lines(outcome["deployment"])
    return [*lines, f"Deploy it with `mixpeek plugin deploy {outcome['plugin_id']}`."]
