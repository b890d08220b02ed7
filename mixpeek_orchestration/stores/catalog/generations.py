"""Generations of collections in SQL."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from mixpeek_orchestration.core.collection import Generation
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.definitions import number_taken, settled_generation
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.revision import bump, changing
from mixpeek_orchestration.stores.catalog.schema import generations
from mixpeek_orchestration.stores.catalog.statements import upsert

_READ = select(generations.c.body, generations.c.code_fp)
# Every query asks for one: building a statement costs as much as running it.
_BY_ID = _READ.where(generations.c.generation_id == bindparam("generation"))


class GenerationTable:
    """Definitions of generations, and beside them the code that committed last, which is state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, new: Generation) -> Generation:
        """Insert or replace by id, and count the change if there is one."""
        with changing(self._database) as connection:
            return self.write(connection, new)

    def write(self, connection: Connection, new: Generation) -> Generation:
        """As `put`, inside a transaction."""
        self._check_number(connection, new)
        old = self.by_id(connection, new.generation_id)
        kept = settled_generation(new, old)
        if kept != old:
            row = {
                "generation_id": kept.generation_id,
                "collection_id": kept.collection_id,
                "number": kept.number,
                "code_fp": kept.code_fp,
                "body": encoded(kept),
            }
            connection.execute(upsert(connection, generations, key=["generation_id"]), row)
            bump(connection)
        return kept

    def get(self, generation_id: str) -> Generation | None:
        with self._database.reading() as connection:
            return self.by_id(connection, generation_id)

    def of(self, collection_id: str | None) -> list[Generation]:
        """The generations of a collection, or of all of them, oldest first."""
        statement = _READ.order_by(generations.c.collection_id, generations.c.number)
        if collection_id is not None:
            statement = statement.where(generations.c.collection_id == collection_id)
        with self._database.reading() as connection:
            return [_generation(row) for row in connection.execute(statement)]

    def set_code(self, generation_id: str, code_fp: str) -> None:
        """Record the code that committed last."""
        where = generations.c.generation_id == generation_id
        with self._database.writing() as connection:
            connection.execute(update(generations).where(where).values(code_fp=code_fp))

    def delete(self, connection: Connection, generation_id: str) -> bool:
        """Remove one and count the change; `False` when it was not there."""
        gone = connection.execute(delete(generations).where(generations.c.generation_id == generation_id))
        if gone.rowcount:
            bump(connection)
        return gone.rowcount > 0

    def by_id(self, connection: Connection, generation_id: str) -> Generation | None:
        """The generation, read inside a transaction."""
        row = connection.execute(_BY_ID, {"generation": generation_id}).one_or_none()
        return None if row is None else _generation(row)

    def _check_number(self, connection: Connection, new: Generation) -> None:
        same = select(generations.c.generation_id).where(
            generations.c.collection_id == new.collection_id,
            generations.c.number == new.number,
            generations.c.generation_id != new.generation_id,
        )
        existing = connection.execute(same).scalars().first()
        if existing is not None:
            raise number_taken(new.collection_id, new.number, existing)


def _generation(row: Row[tuple[str, str]]) -> Generation:
    return replace(decoded(Generation, row.body), code_fp=row.code_fp)
