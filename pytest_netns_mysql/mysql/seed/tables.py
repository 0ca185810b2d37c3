"""The schemas of a seeded server: which of their contents a test changed, and how they are put back."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.mysqld.seeded import Contents, Difference, Name, Rows
from pytest_netns_mysql.mysql.seed.contents import columns_of, definitions, digest_of, digests, things, title
from pytest_netns_mysql.mysql.seed.record import Record, read_record
from pytest_netns_mysql.mysql.seed.refill import Refilling
from pytest_netns_mysql.mysql.seed.untouched import untouched

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_OF_ROWS = ("table", "sequence")
_MOST = 100  # tables to truncate; a fresh server is there sooner than more of them


class SeededTables:
    """The schemas that a server was loaded with, as they are on it."""

    def __init__(self, server: Instance, folder: Path) -> None:
        """Keep the server, and the folder of the seed that it was started from."""
        self._server = server
        self._folder = folder
        self._is_doubted = False
        # Of large tables, what was read when their files were last looked at.
        self._large: dict[Name, str] = {}
        self._selected: dict[tuple[Name, str], str] = {}

    @cached_property
    def _record(self) -> Record:
        return read_record(self._folder)

    def doubt(self) -> None:
        """Take nothing for granted any more: the server was started on other data than the seed's."""
        self._is_doubted = True
        self._large.clear()

    def read(self, *, as_loaded: bool = False, is_a_check: bool = False) -> Contents:
        """Return what the schemas hold.

        ``as_loaded``, where nobody has used the server, has no row read; ``is_a_check``, where nobody has since this
        was last called, none of a large table that was not put back.
        """
        if not self._record.schemas:
            return Contents()
        administrator = self._server.administrator
        found = things(administrator, self._record.schemas)
        told = definitions(administrator, found)
        numbers = {(one.schema, one.name): number for one, (_, number) in told.items() if one.kind in _OF_ROWS}
        texts = {one: text for one, (text, _) in told.items()}
        if as_loaded and not self._is_doubted:
            loaded = {name: table.digest for name, table in self._record.tables.items()}
        else:
            loaded = {}
        structures = {
            name: text
            for one, text in texts.items()
            if (name := (one.schema, one.name)) not in loaded and one.kind in _OF_ROWS
        }
        read = {**loaded, **self._digests(structures, is_a_check=is_a_check)}
        return Contents(texts, {name: Rows(digest, numbers[name]) for name, digest in read.items()})

    def read_rows(self, known: Contents, put_back: Collection[Difference]) -> Contents:
        """Return what the schemas hold: what is ``known``, but for the tables whose rows were put back."""
        told = definitions(self._server.administrator, {one.thing: ("TABLE", "") for one in put_back})
        read = self._digests({(one.schema, one.name): text for one, (text, _) in told.items()}, is_a_check=True)
        rows = {(one.schema, one.name): Rows(read[one.schema, one.name], number) for one, (_, number) in told.items()}
        texts = {one: text for one, (text, _) in told.items()}
        return Contents({**known.definitions, **texts}, {**known.rows, **rows})

    def _digests(self, structures: dict[Name, str], *, is_a_check: bool) -> dict[Name, str]:
        """Return the digests of tables with these definitions; those that nobody has written are not read again."""
        large = [
            table
            for name, table in self._record.tables.items()
            if table.files and structures.get(name) == table.structure
        ]
        large_names = {(table.schema, table.name) for table in large}
        known = large_names if is_a_check else untouched(self._server, large)
        as_before = {name: self._large[name] for name in known if name in self._large}
        self._select({name: text for name, text in structures.items() if name not in as_before})
        selected = {name: self._selected[name, text] for name, text in structures.items() if name not in as_before}
        found = {**as_before, **digests(self._server.administrator, selected)}
        self._large |= {name: found[name] for name in large_names}
        return found

    def _select(self, structures: dict[Name, str]) -> None:
        """Find out what to select for the digest of each table."""
        for name, table in self._record.tables.items():
            self._selected.setdefault((name, table.structure), table.selected)
        unknown = {name: text for name, text in structures.items() if (name, text) not in self._selected}
        columns = columns_of(self._server.administrator, unknown)
        for name, text in unknown.items():
            self._selected[name, text] = digest_of(name, columns[name], text)

    def differences(self, before: Contents, now: Contents) -> list[Difference]:
        """Return what changed."""
        return list(self._differences(before, now))

    def _differences(self, before: Contents, now: Contents) -> Iterator[Difference]:
        for one in {**now.definitions, **before.definitions}:
            name = (one.schema, one.name)
            if one not in before.definitions or one not in now.definitions:
                yield Difference(one, "gone" if one in before.definitions else "new")
            elif before.definitions[one] != now.definitions[one]:
                yield Difference(one, "altered")
            elif one.kind in _OF_ROWS and before.rows[name] != now.rows[name]:
                loaded = self._record.tables.get(name)
                is_known = one.kind == "sequence" or (loaded and loaded.digest == before.rows[name].digest)
                # What rows it had is not known in full otherwise.
                yield Difference(one, "changed" if is_known else "changed, and a fixture of a wider scope had made it")

    def put_back(self, found: Sequence[Difference], before: Contents, now: Contents) -> bool:
        """Undo the differences between what was there ``before`` and is there ``now``, as far as they can be.

        Returns whether nothing but rows was written. The rest is left as it is, for a fresh server: what was altered or
        is gone, and the rows of tables that are too large or that a fixture of a wider scope had changed.
        """
        import mysql.connector

        administrator = self._server.administrator
        for one in found:
            if one.what == "new":
                with contextlib.suppress(mysql.connector.Error):
                    word = one.thing.kind.replace("base ", "").upper()
                    # MariaDB knows of packages in Oracle's mode alone.
                    mode = "SET STATEMENT sql_mode = 'ORACLE' FOR " if word.startswith("PACKAGE") else ""
                    administrator.run(f"{mode}DROP {word} IF EXISTS {title((one.thing.schema, one.thing.name))}")
        sequences = [one.thing for one in found if one.what == "changed" and one.thing.kind == "sequence"]
        for thing in sequences:
            name = (thing.schema, thing.name)
            administrator.run(f"ALTER SEQUENCE {title(name)} RESTART {before.rows[name].next_number}")
        rest = [one.thing for one in found if one.what == "changed" and one.thing not in sequences]
        changed = [(thing.schema, thing.name) for thing in rest]
        tables = [(self._record.tables[name], before.rows[name], now.rows[name]) for name in changed]
        for name in changed:
            self._large.pop(name, None)
        if sum(before.next_number != now.next_number for _, before, now in tables) > _MOST:
            return False
        refill = Refilling(administrator, self._folder)
        return refill([one for one in tables if one[0].rows is not None]) and len(changed) == len(found)
