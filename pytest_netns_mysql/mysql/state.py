"""What a server has beside its users' tables: accounts, schemas, variables and so on; read by a few cheap queries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pytest_netns_mysql.mysql.tables import Marks

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialect import RawRow
    from pytest_netns_mysql.mysql.server import MySQLServer

_K = TypeVar("_K")
_V = TypeVar("_V")
UNKNOWN = -1  # the checksum of a table that is known by its rows alone

_LIST = "SHOW PROCESSLIST"

# What Group Replication sets.
_OF_A_GROUP = frozenset({"read_only", "super_read_only", "auto_increment_increment", "auto_increment_offset"})
_OWN_THREADS = ("system user", "event_scheduler")
_SWITCHES = {"ON": "1", "OFF": "0"}


@dataclass(frozen=True)
class Connection:
    """Name one of a server's threads that serve a client."""

    number: int
    user: str


@dataclass(frozen=True)
class State:
    """Hold what a server had at one moment: plain values, alike for two moments between which nothing changed.

    Shape: ``rows`` maps each kind, such as ``schema``, to its names and values; ``tables`` maps settings' tables to
    checksums; ``grants`` has the rows of the grant tables, and ``variables`` the global variables: both only in a
    state that is complete.
    """

    pid: int
    command: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, int]
    transactions: tuple[RawRow, ...]
    connections: frozenset[Connection]
    files: frozenset[tuple[str, int]]
    values: Mapping[str, str | None]
    grants: Mapping[str, tuple[RawRow, ...]] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    seeded: Marks = field(default_factory=Marks)
    has_data: bool = True  # and not its source or primary, which is looked at in its place

    def names(self, kind: str) -> Mapping[str, str]:
        """Return names and values of one kind; empty where there is none."""
        return self.rows.get(kind, {})

    @property
    def users(self) -> frozenset[str]:
        """Return the names of all accounts' users, of a complete state."""
        accounts = next(iter(self.grants.values()), ())  # Host, User: they begin the first of the grant tables
        return frozenset(_text(row[1]) for row in accounts)


def read(server: MySQLServer, *, known: State | None = None) -> State:
    """Return the server's state: complete, or with ``known``, an earlier one, only what tells whether it has changed.

    A complete one takes some 8 ms, the other 1 to 2 ms. Raises the server's own errors, ServerGoneError.
    """
    # What replicates is looked at where it is written: on a replica it may be on its way.
    has_data = server.writable is server
    ignored = server.dialect.moving | (_OF_A_GROUP if server.dataset is not server else frozenset())
    administrator = server.administrator
    speech = server.dialect
    own = [speech.local, _LIST, *speech.shown]
    queries = [speech.local + speech.data, *own[1:], speech.transactions, speech.checksums] if has_data else own
    found, clients, *more = administrator.ask(*queries)
    shown, of_data = more[: len(speech.shown)], more[len(speech.shown) :]
    rows: dict[str, dict[str, str]] = {}
    for kind, name, value in found:
        rows.setdefault(_text(kind), {})[_text(name)] = _text(value)
    for reader, of_it in zip(speech.shown.values(), shown, strict=True):
        for kind_read, name_read, value_read in reader(of_it):
            rows.setdefault(kind_read, {})[name_read] = value_read
    dynamic = sorted(rows.pop("variable", {}))
    variables = _variables(server) if known is None else known.variables
    if known is not None and known.pid != server.pid:
        now = _variables(server)  # of an earlier start: any of them may be another
    else:
        now = _values(server, [name for name in dynamic if name in variables], variables)
    transactions, checksums = of_data or ([], [])
    return State(
        pid=server.pid or 0,
        command=tuple(server.command),
        rows=rows,
        tables={_text(table): int(checksum or 0) for table, checksum in checksums},
        transactions=tuple(transactions),
        connections=_connections(clients, administrator.number),
        files=frozenset(
            (path, changed) for path, changed in server.files() if not re.search(speech.written, Path(path).name)
        ),
        values={name: value for name, value in now.items() if name not in ignored},
        grants=_grants(server) if known is None and has_data else {},
        variables=variables,
        seeded=_seeded(server, complete=known is None) if has_data else Marks(),
        has_data=has_data,
    )


