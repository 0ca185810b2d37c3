"""The short look at a server after a test: whether nobody but the accounts of the test ran a statement.

These accounts may use only their own schemas, which are dropped with them. Nothing else can then have changed except
what changes without a statement, and that is all that the short look reads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.dialects.questions import Questions
from pytest_netns_mysql.mysql.dialects.quoting import decoded, literal
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, Connection, dump_threads, listed
from pytest_netns_mysql.mysql.reset.endconnections import CLOSING, await_ends
from pytest_netns_mysql.mysql.reset.readstate import changing_files

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.dialects.quoting import RawRow
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.mysqld.spare import SpareAccount
    from pytest_netns_mysql.mysql.reset.serverstate import State


class QuickLook:
    """The short look at one server after a test.

    Attributes:
        questions: The counts of the statements of each account, as the look found them.
        remaining: The numbers of the connections that stay open.
        spare: The account that can be kept for the next test.
    """

    def __init__(
        self,
        server: Instance,
        before: State,
        accounts: Collection[Accounts],
        is_spared: Callable[[Connection], bool],
        *,
        may_keep: bool = False,
    ) -> None:
        """Plan the look; nothing is asked yet.

        Args:
            server: The server.
            before: The complete state to go back to.
            accounts: The accounts of the test on this server.
            is_spared: Returns True for a connection that must stay open.
            may_keep: Whether the next test may take over an account.
        """
        self.questions: Questions | None = None
        self.remaining: frozenset[int] = frozenset()
        self.spare: SpareAccount | None = None
        # The binary log shows each account and schema that is made.
        self._may_keep = may_keep and len(accounts) == 1 and before.variables.get("log_bin") == "OFF"
        self._server = server
        self._before = before
        self._accounts = accounts
        self._is_spared = is_spared
        self._names = {name for some in accounts for name in some.names}

    def is_clean(self) -> bool:
        """Return True if nothing can have changed but the accounts of the test and their schemas.

        False means that nobody knows. Raises the server's errors.
        """
        return self._can_tell() and self._finds_nothing()

    def _can_tell(self) -> bool:
        """Return True if the look can prove anything, without asking the server."""
        server, before = self._server, self._before
        users = {user for user, _ in self._names}
        return (
            before.questions is not None
            and before.has_data
            and server._dataset is server
            and server.pid is not None
            and server.pid == before.pid
            and not server._administrator.is_used
            and all(some.are_confined for some in self._accounts)
            # After the test, the resource counts of such accounts must be reset.
            and not before.names("limited account")
            and not any(connection.user in users for connection in before.connections)
            and not self._have_other_privileges(users)
        )

    def _have_other_privileges(self, users: Collection[str]) -> bool:
        """Return True if these users may have privileges beside those of the test's accounts.

        A client also has the schema, table and routine privileges of each other account of its user whose host
        matches, those of the anonymous user, and those of mandatory roles. See the manual, "Access Control, Stage 2".
        """
        before, names = self._before, {"", *users}
        return bool(before.variables.get("mandatory_roles")) or any(
            decoded(row[position]) in names
            for table, (position, _) in self._server._dialect.grant_tables.items()
            for row in before.contents[f"mysql.{table}"]
        )

    def _finds_nothing(self) -> bool:
        server, before, dialect = self._server, self._before, self._server._dialect
        logins = {kind: query for kind, query in dialect.login_queries.items() if server.version >= query.since}
        # One result with all rows: the driver takes longer for a result than the server.
        counting = [dialect.questions, *(_with_kind(kind, query.query) for kind, query in logins.items())]
        # The connections are listed before the statements are counted: once an account has no connection, its count
        # is final.
        queries = [LIST, "\nUNION ALL ".join(counting), dialect.transactions]
        queries += [f"CHECKSUM TABLE {dialect.account_table}"] if self._may_keep else []
        clients, counts, prepared, *found = server._administrator.ask(*queries)
        if self._own_connections(clients):
            # The test has just closed them.
            await_ends(server, lambda now: any(self._is_own(connection) for connection in now), CLOSING)
            clients, counts, prepared, *found = server._administrator.ask(*queries)
        connections = listed(clients, server._administrator.numbers)
        self.questions = Questions.of(counts)
        if self._may_keep:
            (own,), ((_, checksum),) = self._accounts, found.pop()
            self.spare = own.to_keep(checksum)
        self.remaining = frozenset(connection.number for connection in connections)
        return (
            self.questions is not None
            and before.questions is not None
            and self.questions.only_ran(before.questions, self._names)
            and all(map(self._stays, connections))
            and not dump_threads(clients)
            and not prepared
            and all(before.names(kind).get(name) == value for kind, name, value in _objects(counts, logins))
            and changing_files(server) == before.files
        )

    def _own_connections(self, clients: Collection[RawRow]) -> list[Connection]:
        return [each for each in listed(clients, self._server._administrator.numbers) if self._is_own(each)]

    def _is_own(self, connection: Connection) -> bool:
        return any(connection.user == user for user, _ in self._names)

    def _stays(self, connection: Connection) -> bool:
        return not self._is_own(connection) and self._is_spared(connection)


def _with_kind(kind: str, query: str) -> str:
    """Return a query for names and values as a part of the query for the counts of statements."""
    return f"SELECT {literal(kind)}, name, '', value FROM ({query}) AS objects (name, value)"


def _objects(rows: Collection[RawRow], kinds: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the kinds, names and values in the result of such a query."""
    texts = (tuple(map(decoded, row)) for row in rows)
    return ((kind, name, value) for kind, name, _, value in texts if kind in kinds)
