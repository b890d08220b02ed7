"""Endpoints in SQL."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import bindparam, delete, select

from mixpeek_orchestration.core.feature_uri import canonical_version
from mixpeek_orchestration.core.ports.deployments import Deployment
from mixpeek_orchestration.core.published import scopes
from mixpeek_orchestration.stores.catalog.clock import now
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.definitions import second_endpoint
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.schema import deployments
from mixpeek_orchestration.stores.catalog.statements import upsert

# Every query asks this: building a statement costs as much as running it.
_OF_A_VERSION = select(deployments.c.body).where(
    deployments.c.extractor_name == bindparam("name"),
    deployments.c.canonical_version == bindparam("version"),
    deployments.c.namespace_id.in_(bindparam("owners", expanding=True)),
)


class SqlDeployments:
    """The `DeploymentCatalog` in SQL: one endpoint per extractor version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, deployment: Deployment) -> Deployment:
        """Insert or replace by id, stamped with the time; raises `Conflict` for a second endpoint of a version."""
        kept = replace(deployment, updated_at=now())
        version = canonical_version(kept.extractor_version)
        row = {
            "endpoint_id": kept.endpoint_id,
            "extractor_name": kept.extractor_name,
            "canonical_version": version,
            "namespace_id": kept.namespace_id,
            "body": encoded(kept),
        }
        other = select(deployments.c.endpoint_id).where(
            deployments.c.extractor_name == kept.extractor_name,
            deployments.c.canonical_version == version,
            deployments.c.namespace_id == kept.namespace_id,
            deployments.c.endpoint_id != kept.endpoint_id,
        )
        with self._database.writing() as connection:
            existing = connection.execute(other).scalar_one_or_none()
            if existing is not None:
                raise second_endpoint(kept, existing)
            connection.execute(upsert(connection, deployments, key=["endpoint_id"]), row)
        return kept

    def get(self, name: str, version: str, *, namespace_id: str = "") -> Deployment | None:
        """By extractor name and version in any spelling: the first one in the scopes of a namespace."""
        owners = scopes(namespace_id)
        asked = {"name": name, "version": canonical_version(version), "owners": owners}
        with self._database.reading() as connection:
            found = [decoded(Deployment, body) for body in connection.execute(_OF_A_VERSION, asked).scalars()]
        return min(found, key=lambda one: owners.index(one.namespace_id), default=None)

    def all(self) -> list[Deployment]:
        """Oldest first."""
        with self._database.reading() as connection:
            bodies = connection.execute(select(deployments.c.body).order_by(deployments.c.seq)).scalars()
            return [decoded(Deployment, body) for body in bodies]

    def delete(self, endpoint_id: str) -> bool:
        """Forget an endpoint; `False` when it was not known."""
        with self._database.writing() as connection:
            where = deployments.c.endpoint_id == endpoint_id
            return connection.execute(delete(deployments).where(where)).rowcount > 0