def _seeded(server: MySQLServer, *, complete: bool) -> Marks:
    """Return what tells whether the schemas that the server was loaded with have changed."""
    if server.seeded is None:
        return Marks()
    return server.seeded.read() if complete else server.seeded.look()


def connections(server: MySQLServer) -> frozenset[Connection]:
    """Return the clients' connections: not the administrator's own, nor those by which servers replicate."""
    (clients,) = server.administrator.ask(_LIST)
    return _connections(clients, server.administrator.number)


def _connections(clients: list[RawRow], own: int | None) -> frozenset[Connection]:
    found = set()
    for number, user, _host, _schema, command, *_rest in clients:
        replicates = _text(command).startswith(("Binlog Dump", "Group Replication", "Daemon"))
        if not replicates and _text(user) not in _OWN_THREADS and int(number or 0) != own:
            found.add(Connection(int(number or 0), _text(user)))
    return frozenset(found)


def _grants(server: MySQLServer) -> dict[str, tuple[RawRow, ...]]:
    """Return the rows of the grant tables as the server sends them, to be written back as they are."""
    tables = server.dialect.grant_tables
    found = server.administrator.ask(*(f"SELECT * FROM mysql.{table}" for table in tables))
    return {table: tuple(rows) for table, rows in zip(tables, found, strict=True)}


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode()


def is_as(state: State, complete: State) -> bool:
    """Tell whether nothing has changed since ``complete`` was read."""
    unlike = [name for name, value in state.values.items() if not same(value, complete.variables.get(name))]
    parts = "pid", "command", "rows", "tables", "transactions", "connections", "files", "has_data"
    if state.seeded.digest != complete.seeded.digest:
        return False
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
        grants={
            table: tuple(
                _moved(dict.fromkeys(rows), dict.fromkeys(first.grants[table]), dict.fromkeys(second.grants[table]))
            )
            for table, rows in before.grants.items()
        },
        variables=_moved(before.variables, first.variables, second.variables),
        # No digest is of these marks: each is looked at.
        seeded=Marks(
            each=_moved(before.seeded.each, first.seeded.each, second.seeded.each),
            foreign=_moved(before.seeded.foreign, first.seeded.foreign, second.seeded.foreign),
        ),
    )


def _moved(before: Mapping[_K, _V], first: Mapping[_K, _V], second: Mapping[_K, _V]) -> dict[_K, _V]:
    gone = first.keys() - second.keys()
    changed = {key: value for key, value in second.items() if key not in first or first[key] != value}
    return {key: value for key, value in before.items() if key not in gone} | changed


def same(value: str | None, other: str | None) -> bool:
    """Tell whether two values of a variable are one: a switch is ON in the table of variables, and 1 in a query."""
    return value == other or (_SWITCHES.get(value or "", value) == _SWITCHES.get(other or "", other))


def _variables(server: MySQLServer) -> dict[str, str | None]:
    (rows,) = server.administrator.ask(server.dialect.variables)
    return {_text(name): None if value is None else _text(value) for name, value in rows}


def _values(server: MySQLServer, names: list[str], before: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the global values of the variables that were set; of all, where one of them is other than before.

    Asking for a few is cheaper than reading the table of all, but one may have moved another, as super_read_only
    does with read_only, and a query prints some kinds of values in its own way.
    """
    if not names:
        return {}
    (((*asked,),),) = server.administrator.ask(f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in names)}")
    values = {name: None if one is None else _text(one) for name, one in zip(names, asked, strict=True)}
    return values if all(same(values[name], before[name]) for name in names) else _variables(server)
