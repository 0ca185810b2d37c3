"""What a server has beside its users' tables: accounts, schemas, variables and so on; read by a few cheap queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pytest_netns_mysql.mysql import counters
from pytest_netns_mysql.mysql.contents import Contents
from pytest_netns_mysql.mysql.counters import Counters
from pytest_netns_mysql.mysql.hostpatterns import AccountName, host_of
from pytest_netns_mysql.mysql.quoting import literal

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialect import RawRow
    from pytest_netns_mysql.mysql.server import MySQLServer

_K = TypeVar("_K")
_V = TypeVar("_V")
UNKNOWN = -1  # the checksum of a table that is known by its rows alone

LIST = "SHOW PROCESSLIST"
# INNODB_TRX is not of this moment: it is read anew only when nobody has asked for a tenth of a second.
_TRANSACTIONS = "SHOW ENGINE INNODB STATUS"
_OF_A_WRITER = (b"undo log entries", b"... truncated...")

# What Group Replication sets.
_OF_A_GROUP = frozenset({"read_only", "super_read_only", "auto_increment_increment", "auto_increment_offset"})
_OWN_THREADS = ("system user", "event_scheduler")
_SWITCHES = {"ON": "1", "OFF": "0"}


@dataclass(frozen=True)
class Connection:
    """One of a server's threads that serve a client: its number, the user's name and the client's host."""

    number: int
    user: str
    host: str

    def __str__(self) -> str:
        return f"{self.number} of {literal(self.user)}@{literal(self.host)}"


@dataclass(frozen=True)
class State:
    """Hold what a server had at one moment: plain values, alike for two moments between which nothing changed.

    Shape: ``local`` and ``data`` map each kind, such as ``schema``, to its names and values; ``tables`` maps settings'
    tables to checksums; ``grants`` has the rows of the grant tables, and ``variables`` the global variables: both only
    in a state that is complete. ``counters`` tell what had been run by then, None where they prove nothing, as while a
    transaction is open.
    """

    pid: int
    command: tuple[str, ...]
    local: Mapping[str, Mapping[str, str]]
    data: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, int]
    transactions: tuple[RawRow, ...]
    connections: frozenset[Connection]
    files: frozenset[tuple[str, int]]
    values: Mapping[str, str | None]
    grants: Mapping[str, tuple[RawRow, ...]] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    seeded: Contents = field(default_factory=Contents)
    counters: Counters | None = None

    def names(self, kind: str) -> Mapping[str, str]:
        """Return names and values of one kind; empty where there is none."""
        return self.local.get(kind) or self.data.get(kind, {})

    @property
    def accounts(self) -> frozenset[AccountName]:
        """The users and hosts of all accounts, of a complete state."""
        accounts = next(iter(self.grants.values()), ())  # Host, User: they begin the first of the grant tables
        return frozenset((_text(row[1]), _text(row[0])) for row in accounts)


def read(
    server: MySQLServer, *, known: State | None = None, as_loaded: bool = False, is_a_check: bool = False
) -> State:
    """Return the server's state: complete, or with ``known``, an earlier one, only what tells whether it has changed.

    Where the server's counters prove that nothing was written since ``known``, all that takes a statement to change is
    taken from there. ``as_loaded`` is for a server that nobody has had the time to change, ``is_a_check`` for one that
    was just put back, which is read whatever its counters are. Raises the server's own errors, ServerGoneError.
    """
    # What replicates is looked at where it is written: on a replica it may be on its way.
    has_data = server.writable is server
    ignored = server.dialect.moving | (_OF_A_GROUP if server.dataset is not server else frozenset())
    administrator = server.administrator
    speech = server.dialect
    everybody, own, clients, found, *shown = administrator.ask(*counters.QUERIES, LIST, speech.local, *speech.shown)
    local = _by_kind(found)
    for reader, rows in zip(speech.shown.values(), shown, strict=True):
        for kind, name, value in reader(rows):
            local.setdefault(kind, {})[name] = value
    dynamic = sorted(local.pop("variable", {}))
    variables = _variables(server) if known is None else known.variables
    if known is not None and known.pid != server.pid:
        now = _variables(server)  # of an earlier start: any of them may be another
    else:
        now = _values(server, [name for name in dynamic if name in variables], variables)
    now_counted = Counters.of(everybody, own)
    seen = State(
        pid=server.pid or 0,
        command=tuple(server.command),
        local=local,
        data={},
        tables={},
        transactions=(),
        connections=listed(clients, administrator.numbers),
        files=frozenset(
            (path, changed) for path, changed in server.files() if not re.search(speech.written, Path(path).name)
        ),
        values={name: value for name, value in now.items() if name not in ignored},
        variables=variables,
        counters=now_counted,
    )
    if not has_data:
        return seen
    if known is not None and not is_a_check and _nothing_written(known, seen):
        return replace(seen, data=known.data, tables=known.tables, transactions=known.transactions, seeded=known.seeded)
    of_data, transactions, checksums = administrator.ask(speech.data, speech.transactions, speech.checksums)
    return replace(
        seen,
        data=_by_kind(of_data),
        tables={_text(table): int(checksum or 0) for table, checksum in checksums},
        transactions=tuple(transactions),
        grants=_grants(server) if known is None else {},
        seeded=Contents()
        if server.seeded is None
        else server.seeded.read(as_loaded=as_loaded and now_counted.are_of_a_start, is_a_check=is_a_check),
        # What was counted may come to be only later.
        counters=None if _is_unfinished(server, clients) else now_counted,
    )


