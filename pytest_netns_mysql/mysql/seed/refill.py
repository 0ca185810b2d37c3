"""Rows of seeded tables written again, past the triggers that would go off."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier, literal
from pytest_netns_mysql.mysql.mysqld.seeded import Name, Rows
from pytest_netns_mysql.mysql.seed.contents import title

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.base import RawRow
    from pytest_netns_mysql.mysql.mysqld.administrator import Administrator
    from pytest_netns_mysql.mysql.seed.record import Table

_AS_LOADED = "sql_mode = 'NO_AUTO_VALUE_ON_ZERO'"
_TRIGGERS = """\
SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, EVENT_MANIPULATION, SQL_MODE,
    UNIX_TIMESTAMP(CREATED), CHARACTER_SET_CLIENT, COLLATION_CONNECTION
FROM information_schema.TRIGGERS
WHERE (EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE) IN ({}) AND EVENT_MANIPULATION IN ('INSERT', 'DELETE')
ORDER BY ACTION_ORDER"""


class UnwritableError(Exception):
    """A trigger cannot be made again as it was, so that its table is left alone."""


class Refilling:
    """Write rows in the administrator's own session, with its modes as they were when the rows were loaded."""

    def __init__(self, administrator: Administrator, folder: Path) -> None:
        """Keep whom to ask, and the folder of the seed."""
        self._administrator = administrator
        self._folder = folder

    def __call__(self, tables: Collection[tuple[Table, Rows, Rows]]) -> bool:
        """Write what each table was loaded with; what the server refuses is seen by the next look.

        Returns whether nothing but rows was written: no trigger had to be made again.

        Args:
            tables: Each with the rows that it had, those of the load, and with what it has now.
        """
        import mysql.connector

        self._administrator.run(f"SET SESSION {_AS_LOADED}")
        try:
            triggers = self._triggers([(table.schema, table.name) for table, *_ in tables])
            for table, before, now in tables:
                with contextlib.suppress(mysql.connector.Error, UnwritableError):
                    self._refill(table, before, now, triggers.get((table.schema, table.name), []))
            return not triggers
        finally:
            self._administrator.usual()

    def _refill(self, table: Table, before: Rows, now: Rows, triggers: list[RawRow]) -> None:
        run, name = self._administrator.run, title((table.schema, table.name))
        with self._without(table.schema, triggers):
            # TRUNCATE costs more, but has a table count from 1 again.
            counts_on = now.next_number != before.next_number
            run(f"{'TRUNCATE TABLE' if counts_on else 'DELETE FROM'} {name}")
            with (self._folder / str(table.rows)).open(encoding="ascii") as statements:
                for statement in statements:
                    run(json.loads(statement))
            if counts_on and before.next_number:
                run(f"ALTER TABLE {name} AUTO_INCREMENT = {before.next_number}")

    def _triggers(self, names: Collection[Name]) -> dict[Name, list[RawRow]]:
        listed = ", ".join(f"({literal(schema)}, {literal(name)})" for schema, name in names)
        found: dict[Name, list[RawRow]] = {}
        for schema, table, *row in self._administrator.ask(_TRIGGERS.format(listed))[0] if names else ():
            found.setdefault((decoded(schema), decoded(table)), []).append(tuple(row))
        return found

    @contextlib.contextmanager
    def _without(self, schema: str, triggers: list[RawRow]) -> Iterator[None]:
        """Take triggers away, and make them again, the same to the time of their creation and in their order."""
        known = []
        for name, _, mode, created, charset, collation in [tuple(map(decoded, row)) for row in triggers]:
            full_name = f"{identifier(schema)}.{identifier(name)}"
            ((_, _, told, *_),) = self._administrator.ask(f"SHOW CREATE TRIGGER {full_name}")[0]
            text = decoded(told)
            if not text.isascii() and not charset.startswith("utf8"):
                raise UnwritableError(f"the trigger {full_name} was written in {charset}")
            session = (
                f"SET SESSION sql_mode = {literal(mode)}, timestamp = {created or 'DEFAULT'},"
                f" character_set_client = {charset}, collation_connection = {collation}"
            )
            known.append((full_name, session, text))
        dropped = []
        try:
            for full_name, session, text in known:
                self._administrator.run(f"DROP TRIGGER {full_name}")
                dropped.append((session, text))
            yield
        finally:
            self._make(schema, dropped)

    def _make(self, schema: str, triggers: list[tuple[str, str]]) -> None:
        """Make triggers, each by a statement in a session as it was made in."""
        if not triggers:
            return
        run = self._administrator.run
        try:
            run(f"USE {identifier(schema)}")  # the texts have their tables' names alone
            for session, text in triggers:
                run(session, text)
        finally:
            self._administrator.usual()
            run("SET NAMES utf8mb4", f"SET SESSION timestamp = DEFAULT, {_AS_LOADED}")
