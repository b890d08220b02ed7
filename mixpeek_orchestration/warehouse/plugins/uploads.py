"""From an announced archive to a published version, or to the findings that stop it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from mixpeek_orchestration.core.errors import Conflict, NameConflict
from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.finding import Finding, Severity, has_errors
from mixpeek_orchestration.core.identity import folded, random_id
from mixpeek_orchestration.core.ports.catalog import Catalog
from mixpeek_orchestration.core.ports.objects import ObjectStore
from mixpeek_orchestration.core.ports.packages import Inspection, PackageInspector
from mixpeek_orchestration.core.published import (
    SYSTEM,
    Activation,
    Announced,
    Confirmed,
    PublishedVersion,
    check_name,
    description_key,
    next_patch,
    stricter,
    version_order,
)
from mixpeek_orchestration.core.upload import Upload
from mixpeek_orchestration.warehouse.access import now
from mixpeek_orchestration.warehouse.leases import hold
from mixpeek_orchestration.warehouse.plugins.arrivals import Arrivals, check_arrived
from mixpeek_orchestration.warehouse.plugins.specs import PluginConfirmSpec, PluginUploadSpec

PURPOSE = "plugin"
_PUBLISH_WAIT_S = 60.0


@dataclass(frozen=True)
class PluginRules:
    """What this installation allows: levels of trust, and how many names a namespace may publish (0: any number)."""

    level: str = "reviewed"
    submission_level: str = "untrusted"
    quota: int = 0


class PluginUploads:
    """The uploads of packages by the namespaces that will use them."""

    def __init__(
        self,
        catalog: Catalog,
        store: ObjectStore,
        arrivals: Arrivals,
        inspector: PackageInspector,
        *,
        rules: PluginRules,
    ) -> None:
        self._catalog = catalog
        self._packages = catalog.packages
        self._store = store
        self._arrivals = arrivals
        self._inspector = inspector
        self._rules = rules

    def announce(self, namespace_id: str, spec: PluginUploadSpec) -> Announced:
        """An announced upload; raises `Conflict` for a name that is taken or over the quota, `TooLarge`."""
        self._check_free(namespace_id, check_name(spec.name), spec.version)
        upload = Upload(
            upload_id=random_id("upl"),
            namespace_id=namespace_id,
            bucket_id="",
            filename=spec.file_name or f"{spec.name}.zip",
            mime_type=spec.content_type or "application/zip",
            token_hash="",
            expires_at=time.time() + spec.presigned_url_expiration,
            size_bytes=spec.file_size_bytes,
            file_hash=spec.file_hash,
            purpose=PURPOSE,
            details={
                "name": spec.name,
                "version": spec.version,
                "description": spec.description,
                "message": spec.message,
            },
        )
        return self._arrivals.announce(upload)

    def confirm(
        self, namespace_id: str, upload_id: str, spec: PluginConfirmSpec, *, author: str
    ) -> Confirmed:
        """The published version, or every finding that stops it and nothing kept."""
        upload = self._arrivals.get(upload_id, namespace_id=namespace_id, purpose=PURPOSE)
        with hold(self._catalog.leases, f"confirm:{upload_id}", wait_s=_PUBLISH_WAIT_S):
            upload = self._arrivals.get(upload_id, namespace_id=namespace_id, purpose=PURPOSE)
            known = self._known(upload)
            if known is not None:
                return known
            check_arrived(
                upload, arrived=self._arrivals.size(upload_id), etag=spec.etag, size=spec.file_size_bytes
            )
            return self._confirm(upload, spec.message or upload.details.get("message") or "", author)

    def _known(self, upload: Upload) -> Confirmed | None:
        """What an earlier confirmation of the same upload came to."""
        findings = tuple(upload.details.get("findings", ()))
        if upload.details.get("refused"):
            return Confirmed(None, findings)
        if not upload.object_id:
            return None
        name, version = upload.details["name"], upload.object_id
        found = self._packages.version(upload.namespace_id, name, version)
        if found is None:
            raise Conflict(
                f"{name} {version} was published with this upload and deleted since.",
                field="upload_id",
                value=upload.upload_id,
                fix="Announce the upload again.",
            )
        return Confirmed(found, findings)

    def _confirm(self, upload: Upload, message: str, author: str) -> Confirmed:
        namespace_id, details = upload.namespace_id, dict(upload.details)
        level = stricter(self._rules.level, self._isolation(namespace_id))
        inspection = self._inspector.inspect(
            self._arrivals.path(upload.upload_id), namespace_id=namespace_id, level=level
        )
        findings = [*inspection.findings, *announced_otherwise(details, inspection.description)]
        told = tuple(finding.as_dict() for finding in findings)
        if has_errors(findings) or inspection.description is None:
            self._arrivals.settled(replace(upload, details={**details, "refused": True, "findings": told}))
            return Confirmed(None, told)
        with hold(self._catalog.leases, f"publish:{namespace_id}:{details['name']}", wait_s=_PUBLISH_WAIT_S):
            version, spelling = self._version(namespace_id, details, inspection)
            self._check_free(namespace_id, details["name"], version)
            published = published_version(
                inspection,
                namespace_id=namespace_id,
                version=version,
                spelling=spelling,
                level=level,
                message=message,
                author=author,
                description=details.get("description", ""),
                findings=told,
            )
            kept = self._publish(published, inspection)
        self._arrivals.settled(replace(upload, object_id=kept.version, details={**details, "findings": told}))
        return Confirmed(kept, told)

    def _publish(self, version: PublishedVersion, inspection: Inspection) -> PublishedVersion:
        self._store.put(inspection.content)
        kept = self._packages.put_version(version)
        keep_description(self._catalog, inspection)
        if self._packages.pointer(kept.namespace_id, kept.name) is None:
            first = Activation(kept.namespace_id, kept.name, kept.version, "", "publish", kept.message, now())
            self._packages.activate(first, expected="")
        return kept

    def _version(self, namespace_id: str, details: dict[str, Any], inspection: Inspection) -> tuple[str, str]:
        """Canonical version and spelling: as announced, else the manifest's where it is newer, else the next patch."""
        assert inspection.description is not None
        said, written = details.get("version"), inspection.description.version
        if said is not None:
            same = canonical_version(said) == canonical_version(written)
            return canonical_version(said), written if same else said
        existing = self._packages.versions(namespace_id, details["name"])
        newest = existing[0] if existing else None
        if newest is None or version_order(written) > version_order(newest.version):
            return canonical_version(written), written
        if newest.archive == inspection.archive:
            return newest.version, newest.spelling
        bumped = next_patch(newest.version)
        return bumped, bumped

    def _check_free(self, namespace_id: str, name: str, version: str | None) -> None:
        taken = self._inspector.reserved(name, version)
        if taken is None and version is not None and self._is_shared(name, version):
            taken = f"{name} {version} is shared by all namespaces."
        if taken is not None:
            raise NameConflict(
                taken, field="name", value=name, fix="Publish it under another name or version."
            )
        names = {one.name for one in self._packages.versions(namespace_id)}
        alike = next((other for other in names if other != name and folded(other) == folded(name)), None)
        if alike is not None:
            raise NameConflict(
                f"{name!r} is too much like {alike!r}.", field="name", value=name, fix=f"Use {alike!r}."
            )
        if self._rules.quota and name not in names and len(names) >= self._rules.quota:
            raise Conflict(
                f"This namespace has {len(names)} published extractors, which is its quota.",
                field="name",
                value=name,
                fix="Delete one, or raise MIXPEEK_PLUGIN_QUOTA.",
            )

    def _is_shared(self, name: str, version: str) -> bool:
        return self._packages.version(SYSTEM, name, canonical_version(version)) is not None

    def _isolation(self, namespace_id: str) -> str:
        namespace = self._catalog.resources.namespace(namespace_id)
        return namespace.isolation if namespace else ""


