"""What a server has beside its users' tables at one moment, and how two moments differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from pytest_netns_mysql.mysql.clients.hostpatterns import AccountName
from pytest_netns_mysql.mysql.dialects.quoting import decoded
from pytest_netns_mysql.mysql.mysqld.processlist import Connection
from pytest_netns_mysql.mysql.mysqld.seeded import Contents

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.base import RawRow
    from pytest_netns_mysql.mysql.dialects.counters import Counters

_K = TypeVar("_K")
_V = TypeVar("_V")
UNKNOWN = -1  # the checksum of a table that is known by its rows alone
_SWITCHES = {"ON": "1", "OFF": "0"}


@dataclass(frozen=True)
class State:
    """What a server had at one moment: plain values, alike for two moments between which nothing changed.

    Attributes:
        pid: The pid of mysqld.
        command: Its command line.
        rows: Names and values of each kind of object, such as ``schema``.
        tables: The checksums of settings' tables.
        transactions: The prepared transactions, as XA RECOVER lists them.
        connections: The clients' connections.
        files: The files of the data directory, outside of schemas.
        values: The global variables that may have been set since an earlier state.
        contents: The rows of the tables that are written back, grant tables first; of a complete state.
        variables: All global variables, of a complete state.
        seeded: What the schemas hold that the server was loaded with.
        counters: What had been run by then; None where that proves nothing, as while a transaction is open.
        has_data: Whether the server took the writes of its data, and was no replica.
    """

    pid: int
    command: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, int]
    transactions: tuple[RawRow, ...]
    connections: frozenset[Connection]
    files: frozenset[tuple[str, int]]
    values: Mapping[str, str | None]
    contents: Mapping[str, tuple[RawRow, ...]] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    seeded: Contents = field(default_factory=Contents)
    counters: Counters | None = None
    has_data: bool = True  # and not its source or primary, which is looked at in its place

    def names(self, kind: str) -> Mapping[str, str]:
        """Return the names and values of one kind; empty where there is none."""
        return self.rows.get(kind, {})

    @property
    def accounts(self) -> frozenset[AccountName]:
        """The users and hosts of all accounts, of a complete state."""
        accounts = next(iter(self.contents.values()), ())  # Host, User: they begin the first of the grant tables
        return frozenset((decoded(row[1]), decoded(row[0])) for row in accounts)


def is_as(state: State, complete: State) -> bool:
    """Return True if nothing has changed since ``complete`` was read."""
    unlike = [name for name, value in state.values.items() if not same(value, complete.variables.get(name))]
    parts = "pid", "command", "rows", "tables", "transactions", "connections", "files", "seeded", "has_data"
    return not unlike and all(getattr(state, part) == getattr(complete, part) for part in parts)


def absorb(before: State, first: State, second: State) -> State:
    """Return ``before`` with what became other from ``first`` to ``second``, all of them complete."""
    if first.has_data != second.has_data:
        return second  # a replica was promoted meanwhile
    kinds = {*first.rows, *second.rows}
    tables = {table: UNKNOWN for table in first.tables if first.tables[table] != second.tables[table]}
    return replace(
        before,
        rows={**before.rows, **{one: _moved(before.names(one), first.names(one), second.names(one)) for one in kinds}},
        tables={**before.tables, **tables},
        transactions=tuple({*before.transactions} ^ {*first.transactions} ^ {*second.transactions}),
        connections=before.connections | second.connections - first.connections,
        files=before.files ^ first.files ^ second.files,
        contents={
            table: tuple(
                _moved(dict.fromkeys(rows), dict.fromkeys(first.contents[table]), dict.fromkeys(second.contents[table]))
            )
            for table, rows in before.contents.items()
        },
        variables=_moved(before.variables, first.variables, second.variables),
        seeded=Contents(
            _moved(before.seeded.definitions, first.seeded.definitions, second.seeded.definitions),
            _moved(before.seeded.rows, first.seeded.rows, second.seeded.rows),
        ),
        counters=None,
    )


def _moved(before: Mapping[_K, _V], first: Mapping[_K, _V], second: Mapping[_K, _V]) -> dict[_K, _V]:
    gone = first.keys() - second.keys()
    changed = {key: value for key, value in second.items() if key not in first or first[key] != value}
    return {key: value for key, value in before.items() if key not in gone} | changed


def same(value: str | None, other: str | None) -> bool:
    """Return True if two values of a variable are one: a switch is ON in the table of variables, and 1 in a query."""
    return value == other or (_SWITCHES.get(value or "", value) == _SWITCHES.get(other or "", other))
