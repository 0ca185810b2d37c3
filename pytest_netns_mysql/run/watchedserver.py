"""A server whose state is read before and after each test."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.ownfixtures import is_own

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.reset.cleanup import ServerCleanup
    from pytest_netns_mysql.mysql.reset.serverstate import State
    from pytest_netns_mysql.mysql.server import MySQLServer


@dataclass
class WatchedServer:
    """A server, the fixture that made it, and the states to which it is put back.

    Attributes:
        server: The server.
        fixture: The fixture that made the server.
        request: The request of the fixture.
        at_boot: The state of the server when its fixture was set up.
        before: The state to which the server is put back after a test.
        inner: The states to which it is put back after a class or a module whose tests build on each other.
        open_connections: The ids of the connections that were open when the last test had ended.
        pid: The pid that the server had then.
        is_used: True once a test has used the server.
    """

    server: MySQLServer
    fixture: pytest.FixtureDef[Any]
    request: Any
    at_boot: State
    before: State
    inner: dict[Hashable, State] = field(default_factory=dict)
    open_connections: frozenset[int] = frozenset()
    pid: int | None = None
    is_used: bool = False

    @property
    def is_touched(self) -> bool:
        """True if a test has used the server, or a fixture has changed it."""
        return self.is_used or replace(self.before, counters=self.at_boot.counters) != self.at_boot

    def enter(self, scope: Hashable) -> None:
        """Read the state to which the server is put back at the end of an inner scope."""
        from pytest_netns_mysql.mysql.reset.readstate import read_state

        self.inner[scope] = read_state(self.server)

    def accept(self, first: State) -> None:
        """Accept all changes since a state, so that they are not put back.

        Args:
            first: The state before the changes.
        """
        from pytest_netns_mysql.mysql.reset.readstate import read_state
        from pytest_netns_mysql.mysql.reset.serverstate import absorb

        second = read_state(self.server)
        self.before = absorb(self.before, first, second)
        self.inner = {scope: absorb(state, first, second) for scope, state in self.inner.items()}

    def accept_all(self) -> None:
        """Accept all changes since the last test, which fixtures of wider scopes made."""
        from pytest_netns_mysql.mysql.reset.readstate import read_state
        from pytest_netns_mysql.mysql.reset.serverstate import is_unchanged

        now = read_state(self.server, known=self.before)
        if is_unchanged(now, self.before):
            self.before = replace(self.before, counters=now.counters, questions=now.questions)
        else:
            self.before = read_state(self.server)

    def cleanup(self, scope: Hashable, accounts: Collection[Accounts]) -> ServerCleanup:
        """Return the cleanup at the end of a scope.

        Args:
            scope: The scope.
            accounts: The accounts of the test, which are dropped.
        """
        from pytest_netns_mysql.mysql.reset.cleanup import ServerCleanup

        lasting = self.server._lasting_users
        kept = {account for account in self.before.accounts if account[0] in lasting} if lasting else frozenset()
        return ServerCleanup(
            self.server,
            self.inner.get(scope, self.before),
            wider_accounts=self.before.accounts - self.at_boot.accounts | kept,
            earlier=self.open_connections if self.pid == self.server.pid else (),
            own_accounts=[name for own in accounts if own.dataset is self.server._dataset for name in own.names],
        )

    def leave(self, scope: Hashable, cleanup: ServerCleanup) -> None:
        """Note the state of the server after the cleanup at the end of a scope."""
        if self.inner.pop(scope, None) is None:
            self.open_connections, self.pid = cleanup.remaining, self.server.pid
            self.before = cleanup.result.before or self.before

    def tear_down(self) -> None:
        """Tear down the fixture, and all fixtures that were built on the server."""
        was_running = self.server.is_running
        try:
            pytest_internals.tear_down(self.fixture, self.request)
        except Exception:  # fixtures of a server that has ended cannot be torn down without errors
            if was_running:
                raise


def servers_of(fixture: pytest.FixtureDef[Any], value: object) -> tuple[MySQLServer, ...]:
    """Return the servers in the value of a fixture: one server, or the members of a group."""
    from pytest_netns_mysql.mysql.server import MySQLServer

    if isinstance(value, MySQLServer):
        return (value,)
    # Of our fixtures only those of factories.group have members. To import Group for a check takes time.
    is_group = is_own(pytest_internals.function_of(fixture)) and hasattr(value, "members")
    return tuple(value.members) if is_group and hasattr(value, "members") else ()
