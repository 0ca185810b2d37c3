"""The end of a test on one server: it is put right, its accounts are dropped, and what else was left is put back."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import mysql.connector

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.clients.hostpatterns import AccountName, account_of
from pytest_netns_mysql.mysql.dialects.quoting import decoded, identifier
from pytest_netns_mysql.mysql.mysqld.lockwaits import TIMED_OUT, Holder, holders
from pytest_netns_mysql.mysql.mysqld.processlist import LIST, Connection, listed
from pytest_netns_mysql.mysql.reset.dropping import refusal, server_of
from pytest_netns_mysql.mysql.reset.reset import CLOSING, ENDING, Reset, await_ends, end_connections, put_back
from pytest_netns_mysql.mysql.reset.state import State, same

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_ATTEMPTS = 3
_MOST_LINES = 3  # of what the error log of a server that died says
_SCHEMA_READ_ONLY = 3989  # ER_SCHEMA_READ_ONLY


class Ending:
    """The end of a test on one server.

    The steps are ``put_right``, ``drop`` and ``put_back``, see ``end``. No step raises: whatever fails on one server,
    the others are cleaned, and this one is made anew.
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
        """Keep what is to be done.

        Args:
            server: The server.
            before: The complete state to which the server is put back.
            wider_accounts: Accounts that fixtures of wider scopes made: their connections stay.
            earlier: The numbers of connections that were there before the test: they stay, too.
            own_accounts: The accounts that are going to be dropped: their connections are ended without a word.
        """
        self.server = server
        self.result = Reset()
        """What was found and what stays, once ``put_back`` has returned."""
        self.death = ""
        """How the server ended by itself, as a line, or ''."""
        self._before = before
        self._wider = frozenset(wider_accounts)
        known = before.connections if before.pid == (server.pid or 0) else ()
        self._earlier = {*earlier, *(one.number for one in known)}
        self._own_users = {user for user, _ in own_accounts}
        self._accounts: list[AccountName] | None = None
        self._verdicts: dict[Connection, bool] = {}
        self._found: list[str] = []
        self._trouble: list[str] = []
        self._refused: list[Accounts] = []
        self.alive: frozenset[int] = frozenset()
        """The numbers of the connections that stay, once ``put_right`` has returned."""

    @property
    def _can_be_asked(self) -> bool:
        return not self._trouble and self.server.is_running and tuple(self.server.command) == self._before.command

    def is_spared(self, connection: Connection) -> bool:
        """Return True for a connection that was there before the test, or that is a wider fixture's account's."""
        if connection.number in self._earlier:
            return True
        if connection not in self._verdicts:
            self._verdicts[connection] = self._is_of_wider_account(connection)
        return self._verdicts[connection]

    def _is_of_wider_account(self, connection: Connection) -> bool:
        names = (connection.user, "")
        if not any(user in names for user, _ in self._wider):
            return False
        if self._accounts is None:
            table = self.server.dialect.grant_tables[0]
            (rows,) = self.server.administrator.ask(f"SELECT User, Host FROM mysql.{table}")
            self._accounts = [(decoded(user), decoded(host)) for user, host in rows]
        candidates = [one for one in self._accounts if one[0] in names]
        # A host name may be seen as its address: where all are a wider fixture's, it does not matter.
        return (
            self._wider.issuperset(candidates)
            or account_of(connection.user, connection.host, candidates) in self._wider
        )

    def put_right(self) -> None:
        """End what would hold up ``drop``: connections and their locks, read-only variables, prepared transactions."""
        with self._noting():
            self.server.await_end_of_crash()
            if self._can_be_asked:
                self._put_right()

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except (mysql.connector.Error, NetnsError, OSError) as error:
            why = error.what if isinstance(error, NetnsError) else str(error)
            self._trouble.append(f"the server cannot be asked: {why}")
        except Exception as error:  # noqa: BLE001 - the other servers are cleaned in any case
            self._trouble.append(f"looking at the server failed with {type(error).__name__}: {error}")

    def _put_right(self) -> None:
        administrator, dialect = self.server.administrator, self.server.dialect
        administrator.reset()
        switches = dialect.read_only
        clients, prepared, *values = administrator.ask(
            LIST, dialect.transactions, *(f"SELECT @@GLOBAL.{name}" for name in switches)
        )
        new = [one for one in listed(clients, administrator.numbers) if not self.is_spared(one)]
        own = {one.number for one in new if one.user in self._own_users}
        administrator.end_connections(own)
        others = [one for one in new if one.number not in own]
        if others:
            self._end_others(others)
        if self.server.dataset is self.server:
            self._make_writable({name: rows[0][0] for name, rows in zip(switches, values, strict=True)})
        if self.server.writable is self.server:
            known = {dialect.xid(row) for row in self._before.transactions}
            transactions = [xid for row in prepared if (xid := dialect.xid(row)) not in known]
            if transactions:
                # A transaction is its connection's until that has ended; MariaDB does not let go of it for a reset.
                self._await_ends(own | administrator.close(), ENDING)
            self._roll_back(transactions)
        self.alive = frozenset(one.number for one in listed(clients, administrator.numbers) if one not in new)

    def _end_others(self, others: Collection[Connection]) -> None:
        """End connections that somebody left open; those that were closed just now have a moment to end."""
        left = self._await_ends({one.number for one in others}, CLOSING)
        self._found += [f"connection {one} is new" for one in sorted(others, key=str) if one.number in left]
        end_connections(self.server, left)

    def _await_ends(self, numbers: Collection[int], timeout: float) -> set[int]:
        """Wait for connections to end; return the numbers of those that have not."""
        left = set(numbers)
        if left:
            there = await_ends(self.server, lambda them: any(one.number in left for one in them), timeout)
            left &= {one.number for one in there}
        return left

    def _make_writable(self, values: dict[str, bytes | None]) -> None:
        for name, raw in values.items():
            value, was = decoded(raw), self._before.variables[name]
            if not same(value, was) and same(was, "OFF"):
                self.server.administrator.run(f"SET GLOBAL {name} = OFF")
                self._found.append(f"global variable {name} is ON, was OFF")

    def _roll_back(self, transactions: Collection[str]) -> None:
        for xid in transactions:
            try:
                self.server.administrator.run(f"XA ROLLBACK {xid}")
            except mysql.connector.Error:
                continue  # the look finds it again
            self._found.append(f"XA transaction {xid} is new")

    def drop(self, accounts: Accounts) -> None:
        """Drop the accounts and schemas of the test; where another of its connections is in the way, end that."""
        if self._can_be_asked:
            with self._noting():
                self._drop(accounts)

    def _drop(self, accounts: Accounts) -> None:
        in_the_way: list[Holder] = []
        for _ in range(_ATTEMPTS):
            error = refusal(accounts)
            if error is None:
                return
            if error.errno == _SCHEMA_READ_ONLY:
                self._found += self._open(accounts.schemas)
                continue
            if error.errno not in TIMED_OUT:
                self._refused.append(accounts)
                return
            self.server.administrator.reset()
            in_the_way = holders(self.server, accounts.schemas)
            new = [one for one in in_the_way if one.number not in self._earlier]
            if in_the_way and not new:
                break
            end_connections(self.server, {one.number for one in new})
            self._found += [f"{one}: it was ended, since the test's schema could not be dropped" for one in new]
        names = ", ".join([*(f"schema {one}" for one in sorted(accounts.schemas)), "accounts of the test"])
        self._trouble += [f"{names}: not dropped, since {one}, and was open before the test" for one in in_the_way] or [
            f"{names}: not dropped, since a lock is held by a connection that the server does not name"
        ]

    def _open(self, schemas: Collection[str]) -> Iterator[str]:
        """Let schemas be changed again; see the manual, "ALTER DATABASE Statement", READ ONLY."""
        for schema in schemas:
            with contextlib.suppress(mysql.connector.errors.ProgrammingError):  # the test has dropped it
                self.server.administrator.run(f"ALTER SCHEMA {identifier(schema)} READ ONLY = 0")
                yield f"schema {schema} is read only"

    def put_back(self) -> None:
        """Put back what else the test left."""
        with self._noting():
            if self.server.is_running and not self._trouble:
                self.result = self._put_back()
                self.server.await_end_of_crash()
            self._trouble += self._end_of_server()
        if self._trouble:
            stays = tuple(self._trouble)
            self.result = Reset((*self._found, *stays), stays)

    def _end_of_server(self) -> list[str]:
        """Return lines that say how the server ended; none for one that runs."""
        if self.server.is_running:
            return []
        try:
            self.server.running_pid()
        except NetnsError as error:
            how = f"the server does not run: {error.what.removeprefix('mysqld is not running: ')}"
            self.death = how if self.server.has_died else ""
            return [how, *(error.tried[:_MOST_LINES] if self.death else ())]
        return ["the server does not run"]

    def _put_back(self) -> Reset:
        result = put_back(self.server, self._before, spared=self.is_spared)
        if self._refused and not result.stays:
            result = self._drop_again(result)
        return replace(result, found=tuple(dict.fromkeys([*self._found, *result.found])))

    def _drop_again(self, first: Reset) -> Reset:
        """Drop what the server refused to drop before it was put back; look again."""
        own = {f"schema {schema} is new" for accounts in self._refused for schema in accounts.schemas}
        own |= {f"table mysql.{table} is changed" for table in self.server.dialect.grant_tables}
        found = [line for line in first.found if line not in own]
        refusals = [error for accounts in self._refused if (error := refusal(accounts)) is not None]
        if refusals:
            lines = [f"accounts of the test cannot be dropped: {error}" for error in refusals]
            return replace(first, found=(*found, *lines), stays=tuple(lines))
        second = put_back(self.server, first.before or self._before, spared=self.is_spared)
        return replace(second, found=(*found, *second.found), is_inexact=first.is_inexact or second.is_inexact)


def end(endings: Sequence[Ending], accounts: Iterable[Accounts]) -> list[Accounts]:
    """End a test on several servers; return the accounts that are on none of them.

    Each step is done on all of them before the next one: accounts and their connections are on copies of a server, too.
    """
    others = []
    for ending in endings:
        ending.put_right()
    for one in accounts:
        server = server_of(one)
        its_ending = next((ending for ending in endings if ending.server is server), None)
        if its_ending is None:
            others.append(one)
        else:
            its_ending.drop(one)
    for ending in endings:
        ending.put_back()
    return others