def _by_kind(rows: list[RawRow]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for kind, name, value in rows:
        found.setdefault(_text(kind), {})[_text(name)] = _text(value)
    return found


def _nothing_written(known: State, seen: State) -> bool:
    """Tell whether all that takes a statement to change is as it was; an event changes things in its own time."""
    if known.counters is None or seen.counters is None or known.pid != seen.pid or known.names("event"):
        return False
    if any(one.kind == "sequence" for one in known.seeded.definitions):  # SELECT NEXT VALUE moves it
        return False
    return seen.counters.prove_nothing_written_since(known.counters)


def _is_unfinished(server: MySQLServer, clients: list[RawRow]) -> bool:
    """Tell whether a client's statement runs, or its transaction has written and is open."""
    found = [command for _, command in _of_clients(clients, server.administrator.numbers)]
    if not found:
        return False
    if any(command != "Sleep" for command in found):
        return True
    (((_, _, text),),) = server.administrator.ask(_TRANSACTIONS)
    return any(words in (text or b"") for words in _OF_A_WRITER)


def connections(server: MySQLServer) -> frozenset[Connection]:
    """Return the clients' connections: not the administrator's own, nor those by which servers replicate."""
    (clients,) = server.administrator.ask(LIST)
    return listed(clients, server.administrator.numbers)


def listed(clients: list[RawRow], own: frozenset[int]) -> frozenset[Connection]:
    """Return the clients' connections among the rows of SHOW PROCESSLIST, but ``own``."""
    return frozenset(connection for connection, _ in _of_clients(clients, own))


def _of_clients(rows: list[RawRow], own: frozenset[int]) -> Iterator[tuple[Connection, str]]:
    """Give clients' connections, not the administrator's own nor those by which servers replicate, and what they do."""
    for number, user, host, _schema, told, *_rest in rows:
        connection = Connection(int(number or 0), _text(user), host_of(_text(host)))
        command = _text(told)
        replicates = command.startswith(("Binlog Dump", "Group Replication", "Daemon"))
        if not replicates and connection.user not in _OWN_THREADS and connection.number not in own:
            yield connection, command


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
    parts = "pid", "command", "local", "data", "tables", "transactions", "connections", "files", "seeded"
    return not unlike and all(getattr(state, part) == getattr(complete, part) for part in parts)


def absorb(before: State, first: State, second: State) -> State:
    """Return ``before`` with what became other from ``first`` to ``second``, all of them complete."""
    tables = {table: UNKNOWN for table in first.tables if first.tables[table] != second.tables[table]}
    return replace(
        before,
        local=_moved_kinds(before.local, first.local, second.local),
        data=_moved_kinds(before.data, first.data, second.data),
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
        seeded=Contents(
            _moved(before.seeded.definitions, first.seeded.definitions, second.seeded.definitions),
            _moved(before.seeded.rows, first.seeded.rows, second.seeded.rows),
        ),
        counters=None,
    )


def _moved_kinds(
    before: Mapping[str, Mapping[str, str]],
    first: Mapping[str, Mapping[str, str]],
    second: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, str]]:
    kinds = {**before, **second}
    return {one: _moved(before.get(one, {}), first.get(one, {}), second.get(one, {})) for one in kinds}


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