def announced_otherwise(details: dict[str, Any], description: ExtractorDescription | None) -> list[Finding]:
    """Where the manifest says another name than was announced, or another version."""
    if description is None:
        return []
    findings = []
    if description.name != details["name"]:
        findings.append(
            Finding(
                "manifest.py",
                0,
                "PUB001",
                f"The manifest names {description.name!r}, the upload was announced as {details['name']!r}.",
                f"Announce {description.name!r}, or rename it in the manifest.",
            )
        )
    said = details.get("version")
    if said is not None and canonical_version(said) != canonical_version(description.version):
        findings.append(
            Finding(
                "manifest.py",
                0,
                "PUB002",
                f"The manifest says {description.version}; it is published as {said}.",
                f"Write version {said!r} in the manifest.",
                Severity.WARNING,
            )
        )
    return findings


def published_version(
    inspection: Inspection, *, namespace_id: str, version: str, spelling: str, **said: Any
) -> PublishedVersion:
    """The version that an archive without errors becomes."""
    described = inspection.description
    assert described is not None
    uri = f"mixpeek://{described.name}@{spelling}/{described.vectors[0].feature}" if described.vectors else ""
    return PublishedVersion(
        namespace_id=namespace_id,
        name=described.name,
        version=version,
        spelling=spelling,
        archive=inspection.archive,
        size_bytes=inspection.size_bytes,
        file_count=inspection.file_count,
        feature_uri=uri,
        has_realtime=described.has_realtime,
        **{**said, "description": said.get("description") or described.description},
    )


def keep_description(catalog: Catalog, inspection: Inspection) -> None:
    """The description that validation made is the one for no parameters, and for its defaults when they are spelt out
    as collections do: nobody has to run the package again."""
    described = inspection.description
    if described is None:
        return
    for parameters in ({}, described.parameters):
        catalog.packages.keep_description(inspection.archive, description_key(parameters), described)
