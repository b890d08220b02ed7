"""Published versions in SQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, insert, select

from mixpeek_orchestration.core.extractor import ExtractorDescription
from mixpeek_orchestration.core.published import (
    Activation,
    PackageDeployment,
    Pointer,
    PublishedVersion,
    Submission,
)
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded, read, written
from mixpeek_orchestration.stores.catalog.published_rules import in_order, moved, same_or_refused, targeted
from mixpeek_orchestration.stores.catalog.revision import bump, changing
from mixpeek_orchestration.stores.catalog.schema import (
    package_activations,
    package_deployments,
    package_descriptions,
    package_pointers,
    package_submissions,
    package_versions,
)
from mixpeek_orchestration.stores.catalog.statements import upsert

T = TypeVar("T")


class SqlPackages:
    """The `PackageCatalog` in SQL. Whatever moves a pointer or a deployment waits for whatever else does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_version(self, version: PublishedVersion) -> PublishedVersion:
        """Insert; the same archive again is the one that is there, another one raises `Conflict`."""
        kept = replace(version, created_at=version.created_at or now())
        with changing(self._database) as connection:
            where = _of(package_versions, kept.namespace_id, kept.name, kept.version)
            existing = _one(connection, PublishedVersion, package_versions, where)
            if existing is not None:
                return same_or_refused(kept, existing)
            connection.execute(insert(package_versions), _owned_row(kept))
        return decoded(PublishedVersion, encoded(kept))

    def version(self, namespace_id: str, name: str, version: str) -> PublishedVersion | None:
        where = _of(package_versions, namespace_id, name, version)
        with self._database.reading() as connection:
            return _one(connection, PublishedVersion, package_versions, where)

    def versions(self, namespace_id: str | None = None, name: str | None = None) -> list[PublishedVersion]:
        """By name, the newest version first."""
        statement = select(package_versions.c.body)
        if namespace_id is not None:
            statement = statement.where(package_versions.c.namespace_id == namespace_id)
        if name is not None:
            statement = statement.where(package_versions.c.name == name)
        return in_order(self._all(PublishedVersion, statement))

    def delete_version(self, namespace_id: str, name: str, version: str) -> bool:
        """Forget a version and its deployment; the pointer of a name without versions is forgotten too."""
        with changing(self._database) as connection:
            _drop_deployment(connection, namespace_id, name, version)
            where = _of(package_versions, namespace_id, name, version)
            there = connection.execute(delete(package_versions).where(where)).rowcount > 0
            left = select(package_versions.c.seq).where(_of(package_versions, namespace_id, name))
            if connection.execute(left.limit(1)).first() is None:
                gone = delete(package_pointers).where(_of(package_pointers, namespace_id, name))
                connection.execute(gone)
            return there

    def pointer(self, namespace_id: str, name: str) -> Pointer | None:
        with self._database.reading() as connection:
            return _one(connection, Pointer, package_pointers, _of(package_pointers, namespace_id, name))

    def set_target(self, pointer: Pointer) -> Pointer:
        """Say what is being rolled out; `active` stays."""
        with changing(self._database) as connection:
            where = _of(package_pointers, pointer.namespace_id, pointer.name)
            kept = targeted(pointer, _one(connection, Pointer, package_pointers, where))
            _put_pointer(connection, kept)
            return kept

    def activate(self, activation: Activation, *, expected: str) -> bool:
        """Move the pointer and log it; `False` when it was not at `expected`."""
        kept = replace(activation, activated_at=activation.activated_at or now())
        with changing(self._database) as connection:
            where = _of(package_pointers, kept.namespace_id, kept.name)
            new = moved(kept, _one(connection, Pointer, package_pointers, where), expected=expected)
            if new is None:
                return False
            _put_pointer(connection, new)
            row = {"namespace_id": kept.namespace_id, "name": kept.name, "body": encoded(kept)}
            connection.execute(insert(package_activations), row)
            return True

    def activations(self, namespace_id: str, name: str, *, limit: int = 100) -> list[Activation]:
        """Newest first."""
        statement = select(package_activations.c.body).where(_of(package_activations, namespace_id, name))
        return self._all(Activation, statement.order_by(package_activations.c.seq.desc()).limit(limit))

    def put_deployment(self, deployment: PackageDeployment) -> PackageDeployment:
        """Insert or replace, and count the change if there is one."""
        kept = replace(deployment, requested_at=deployment.requested_at or now())
        with changing(self._database) as connection:
            where = _of(package_deployments, kept.namespace_id, kept.name, kept.version)
            if _one(connection, PackageDeployment, package_deployments, where) != kept:
                key = ["namespace_id", "name", "version"]
                connection.execute(upsert(connection, package_deployments, key=key), _owned_row(kept))
                bump(connection)
        return kept

    def deployment(self, namespace_id: str, name: str, version: str) -> PackageDeployment | None:
        where = _of(package_deployments, namespace_id, name, version)
        with self._database.reading() as connection:
            return _one(connection, PackageDeployment, package_deployments, where)

    def deployments(self, namespace_id: str | None = None) -> list[PackageDeployment]:
        """Oldest first."""
        statement = select(package_deployments.c.body).order_by(package_deployments.c.seq)
        if namespace_id is not None:
            statement = statement.where(package_deployments.c.namespace_id == namespace_id)
        return self._all(PackageDeployment, statement)

    def delete_deployment(self, namespace_id: str, name: str, version: str) -> bool:
        """Forget one and count the change; `False` when it was not there."""
        with changing(self._database) as connection:
            return _drop_deployment(connection, namespace_id, name, version)

    def keep_description(self, archive: str, parameters_fp: str, description: ExtractorDescription) -> None:
        """Insert or replace; what belongs to this installation is left out."""
        row = {
            "archive": archive,
            "parameters_fp": parameters_fp,
            "body": written(description.as_dict()),
        }
        with self._database.writing() as connection:
            key = ["archive", "parameters_fp"]
            connection.execute(upsert(connection, package_descriptions, key=key), row)

    def description(self, archive: str, parameters_fp: str) -> ExtractorDescription | None:
        table = package_descriptions
        statement = select(table.c.body).where(
            table.c.archive == archive, table.c.parameters_fp == parameters_fp
        )
        with self._database.reading() as connection:
            body = connection.execute(statement).scalar_one_or_none()
        return None if body is None else ExtractorDescription.from_dict(read(body))

    def put_submission(self, submission: Submission) -> Submission:
        """Insert or replace by id."""
        row = {
            "submission_id": submission.submission_id,
            "namespace_id": submission.namespace_id,
            "body": encoded(submission),
        }
        with self._database.writing() as connection:
            connection.execute(upsert(connection, package_submissions, key=["submission_id"]), row)
        return submission

    def submission(self, submission_id: str) -> Submission | None:
        where = package_submissions.c.submission_id == submission_id
        with self._database.reading() as connection:
            return _one(connection, Submission, package_submissions, where)

    def submissions(self, namespace_id: str | None = None) -> list[Submission]:
        """Newest first."""
        statement = select(package_submissions.c.body).order_by(package_submissions.c.seq.desc())
        if namespace_id is not None:
            statement = statement.where(package_submissions.c.namespace_id == namespace_id)
        return self._all(Submission, statement)

    def _all(self, kind: type[T], statement: Select[Any]) -> list[T]:
        with self._database.reading() as connection:
            return [decoded(kind, body) for body in connection.execute(statement).scalars()]


def _of(table: Table, *values: str) -> ColumnElement[bool]:
    """The rows of a namespace, name and version, as far as they are given."""
    names = ("namespace_id", "name", "version")
    return and_(*(table.c[name] == value for name, value in zip(names, values, strict=False)))


def _one(connection: Connection, kind: type[T], table: Table, where: ColumnElement[bool]) -> T | None:
    body = connection.execute(select(table.c.body).where(where)).scalar_one_or_none()
    return None if body is None else decoded(kind, body)


def _owned_row(value: PublishedVersion | PackageDeployment) -> dict[str, str]:
    return {
        "namespace_id": value.namespace_id,
        "name": value.name,
        "version": value.version,
        "body": encoded(value),
    }


def _put_pointer(connection: Connection, pointer: Pointer) -> None:
    row = {"namespace_id": pointer.namespace_id, "name": pointer.name, "body": encoded(pointer)}
    connection.execute(upsert(connection, package_pointers, key=["namespace_id", "name"]), row)


def _drop_deployment(connection: Connection, namespace_id: str, name: str, version: str) -> bool:
    where = _of(package_deployments, namespace_id, name, version)
    if connection.execute(delete(package_deployments).where(where)).rowcount == 0:
        return False
    bump(connection)
    return True
