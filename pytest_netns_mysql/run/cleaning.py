"""No test finds on a server what another left: each server is looked at after every test, and put back."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import LeftoverError, MarkerError
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.leftovers import ACCOUNTS, Leftovers, mode_of, report_cleanup, scopes_of
from pytest_netns_mysql.run.networkcleaning import NetworkCleaner

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.reset.cleanup import ServerCleanup
    from pytest_netns_mysql.mysql.reset.state import State
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.run.session import NetnsSession

_FRESH = "netns_mysqld_fresh"


@dataclass
class _Known:
    """What is known of a server: the fixture that made it, and the state that every test is to find.

    Attributes:
        at_boot: The state when its fixture was set up.
        before: The state to which it is put back.
        inner: That of tests inside of a class or a module whose tests build on each other.
        earlier: The numbers of the connections that were open when the last test had ended.
        pid: The pid of the server whose connections these are.
    """

    fixture: pytest.FixtureDef[Any]
    request: Any
    at_boot: State
    before: State
    inner: dict[Hashable, State] = field(default_factory=dict)
    earlier: frozenset[int] = frozenset()
    pid: int | None = None
    is_used: bool = False

    @property
    def is_touched(self) -> bool:
        """True if a test has used it, or a fixture has built something on it."""
        return self.is_used or replace(self.before, counters=self.at_boot.counters) != self.at_boot


class Cleaner:
    """Put servers back after each test to what wider fixtures made of them; what cannot be put back is made anew."""

    def __init__(self, session: NetnsSession) -> None:
        """Keep whose servers they are."""
        self._session = session
        self._networks = NetworkCleaner(session)
        self._known: dict[Instance, _Known] = {}
        self._default: MySQLServer | None = None
        self._begun: pytest.Item | None = None
        self._scopes: list[Hashable] = []  # what the test belongs to, see `scopes_of`
        self._outdated = False
        self.next_item: pytest.Item | None = None
        """The test after the one that is torn down."""

    @contextlib.contextmanager
    def around_wider_fixture(self) -> Iterator[None]:
        """Keep what a fixture of a wider scope does: it is there for several tests."""
        if not self._scopes:
            # All of them are set up before the test's own, and one look before these sees what they did.
            self._outdated = True
            yield
            return
        from pytest_netns_mysql.mysql.reset.readstate import read_state
        from pytest_netns_mysql.mysql.reset.state import absorb

        first = {server: read_state(server) for server in self._running()}
        with self._networks.accepting():
            yield
        for server, state in first.items():
            if server.is_running:
                known, second = self._known[server], read_state(server)
                known.before = absorb(known.before, state, second)
                known.inner = {scope: absorb(one, state, second) for scope, one in known.inner.items()}

    def outdate(self) -> None:
        """Look again before the next test: a fixture of a wider scope was torn down."""
        self._outdated = True

    def made(self, fixture: pytest.FixtureDef[Any], request: Any, value: object) -> None:
        """Remember which fixture made a server; another that gives it on is not its own."""
        from pytest_netns_mysql.mysql.reset.readstate import read_state

        self.built(fixture, request)
        for server in _servers_in(value):
            if server not in self._known and server.is_running:
                state = read_state(server, as_loaded=True)
                self._known[server] = _Known(fixture, request, state, state)
            if pytest_internals.name_of(fixture) == "netns_mysqld":
                self._default = server

    def built(self, fixture: pytest.FixtureDef[Any], request: Any) -> None:
        """Watch the network from the moment at which its fixture gives it."""
        self._networks.built(fixture, request)

    def make_room(self, item: pytest.Item) -> None:
        """Make ready for a test before its fixtures are set up.

        What the tests of a class or a module left is put back, where this is none of them. Where the test asks for a
        fresh server, the server is ended, unless nobody used it, nor built anything on it.
        """
        self._leave(_common(self._scopes, self._scopes_of(item)), item)
        known = self._known.get(self._default) if self._default is not None and _wants_fresh(item) else None
        if self._default is not None and _wants_fresh(item) and not self._default.can_be_fresh:
            pytest.fail(
                f"netns_mysqld_fresh: {self._default.plan.kind.name} is run by others, and cannot be started anew",
                pytrace=False,
            )
        if self._default is not None and known is not None and known.is_touched:
            self._renew(self._default)

    def begin(self, item: pytest.Item) -> None:
        """Look at network and servers before the first thing that is the test's own, and again after the last."""
        if self._begun is item:
            return
        self._begun = item
        # Even where no server is known yet: what is added after this is done before it.
        item.addfinalizer(lambda: self._end(item))
        from pytest_netns_mysql.mysql.reset.readstate import read_state

        scopes = self._scopes_of(item)
        is_outdated = bool(scopes) and not self._scopes and self._outdated
        self._networks.begin(is_outdated=is_outdated)
        if is_outdated:
            self._look_again()
        for scope in scopes[len(self._scopes) :]:
            if self._scopes or self._session.settings.leftovers == "keep":
                self._networks.enter(scope)
                for server in self._running():
                    self._known[server].inner[scope] = read_state(server)
            self._scopes.append(scope)

    def _scopes_of(self, item: pytest.Item | None) -> tuple[Hashable, ...]:
        try:
            return () if item is None else scopes_of(item, self._session.settings.leftovers)
        except MarkerError:  # which the test is told of, if it is a netns test
            return ()

    def finish(self) -> None:
        """Know that no test runs."""
        self._begun = None

    def close(self) -> None:
        """Let go of what is watched."""
        self._networks.close()

    def _look_again(self) -> None:
        from pytest_netns_mysql.mysql.reset.readstate import read_state
        from pytest_netns_mysql.mysql.reset.state import is_unchanged

        self._outdated = False
        for server in self._running():
            known = self._known[server]
            now = read_state(server, known=known.before)
            known.before = (
                replace(known.before, counters=now.counters) if is_unchanged(now, known.before) else read_state(server)
            )

    def _end(self, item: pytest.Item) -> None:
        self.finish()
        for server in [one for one in self._known if one not in self._session.servers.running]:
            del self._known[server]
        for server in self._attended():
            self._known[server].is_used = True
        accounts = item.stash.get(ACCOUNTS, ())
        kept = _common(self._scopes, self._scopes_of(self.next_item))
        try:
            if kept == len(self._scopes) and accounts:
                from pytest_netns_mysql.mysql.reset.dropaccounts import drop_accounts

                drop_accounts(accounts)
            left = self._leave(kept, item, accounts)
        finally:
            if self._default in self._known and _wants_fresh(item):
                self._renew(self._default)
        if left and mode_of(item, self._session.settings.leftovers) == "fail":
            raise left.error(item.nodeid)

    def _leave(self, kept: int, item: pytest.Item, accounts: Collection[Accounts] = ()) -> Leftovers:
        """Put back what was changed in the scopes behind the first ``kept``; return what this test left itself."""
        left = Leftovers()
        while len(self._scopes) > kept:
            scope = self._scopes.pop()
            with self._networks.put_back(scope, item) as in_network:
                on_servers = self._put_back(scope, item, accounts)
            if scope is item:
                left = Leftovers(in_network, on_servers)
            accounts = ()
        return left

    def _put_back(self, scope: Hashable, item: pytest.Item, accounts: Collection[Accounts]) -> list[str]:
        """Put each server back, or have it made anew; return what was found, as lines for a reader."""
        from pytest_netns_mysql.mysql.reset.cleanup import clean_up

        cleanups = [self._cleanup(server, scope, accounts) for server in self._attended()]
        others = clean_up(cleanups, accounts)
        found: list[str] = []
        errors: list[Exception] = []
        for cleanup in cleanups:
            result, known = cleanup.result, self._known[cleanup.server]
            self._outdated |= result.is_inexact
            if known.inner.pop(scope, None) is None:
                known.earlier, known.pid = cleanup.remaining, cleanup.server.pid
                known.before = result.before or known.before
            report_cleanup(item, cleanup)
            found += [f"{cleanup.server.name}: {line}" for line in result.found]
            try:
                if result.stays:
                    self._renew_or_fail(cleanup.server, result.stays, item)
            except Exception as error:  # noqa: BLE001 - the other servers are made anew first
                errors.append(error)
        if others:
            from pytest_netns_mysql.mysql.reset.dropaccounts import drop_accounts

            drop_accounts(others)
        if errors:
            raise errors[0]
        return found

    def _cleanup(self, server: Instance, scope: Hashable, accounts: Collection[Accounts]) -> ServerCleanup:
        from pytest_netns_mysql.mysql.reset.cleanup import ServerCleanup

        known = self._known[server]
        return ServerCleanup(
            server,
            known.inner.get(scope, known.before),
            wider_accounts=known.before.accounts - known.at_boot.accounts,
            earlier=known.earlier if known.pid == server.pid else (),
            own_accounts=[name for one in accounts if one.dataset is server.dataset for name in one.names],
        )

    def _renew_or_fail(self, server: Instance, stays: tuple[str, ...], item: pytest.Item) -> None:
        if not server.can_be_fresh:
            raise LeftoverError(
                "the test left on the server what cannot be put back, and others run it: it stays for all later tests",
                where=item.nodeid,
                tried=stays,
                remedies=["put it right by hand", "have such a test use a server of its own: factories.mysqld"],
            )
        self._renew(server)

    def _attended(self) -> list[Instance]:
        """Return the servers that tests of this network reach: one of another topology stands in another network."""
        return [server for server in self._known if server.network is self._session.networks.current]

    def _running(self) -> list[Instance]:
        return [one for one in self._known if one in self._session.servers.running and one.is_running]

    def _renew(self, server: Instance) -> None:
        """Tear down the server's fixture with all that was built on it: the next test that asks gets a fresh one."""
        known = self._known.pop(server, None)
        if known is None:
            return
        ran = server.is_running
        try:
            pytest_internals.tear_down(known.fixture, known.request)
        except Exception:  # what is torn down on a server that is gone cannot but fail
            if ran:
                raise
        finally:
            self._session.servers.forget(server)


def _common(scopes: Sequence[Hashable], others: Sequence[Hashable]) -> int:
    """Return how many scopes two tests share, from the widest on."""
    pairs = itertools.zip_longest(scopes, others)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] is not None and pair[0] == pair[1], pairs))


def _wants_fresh(item: pytest.Item) -> bool:
    return _FRESH in pytest_internals.fixture_names(item)


def _servers_in(value: object) -> tuple[MySQLServer, ...]:
    """Return the servers that a fixture gives: one, or a group's members."""
    from pytest_netns_mysql.mysql.server import MySQLServer

    if isinstance(value, MySQLServer):
        return (value,)
    # Whoever has a group has imported what it is; nobody else need.
    groups = sys.modules.get("pytest_netns_mysql.mysql.replication.group")
    return value.members if groups is not None and isinstance(value, groups.Group) else ()
