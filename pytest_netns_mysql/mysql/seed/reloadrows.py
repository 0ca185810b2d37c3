"""Reloading the rows of seeded tables, without firing their triggers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier, literal
from pytest_netns_mysql.mysql.mysqld.schemacontents import Rows, TableName
from pytest_netns_mysql.mysql.seed.definitions import qualified

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.administrator import Administrator
    from pytest_netns_mysql.mysql.seed.loadedtables import LoadedTable

_LOADING_MODE = "sql_mode = 'NO_AUTO_VALUE_ON_ZERO'"
_TRIGGERS = """\
SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, EVENT_MANIPULATION, SQL_MODE,
    UNIX_TIMESTAMP(CREATED), CHARACTER_SET_CLIENT, COLLATION_CONNECTION
FROM information_schema.TRIGGERS
WHERE (EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE) IN ({}) AND EVENT_MANIPULATION IN ('INSERT', 'DELETE')
ORDER BY ACTION_ORDER"""


class TriggerError(Exception):
    """A trigger cannot be created again as it was. The rows of its table are not reloaded."""


class ChangedTable(NamedTuple):
    """A table with rows to reload.

    Attributes:
        table: The table as it was loaded.
        before: The rows as they were loaded.
        now: The current rows.
    """

    table: LoadedTable
    before: Rows
    now: Rows


class _Trigger(NamedTuple):
    name: str
    session: str  # the statement that prepares a session for creating the trigger
    text: str


class RowReloader:
    """Reloads the rows of seeded tables in the plugin's own session."""

    def __init__(self, administrator: Administrator, folder: Path) -> None:
        """Take the administrator of the server and the folder of the seed."""
        self._administrator = administrator
        self._folder = folder

    def reload(self, tables: Collection[ChangedTable]) -> bool:
        """Write the rows that the tables were loaded with. Errors of the server are ignored.

        Returns:
            True if only rows were written: no trigger had to be dropped and created again.
        """
        import mysql.connector

        self._administrator.run(f"SET SESSION {_LOADING_MODE}")
        try:
            triggers = self._triggers([changed.table.table_name for changed in tables])
            for changed in tables:
                with contextlib.suppress(mysql.connector.Error, TriggerError):
                    self._reload_table(changed, triggers.get(changed.table.table_name, []))
            return not triggers
        finally:
            self._administrator.usual()

    def _reload_table(self, changed: ChangedTable, triggers: list[RawRow]) -> None:
        table, before, now = changed
        run, name = self._administrator.run, qualified(table.table_name)
        with self._without(table.schema, triggers):
            # TRUNCATE is slower than DELETE, but resets AUTO_INCREMENT.
            must_reset_number = now.next_number != before.next_number
            run(f"{'TRUNCATE TABLE' if must_reset_number else 'DELETE FROM'} {name}")
            with (self._folder / str(table.rows)).open(encoding="ascii") as statements:
                for statement in statements:
                    run(json.loads(statement))
            if must_reset_number and before.next_number:
                run(f"ALTER TABLE {name} AUTO_INCREMENT = {before.next_number}")

    def _triggers(self, names: Collection[TableName]) -> dict[TableName, list[RawRow]]:
        pairs = ", ".join(f"({literal(schema)}, {literal(name)})" for schema, name in names)
        triggers: dict[TableName, list[RawRow]] = {}
        for schema, table, *row in self._administrator.ask(_TRIGGERS.format(pairs))[0] if names else ():
            triggers.setdefault((decoded(schema), decoded(table)), []).append(tuple(row))
        return triggers

    @contextlib.contextmanager
    def _without(self, schema: str, triggers: list[RawRow]) -> Iterator[None]:
        """Drop triggers for the block, and create them again: in their order, with their times of creation."""
        known = [self._definition(schema, row) for row in triggers]
        dropped: list[_Trigger] = []
        try:
            for trigger in known:
                self._administrator.run(f"DROP TRIGGER {trigger.name}")
                dropped.append(trigger)
            yield
        finally:
            self._create(schema, dropped)

    def _definition(self, schema: str, row: RawRow) -> _Trigger:
        name, _, mode, created, charset, collation = map(decoded, row)
        full_name = qualified((schema, name))
        ((_, _, raw_text, *_),) = self._administrator.ask(f"SHOW CREATE TRIGGER {full_name}")[0]
        text = decoded(raw_text)
        if not text.isascii() and not charset.startswith("utf8"):
            raise TriggerError(f"the trigger {full_name} was written in {charset}")
        session = (
            f"SET SESSION sql_mode = {literal(mode)}, timestamp = {created or 'DEFAULT'},"
            f" character_set_client = {charset}, collation_connection = {collation}"
        )
        return _Trigger(full_name, session, text)

    def _create(self, schema: str, triggers: list[_Trigger]) -> None:
        """Create triggers, each in a session like the one that created it before."""
        if not triggers:
            return
        run = self._administrator.run
        try:
            run(f"USE {identifier(schema)}")  # the definitions have the names of tables without the schema
            for trigger in triggers:
                run(trigger.session, trigger.text)
        finally:
            self._administrator.usual()
            run("SET NAMES utf8mb4", f"SET SESSION timestamp = DEFAULT, {_LOADING_MODE}")
