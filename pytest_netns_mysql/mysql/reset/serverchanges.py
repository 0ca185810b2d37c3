"""What changed on a server between two states, as lines for a report and as objects to undo."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.base import CHANNEL_KINDS, THREAD_KINDS, TRANSIENT_KINDS
from pytest_netns_mysql.mysql.dialects.quoting import decoded, literal
from pytest_netns_mysql.mysql.mysqld.processlist import Connection
from pytest_netns_mysql.mysql.reset.serverstate import UNKNOWN, State, same_value

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.base import Dialect
    from pytest_netns_mysql.mysql.dialects.hostrules import AccountName
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

IsSpared = Callable[[Connection], bool]
"""Returns True for a new connection that must stay open."""

# While these variables are on, nothing else can be undone.
_UNDONE_FIRST = ("super_read_only", "read_only", "offline_mode")


@dataclass(frozen=True)
class Change:
    """An object that is not as it was before.

    Attributes:
        kind: The kind of the object, such as ``schema``.
        name: The name of the object.
        was: The value before; None if the object is new.
        now: The value now; None if the object is gone.
    """

    kind: str
    name: str
    was: str | None
    now: str | None

    def __str__(self) -> str:
        what = f"{self.kind} {self.name}".replace("\0", ".").rstrip()
        if self.kind == "global variable":
            return f"{what} is {self.now}, was {self.was}"
        return f"{what} is {'new' if self.was is None else 'gone' if self.now is None else 'changed'}"

    @property
    def is_undefined(self) -> bool:
        """True for a table whose checksum before is not known. Comparing the checksums proves nothing."""
        return self.kind == "table" and self.was == str(UNKNOWN)


def find_changes(before: State, now: State, is_spared: IsSpared, dialect: Dialect) -> Iterator[Change]:
    """Yield what changed between two states, in the order in which it is to be undone."""
    for connection in new_connections(before, now.connections, is_spared):
        yield new_connection(connection)
    for name in sorted(now.values, key=lambda variable: (variable not in _UNDONE_FIRST, variable)):
        if not same_value(now.values[name], before.variables.get(name)):
            yield Change("global variable", name, before.variables.get(name), now.values[name])
    prepared = ({dialect.xid(row): "" for row in state.transactions} for state in (before, now))
    yield from _compare("XA transaction", *prepared)
    channels = before.names("channel")
    other_threads = THREAD_KINDS if now.pid != before.pid else ()
    for kind in dialect.undo:
        if kind in other_threads:
            continue
        for change in _compare(kind, before.names(kind), now.names(kind)):
            if not (kind in CHANNEL_KINDS and change.name not in channels):  # it goes with its channel
                yield change
    tables = ({**_texts(state.tables), **state.names("table")} for state in (before, now))
    yield from _compare("table", *tables)
    yield from _compare("file", _texts(dict(before.files)), _texts(dict(now.files)))


def new_connections(before: State, now: Iterable[Connection], is_spared: IsSpared) -> Iterator[Connection]:
    """Yield the connections that are new and need not stay open."""
    return (connection for connection in now if connection not in before.connections and not is_spared(connection))


def new_connection(connection: Connection) -> Change:
    """Return the change that a connection is new."""
    return Change("connection", str(connection), None, str(connection.number))


def _compare(kind: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    for name in {**before, **now}:
        comes_or_goes = kind in TRANSIENT_KINDS and (name not in now or (kind in THREAD_KINDS and name not in before))
        if before.get(name) != now.get(name) and not comes_or_goes:
            yield Change(kind, name, before.get(name), now.get(name))


def _texts(values: Mapping[str, int]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def describe(server: Instance, before: State, changes: Sequence[Change]) -> list[str]:
    """Return changes as lines for a report. A change of a grant table is reported as a change of accounts.

    The changes must not be undone yet: the rows of the grant tables are compared with the rows in ``before``.
    """
    grant_tables = {f"mysql.{name}" for name in server._dialect.grant_tables}
    changed = [change.name for change in changes if change.kind == "table" and change.name in grant_tables]
    accounts = list(_account_lines(server, before, changed)) if changed else []
    lines = [
        str(change)
        for change in changes
        if change.kind != "host-cache entry"
        and not change.is_undefined
        and not (accounts and change.kind == "table" and change.name in grant_tables)
    ]
    return [*lines, *accounts]


def account_line(account: AccountName, what: str) -> str:
    """Return the line of a report that an account is ``new``, ``gone`` or ``changed``."""
    user, host = account
    return f"account {literal(user)}@{literal(host)} is {what}"


def _account_lines(server: Instance, before: State, tables: Collection[str]) -> Iterator[str]:
    """Yield a line for each account with other rows in these grant tables than before."""
    dialect = server._dialect
    *answers, accounts = server._administrator.ask(
        *(f"SELECT * FROM {table}" for table in tables), f"SELECT User, Host FROM {dialect.account_table}"
    )
    now = {(decoded(user), decoded(host)) for user, host in accounts}
    changed: set[AccountName] = set()
    for table, rows in zip(tables, answers, strict=True):
        user, host = dialect.grant_tables[table.removeprefix("mysql.")]
        different = {*before.contents.get(table, ())} ^ {*rows}
        changed |= {(decoded(row[user]), decoded(row[host])) for row in different}
    for account in sorted(changed):
        was_there, is_there = account in before.accounts, account in now
        what = "changed" if was_there == is_there else "new" if is_there else "gone"
        yield account_line(account, what)
