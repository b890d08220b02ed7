"""Marks of tables in SQL."""

from __future__ import annotations

from sqlalchemy import delete, select

from mixpeek_orchestration.core.drift import Mark
from mixpeek_orchestration.stores.catalog.database import Database
from mixpeek_orchestration.stores.catalog.drift_schema import table_marks
from mixpeek_orchestration.stores.catalog.encoding import decoded, encoded
from mixpeek_orchestration.stores.catalog.statements import upsert


class SqlMarks:
    """The `MarkCatalog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, mark: Mark) -> None:
        """Insert or replace by generation."""
        row = {
            "generation_id": mark.generation_id,
            "collection_id": mark.collection_id,
            "body": encoded(mark),
        }
        with self._database.writing() as connection:
            connection.execute(upsert(connection, table_marks, key=["generation_id"]), row)

    def get(self, generation_id: str) -> Mark | None:
        statement = select(table_marks.c.body).where(table_marks.c.generation_id == generation_id)
        with self._database.reading() as connection:
            body = connection.execute(statement).scalar_one_or_none()
        return None if body is None else decoded(Mark, body)

    def forget(self, generation_id: str) -> None:
        """Nothing is known of the generation's table any more."""
        with self._database.writing() as connection:
            connection.execute(delete(table_marks).where(table_marks.c.generation_id == generation_id))
