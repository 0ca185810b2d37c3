"""The schemas that a server was loaded with: what a test changed in them, and putting it back."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.mysqld.schemacontents import Rows, SchemaContents, SchemaObject, TableName
from pytest_netns_mysql.mysql.mysqld.seeded import SchemaChange
from pytest_netns_mysql.mysql.seed.definitions import Listing, list_objects, qualified, read_definitions
from pytest_netns_mysql.mysql.seed.loadedtables import LoadedTables, read_loaded_tables
from pytest_netns_mysql.mysql.seed.reloadrows import ChangedTable, RowReloader
from pytest_netns_mysql.mysql.seed.rowdigests import digest_query, read_digests, stored_columns
from pytest_netns_mysql.mysql.seed.unwrittentables import find_unwritten

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_KINDS_WITH_ROWS = ("table", "sequence")
_MOST_TRUNCATED = 100  # tables: for more of them, a fresh server is faster
_CHANGED_FROM_WIDER_SCOPE = "changed, and a fixture of a wider scope had changed it before"


class SeededSchemas:
    """The schemas that a running server was loaded with."""

    def __init__(self, server: Instance, folder: Path) -> None:
        """Take the server and the folder of the seed that it was started from."""
        self._server = server
        self._folder = folder
        self._is_doubted = False
        self._large_digests: dict[TableName, str] = {}  # by the time when the tables' files were last looked at
        self._queries: dict[tuple[TableName, str], str] = {}  # for digests, by name and structure

    @cached_property
    def _loaded(self) -> LoadedTables:
        return read_loaded_tables(self._folder)

    def doubt(self) -> None:
        """Forget what is known about the rows: the server was started on other data than the seed's."""
        self._is_doubted = True
        self._large_digests.clear()

    def read(self, *, as_loaded: bool = False, is_a_check: bool = False) -> SchemaContents:
        """Return the contents of the schemas.

        Args:
            as_loaded: Whether nobody has used the server. The digests of the rows are then taken from the seed.
            is_a_check: Whether nobody but ``put_back`` has written since the last call. Large tables that were not put
                back are then not read.
        """
        if not self._loaded.schemas:
            return SchemaContents()
        administrator = self._server._administrator
        definitions = read_definitions(administrator, list_objects(administrator, self._loaded.schemas))
        with_rows = {
            found.table_name: definition for found, definition in definitions.items() if found.kind in _KINDS_WITH_ROWS
        }
        loaded: dict[TableName, str] = {}
        if as_loaded and not self._is_doubted:
            loaded = {name: table.digest for name, table in self._loaded.tables.items()}
        structures = {name: definition.text for name, definition in with_rows.items() if name not in loaded}
        digests = {**loaded, **self._digests(structures, is_a_check=is_a_check)}
        return SchemaContents(
            {found: definition.text for found, definition in definitions.items()},
            {name: Rows(digest, with_rows[name].next_number) for name, digest in digests.items()},
        )

    def read_rows(self, known: SchemaContents, put_back: Collection[SchemaChange]) -> SchemaContents:
        """Return the contents of the schemas after ``put_back`` has written nothing but rows.

        Args:
            known: The contents before. Everything else is taken from them.
            put_back: The changes that were put back. Only their tables are read.
        """
        tables = {change.object: Listing("TABLE", "") for change in put_back}
        definitions = read_definitions(self._server._administrator, tables)
        structures = {found.table_name: definition.text for found, definition in definitions.items()}
        digests = self._digests(structures, is_a_check=True)
        rows = {
            found.table_name: Rows(digests[found.table_name], definition.next_number)
            for found, definition in definitions.items()
        }
        texts = {found: definition.text for found, definition in definitions.items()}
        return SchemaContents({**known.definitions, **texts}, {**known.rows, **rows})

    def _digests(self, structures: Mapping[TableName, str], *, is_a_check: bool) -> dict[TableName, str]:
        """Return the digests of the tables with these structures. Large tables that nobody wrote are not read."""
        large = [
            table
            for name, table in self._loaded.tables.items()
            if table.files and structures.get(name) == table.structure
        ]
        large_names = {table.table_name for table in large}
        unwritten = large_names if is_a_check else find_unwritten(self._server, large)
        known = {name: self._large_digests[name] for name in unwritten if name in self._large_digests}
        to_read = {name: structure for name, structure in structures.items() if name not in known}
        digests = {**known, **read_digests(self._server._administrator, self._digest_queries(to_read))}
        self._large_digests |= {name: digests[name] for name in large_names}
        return digests

    def _digest_queries(self, structures: Mapping[TableName, str]) -> dict[TableName, str]:
        for name, table in self._loaded.tables.items():
            self._queries.setdefault((name, table.structure), table.digest_query)
        missing = {name: text for name, text in structures.items() if (name, text) not in self._queries}
        columns = stored_columns(self._server._administrator, missing)
        for name, structure in missing.items():
            self._queries[name, structure] = digest_query(name, columns[name], structure)
        return {name: self._queries[name, structure] for name, structure in structures.items()}

    def changes(self, before: SchemaContents, now: SchemaContents) -> list[SchemaChange]:
        """Return what changed in the schemas."""
        return list(self._changes(before, now))

    def _changes(self, before: SchemaContents, now: SchemaContents) -> Iterator[SchemaChange]:
        for found in {**now.definitions, **before.definitions}:
            name = found.table_name
            if found not in before.definitions or found not in now.definitions:
                yield SchemaChange(found, "gone" if found in before.definitions else "new")
            elif before.definitions[found] != now.definitions[found]:
                yield SchemaChange(found, "altered")
            elif found.kind in _KINDS_WITH_ROWS and before.rows[name] != now.rows[name]:
                table = self._loaded.tables.get(name)
                # Only the rows of the seed, and the number of a sequence, are known in full.
                can_be_put_back = found.kind == "sequence" or (table and table.digest == before.rows[name].digest)
                yield SchemaChange(found, "changed" if can_be_put_back else _CHANGED_FROM_WIDER_SCOPE)

    def put_back(self, changes: Sequence[SchemaChange], before: SchemaContents, now: SchemaContents) -> bool:
        """Undo changes in the schemas, as far as possible.

        A fresh server is needed for the rest: objects that are altered or gone, and the rows of tables that are too
        large or that a fixture of a wider scope had changed.

        Args:
            changes: The changes.
            before: The contents before the changes.
            now: The current contents.

        Returns:
            True if the plugin wrote nothing but rows.
        """
        for change in changes:
            if change.what == "new":
                self._drop(change.object)
        changed = [change.object for change in changes if change.what == "changed"]
        sequences = [found for found in changed if found.kind == "sequence"]
        for sequence in sequences:
            number = before.rows[sequence.table_name].next_number
            self._server._administrator.run(f"ALTER SEQUENCE {qualified(sequence.table_name)} RESTART {number}")
        names = [found.table_name for found in changed if found not in sequences]
        tables = [ChangedTable(self._loaded.tables[name], before.rows[name], now.rows[name]) for name in names]
        for name in names:
            self._large_digests.pop(name, None)
        if sum(table.before.next_number != table.now.next_number for table in tables) > _MOST_TRUNCATED:
            return False
        reloader = RowReloader(self._server._administrator, self._folder)
        only_rows = reloader.reload([changed for changed in tables if changed.table.rows is not None])
        return only_rows and len(names) == len(changes)

    def _drop(self, new: SchemaObject) -> None:
        import mysql.connector

        keyword = new.kind.upper()
        # PACKAGE is a keyword of MariaDB in Oracle mode only.
        mode = "SET STATEMENT sql_mode = 'ORACLE' FOR " if keyword.startswith("PACKAGE") else ""
        with contextlib.suppress(mysql.connector.Error):
            self._server._administrator.run(f"{mode}DROP {keyword} IF EXISTS {qualified(new.table_name)}")
