"""What a server has beside its users' tables: accounts, schemas, variables and so on; read by a few cheap queries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pytest_netns_mysql.mysql.catalog import FILES, due, ran_since, settled
from pytest_netns_mysql.mysql.tables import Marks

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialect import RawRow
    from pytest_netns_mysql.mysql.server import MySQLServer

_K = TypeVar("_K")
_V = TypeVar("_V")
TABLESPACES = (".ibd", ".ibu")  # the names of InnoDB's files end so
UNKNOWN = -1  # the checksum of a table that is known by its rows alone

_LIST = "SHOW PROCESSLIST"
# How often each statement ran, procedures' and events' own too. performance_schema.global_status has none of these in
# MySQL; FLUSH STATUS does not reset them.
_COUNTERS = "SHOW GLOBAL STATUS WHERE LEFT(Variable_name, 4) = 'Com_' AND Value <> '0'"

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
    checksums; ``contents`` has the rows of those that are written back, grant tables first, and ``variables`` the
    global variables: both only in a state that is complete. ``counters`` tell how often each statement had run; they
    are empty where statements may have been about to run.
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
    seeded: Marks = field(default_factory=Marks)
    counters: Mapping[str, str] = field(default_factory=dict)

    def names(self, kind: str) -> Mapping[str, str]:
        """Return names and values of one kind; empty where there is none."""
        return self.rows.get(kind, {})

    @property
    def users(self) -> frozenset[str]:
        """Return the names of all accounts' users, of a complete state."""
        accounts = next(iter(self.contents.values()), ())  # Host, User: they begin the first of the grant tables
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
    first = [_COUNTERS, speech.local, _LIST, *speech.shown, *([speech.transactions] if has_data else [])]
    counted, found, clients, *more = administrator.ask(*first)
    shown, transactions = more[: len(speech.shown)], (more[-1] if has_data else [])
    rows: dict[str, dict[str, str]] = {}
    for kind, name, value in found:
        rows.setdefault(_text(kind), {})[_text(name)] = _text(value)
    for reader, of_it in zip(speech.shown.values(), shown, strict=True):
        for kind_read, name_read, value_read in reader(of_it):
            rows.setdefault(kind_read, {})[name_read] = value_read
    set_at = rows.get("variable", {})
    # Of key caches that have names there is no list: those who set one set these.
    if caches := {name: value for name, value in set_at.items() if name.startswith("key_") and value}:
        rows["key cache"] = caches
    files = _files(server)
    counters = {_text(name)[len("Com_") :].lower(): _text(value) for name, value in counted}
    counters |= {f"SET {name}": value for name, value in set_at.items()}
    # A replica's threads apply changes that no counter counts.
    is_counted = known is not None and known.pid == server.pid and server.dataset is server and "channel" not in rows
    ran = ran_since(known.counters, counters) if known is not None and is_counted else None
    if ran is not None and known is not None and files != known.files:
        ran |= FILES
    checksums = _read_catalog(server, known, ran, rows, has_data=has_data)
    dynamic = sorted(rows.pop("variable", {}))
    variables = _variables(server) if known is None else known.variables
    if known is not None and known.pid != server.pid:
        now = _variables(server)  # of an earlier start: any of them may be another
    else:
        now = _values(server, [name for name in dynamic if name in variables and name not in ignored], variables)
    return State(
        pid=server.pid or 0,
        command=tuple(server.command),
        rows=rows,
        tables=checksums,
        transactions=tuple(transactions),
        connections=_connections(clients, administrator.number),
        files=files,
        values={name: value for name, value in now.items() if name not in ignored},
        contents=_contents(server) if known is None and has_data else {},
        variables=variables,
        seeded=_seeded(server, complete=known is None) if has_data else Marks(),
        counters=settled(
            counters,
            is_busy=bool(rows.get("event")) or _are_busy(clients, administrator.number),
            is_connected=bool(_connections(clients, administrator.number)),
        ),
    )


def _read_catalog(
    server: MySQLServer,
    known: State | None,
    ran: frozenset[str] | None,
    rows: dict[str, dict[str, str]],
    *,
    has_data: bool,
) -> dict[str, int]:
    """Add to ``rows`` the objects of all other kinds, and return tables' checksums.

    ``ran`` are the statements that ran since ``known`` was read, or None; what they cannot change is not read anew.
    """
    speech = server.dialect
    before = {} if known is None else known.rows
    asked = due(speech.queries, ran, before, server.version, has_data=has_data, has_channel="channel" in rows)
    sums_asked = has_data and (ran is None or not speech.tables_after or bool(ran & speech.tables_after))
    queries = [query.query for query in asked.values()] + ([speech.checksums] if sums_asked else [])
    answers = server.administrator.ask(*queries) if queries else []
    for kind in before.keys() & speech.queries.keys() - asked.keys():
        rows[kind] = dict(before[kind])
    for kind, answer in zip(asked, answers, strict=False):
        if answer or kind in before:
            rows[kind] = {_text(name): _text(value) for name, value in answer}
    if sums_asked:
        return {_text(table): int(checksum or 0) for table, checksum in answers[-1]}
    return dict(known.tables) if known is not None else {}


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


def _files(server: MySQLServer) -> frozenset[tuple[str, int]]:
    """Return the files that the server does not write to by itself; of InnoDB's, which it does, the names alone."""
    return frozenset(
        (path, 0 if path.endswith(TABLESPACES) else changed)
        for path, changed in server.files()
        if not re.search(server.dialect.written, Path(path).name)
    )


def _are_busy(clients: list[RawRow], own: int | None) -> bool:
    """Tell whether any connection but the administrator's runs a statement."""
    idle = ("Sleep", "Daemon", "Binlog Dump")
    return any(int(row[0] or 0) != own and not _text(row[4]).startswith(idle) for row in clients)


def _contents(server: MySQLServer) -> dict[str, tuple[RawRow, ...]]:
    """Return the rows of grant tables and of others as the server sends them, to be written back as they are."""
    tables = server.dialect.contents
    found = server.administrator.ask(*(f"SELECT {kept.columns} FROM {table}" for table, kept in tables.items()))
    return {table: tuple(rows) for table, rows in zip(tables, found, strict=True)}


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode()


def is_as(state: State, complete: State) -> bool:
    """Tell whether nothing has changed since ``complete`` was read."""
    unlike = [name for name, value in state.values.items() if not same(value, complete.variables.get(name))]
    parts = "pid", "command", "rows", "tables", "transactions", "connections", "files"
    if state.seeded.digest != complete.seeded.digest:
        return False
    return not unlike and all(getattr(state, part) == getattr(complete, part) for part in parts)


def absorb(before: State, first: State, second: State) -> State:
    """Return ``before`` with what became other from ``first`` to ``second``, all of them complete."""
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
        # No digest is of these marks: each is looked at.
        seeded=Marks(
            each=_moved(before.seeded.each, first.seeded.each, second.seeded.each),
            foreign=_moved(before.seeded.foreign, first.seeded.foreign, second.seeded.foreign),
        ),
        counters={},
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
