"""The connections of a server's clients, as SHOW PROCESSLIST has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.quoting import decoded, literal

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.administrator import Administrator

LIST = "SHOW PROCESSLIST"

_OWN_THREADS = ("system user", "event_scheduler")
_COMMANDS_OF_REPLICATION = ("Binlog Dump", "Group Replication", "Daemon")


@dataclass(frozen=True)
class Connection:
    """A connection of a client.

    Attributes:
        number: The connection's number on the server.
        user: The user's name.
        host: The client's host, without a port.
    """

    number: int
    user: str
    host: str

    def __str__(self) -> str:
        return f"{self.number} of {literal(self.user)}@{literal(self.host)}"


def connections(administrator: Administrator) -> frozenset[Connection]:
    """Ask the server for its clients' connections, except the administrator's and those of replication."""
    (rows,) = administrator.ask(LIST)
    return listed(rows, administrator.numbers)


def listed(rows: Iterable[RawRow], own: frozenset[int]) -> frozenset[Connection]:
    """Return the clients' connections in rows of SHOW PROCESSLIST, except those with a number in ``own``."""
    return frozenset(connection for connection, _ in with_commands(rows, own))


def with_commands(rows: Iterable[RawRow], own: frozenset[int]) -> Iterator[tuple[Connection, str]]:
    """Yield the connections that ``listed`` returns, each with its command, such as ``Sleep`` or ``Query``."""
    for number, user, host, _schema, raw, *_rest in rows:
        connection = Connection(int(number or 0), decoded(user), host_of(decoded(host)))
        command = decoded(raw)
        is_client = connection.user not in _OWN_THREADS and not command.startswith(_COMMANDS_OF_REPLICATION)
        if is_client and connection.number not in own:
            yield connection, command


def dump_threads(rows: Iterable[RawRow]) -> list[int]:
    """Return the numbers of the connections by which replicas read the binary log, from rows of SHOW PROCESSLIST."""
    return [int(row[0] or 0) for row in rows if (row[4] or b"").startswith(b"Binlog Dump")]


def host_of(client: str) -> str:
    """Return the host in a client's name in SHOW PROCESSLIST, which ends in a port unless the client is local."""
    host, colon, port = client.rpartition(":")
    return host if colon and port.isdigit() else client
