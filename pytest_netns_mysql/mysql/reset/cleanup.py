"""The cleanup of one server when a test ends: blockers are ended, accounts dropped, changes undone."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.dialects.hostrules import AccountName, account_of
from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier
from pytest_netns_mysql.mysql.mysqld.lockholders import LOCK_TIMEOUTS, LockHolder, lock_holders
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, Connection, listed
from pytest_netns_mysql.mysql.reset.dropaccounts import try_to_drop, try_to_keep
from pytest_netns_mysql.mysql.reset.endconnections import CLOSING, ENDING, await_ends, end_connections
from pytest_netns_mysql.mysql.reset.quicklook import QuickLook
from pytest_netns_mysql.mysql.reset.reset import ResetResult, put_back
from pytest_netns_mysql.mysql.reset.serverchanges import account_line
from pytest_netns_mysql.mysql.reset.serverstate import State, same_value

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_ATTEMPTS = 3
_LOG_LINES = 3  # lines of the error log that are reported if the server died
_SCHEMA_READ_ONLY = 3989  # ER_SCHEMA_READ_ONLY


class ServerCleanup:
    """The cleanup of one server at the end of a test.

    The steps are ``unblock``, ``drop`` and ``put_back``, or ``is_quick`` alone; ``clean_up`` runs them. No step raises
    an error: if a step fails on one server, the other servers are cleaned all the same, and this server is replaced by
    a fresh one.

    Attributes:
        server: The server.
        result: What the test left and what could not be undone. Set by ``put_back``.
        death: How the server ended by itself, in one line, or ''. Set by ``put_back``.
        remaining: The numbers of the connections that stay open. Set by ``unblock``.
    """

    def __init__(
        self,
        server: Instance,
        before: State,
        *,
        wider_accounts: Collection[AccountName] = (),
        earlier: Collection[int] = (),
        own_accounts: Collection[AccountName] = (),
    ) -> None:
        """Plan the cleanup.

        Args:
            server: The server.
            before: The complete state to go back to.
            wider_accounts: The accounts that fixtures of wider scopes made. Their connections stay open.
            earlier: The numbers of connections that were open before the test. They stay open, too.
            own_accounts: The accounts of the test, which are dropped. Their connections are ended without a report.
        """
        self.server = server
        self.result: ResetResult = ResetResult()
        self.death: str = ""
        self.remaining: frozenset[int] = frozenset()
        self._before = before
        self._wider_accounts = frozenset(wider_accounts)
        known = before.connections if before.pid == server.pid else ()
        self._earlier = {*earlier, *(connection.number for connection in known)}
        self._own_users = {user for user, _ in own_accounts}
        self._accounts: list[AccountName] | None = None
        self._spared: dict[Connection, bool] = {}
        self._found: list[str] = []
        self._failures: list[str] = []
        self._refused: list[Accounts] = []

    @property
    def _can_be_asked(self) -> bool:
        return not self._failures and self.server.is_running and tuple(self.server.command) == self._before.command

    def is_spared(self, connection: Connection) -> bool:
        """Return True if a connection was open before the test, or belongs to the account of a wider fixture."""
        if connection.number in self._earlier:
            return True
        if connection not in self._spared:
            self._spared[connection] = self._is_of_wider_account(connection)
        return self._spared[connection]

    def _is_of_wider_account(self, connection: Connection) -> bool:
        names = (connection.user, "")
        if not any(user in names for user, _ in self._wider_accounts):
            return False
        if self._accounts is None:
            (rows,) = self.server._administrator.ask(f"SELECT User, Host FROM {self.server._dialect.account_table}")
            self._accounts = [(decoded(user), decoded(host)) for user, host in rows]
        candidates = [account for account in self._accounts if account[0] in names]
        rules = self.server._dialect.host_rules
        # The client's host may be listed by its address or its name. If every candidate is a wider fixture's account,
        # either will do.
        return (
            self._wider_accounts.issuperset(candidates)
            or account_of(connection.user, connection.host, candidates, rules) in self._wider_accounts
        )

    def is_quick(self, accounts: Iterable[Accounts], *, may_keep: bool) -> bool:
        """Drop the accounts of the test and be done, if nobody else can have changed anything on the server.

        Args:
            accounts: The accounts that the test made, on all servers.
            may_keep: Whether the next test may take over an account, with a new schema.

        Returns:
            False if the other steps are needed.
        """
        own = [some for some in accounts if some.dataset is self.server]
        try:
            self.server._await_end_of_crash()
            look = QuickLook(self.server, self._before, own, self.is_spared, may_keep=may_keep)
            if not self._can_be_asked:
                return False
            self.server._administrator.drop_spare()
            if not look.is_clean() or any(
                try_to_keep(one, look.spare) if look.spare else try_to_drop(one) for one in own
            ):
                return False
        except Exception:  # noqa: BLE001 - the other steps meet the error again, and tell
            return False
        self.remaining = look.remaining
        self.result = ResetResult(before=replace(self._before, questions=look.questions))
        return True

    def unblock(self) -> None:
        """End what would block ``drop``: connections with their locks, read-only variables, prepared transactions."""
        with self._recording_failures():
            self.server._await_end_of_crash()
            if self._can_be_asked:
                self._unblock()

    @contextlib.contextmanager
    def _recording_failures(self) -> Iterator[None]:
        try:
            yield
        except (mysql.connector.Error, NetnsError, OSError) as error:
            why = error.what if isinstance(error, NetnsError) else str(error)
            self._failures.append(f"the server cannot be asked: {why}")
        except Exception as error:  # noqa: BLE001 - the other servers are cleaned all the same
            self._failures.append(f"looking at the server failed with {type(error).__name__}: {error}")

    def _unblock(self) -> None:
        administrator, dialect = self.server._administrator, self.server._dialect
        administrator.reset()
        switches = dialect.read_only
        clients, prepared, *values = administrator.ask(
            LIST, dialect.transactions, *(f"SELECT @@GLOBAL.{name}" for name in switches)
        )
        new = [connection for connection in listed(clients, administrator.numbers) if not self.is_spared(connection)]
        own = {connection.number for connection in new if connection.user in self._own_users}
        administrator.end_connections(own)
        others = [connection for connection in new if connection.number not in own]
        if others:
            self._end_others(others)
        if self.server._dataset is self.server:
            self._make_writable({name: rows[0][0] for name, rows in zip(switches, values, strict=True)})
        if self.server.writable is self.server:
            known = {dialect.xid(row) for row in self._before.transactions}
            transactions = [xid for row in prepared if (xid := dialect.xid(row)) not in known]
            if transactions:
                # A transaction belongs to its connection until that has ended. On MariaDB a reset connection keeps it.
                self._await_ends(own | administrator.close(), ENDING)
            self._roll_back(transactions)
        self.remaining = frozenset(
            connection.number for connection in listed(clients, administrator.numbers) if connection not in new
        )

    def _end_others(self, others: Collection[Connection]) -> None:
        """End connections that the test left open. Those that it has just closed get a moment to end."""
        left = self._await_ends({connection.number for connection in others}, CLOSING)
        self._found += [
            f"connection {connection} is new" for connection in sorted(others, key=str) if connection.number in left
        ]
        end_connections(self.server, left)

    def _await_ends(self, numbers: Collection[int], timeout: float) -> set[int]:
        """Wait for connections to end; return the numbers of those that have not."""
        left = set(numbers)
        if left:
            open_now = await_ends(
                self.server, lambda now: any(connection.number in left for connection in now), timeout
            )
            left &= {connection.number for connection in open_now}
        return left

    def _make_writable(self, values: dict[str, bytes | None]) -> None:
        for name, raw in values.items():
            value, was = decoded(raw), self._before.variables[name]
            if not same_value(value, was) and same_value(was, "OFF"):
                self.server._administrator.run(f"SET GLOBAL {name} = OFF")
                self._found.append(f"global variable {name} is ON, was OFF")

    def _roll_back(self, transactions: Collection[str]) -> None:
        for xid in transactions:
            try:
                self.server._administrator.run(f"XA ROLLBACK {xid}")
            except mysql.connector.Error:
                continue  # put_back finds the transaction again
            self._found.append(f"XA transaction {xid} is new")

    def drop(self, accounts: Accounts) -> None:
        """Drop accounts and schemas of the test. If another connection of the test is in the way, end it."""
        if self._can_be_asked:
            with self._recording_failures():
                self._drop(accounts)

    def _drop(self, accounts: Accounts) -> None:
        holders: list[LockHolder] = []
        for _ in range(_ATTEMPTS):
            error = try_to_drop(accounts)
            if error is None:
                return
            if error.errno == _SCHEMA_READ_ONLY:
                self._found += self._make_schemas_writable(accounts.schemas)
                continue
            if error.errno not in LOCK_TIMEOUTS:
                self._refused.append(accounts)
                return
            self.server._administrator.reset()
            holders = lock_holders(self.server, accounts.schemas)
            new = [holder for holder in holders if holder.number not in self._earlier]
            if holders and not new:
                break
            end_connections(self.server, {holder.number for holder in new})
            self._found += [f"{holder}; it was ended because the test's schema could not be dropped" for holder in new]
        names = ", ".join([*(f"schema {schema}" for schema in sorted(accounts.schemas)), "accounts of the test"])
        self._failures += [
            f"{names}: not dropped, because a connection from before the test has a lock: {holder}"
            for holder in holders
        ] or [f"{names}: not dropped, because a connection that the server does not name has a lock"]

    def _make_schemas_writable(self, schemas: Collection[str]) -> Iterator[str]:
        """Allow schemas to be changed; see the manual, "ALTER DATABASE Statement", READ ONLY."""
        for schema in schemas:
            with contextlib.suppress(mysql.connector.errors.ProgrammingError):  # the test has dropped it
                self.server._administrator.run(f"ALTER SCHEMA {identifier(schema)} READ ONLY = 0")
                yield f"schema {schema} is read only"

    def put_back(self) -> None:
        """Undo everything else that the test left."""
        with self._recording_failures():
            if self.server.is_running and not self._failures:
                self.result = self._put_back()
                self.server._await_end_of_crash()
            self._failures += self._end_of_server()
        if self._failures:
            stays = tuple(self._failures)
            self.result = ResetResult((*self._found, *stays), stays)

    def _end_of_server(self) -> list[str]:
        """Return how the server ended, as lines; nothing if it runs."""
        if self.server.is_running:
            return []
        try:
            self.server._running_pid()
        except NetnsError as error:
            how = f"the server does not run: {error.what.removeprefix('mysqld is not running: ')}"
            self.death = how if self.server._has_died else ""
            return [how, *(error.tried[:_LOG_LINES] if self.death else ())]
        return ["the server does not run"]

    def _put_back(self) -> ResetResult:
        result = put_back(self.server, self._before, is_spared=self.is_spared)
        if self._refused and not result.stays:
            result = self._drop_again(result)
        return replace(result, found=tuple(dict.fromkeys([*self._found, *result.found])))

    def _drop_again(self, first: ResetResult) -> ResetResult:
        """Drop what the server refused to drop before it was put back; then put it back again."""
        own = {f"schema {schema} is new" for accounts in self._refused for schema in accounts.schemas}
        own |= {account_line(name, "new") for accounts in self._refused for name in accounts.names}
        found = [line for line in first.found if line not in own]
        errors = [error for accounts in self._refused if (error := try_to_drop(accounts)) is not None]
        if errors:
            lines = [f"accounts of the test cannot be dropped: {error}" for error in errors]
            return replace(first, found=(*found, *lines), stays=tuple(lines))
        second = put_back(self.server, first.before or self._before, is_spared=self.is_spared)
        found += second.found
        inexact, dropped = first.is_inexact or second.is_inexact, (*first.dropped, *second.dropped)
        return replace(second, found=tuple(found), is_inexact=inexact, dropped=dropped)
