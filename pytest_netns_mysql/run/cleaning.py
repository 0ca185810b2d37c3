"""The end of each test: the servers and the network are put back to the state before the test.

What fixtures of wider scopes changed stays. A server that cannot be put back is replaced.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import LeftoverError, MarkerError, NetnsError
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.leftovers import Leftovers, mode_of, report_cleanup, scopes_of
from pytest_netns_mysql.run.networkcleaning import NetworkCleaner
from pytest_netns_mysql.run.putaway import PutAway
from pytest_netns_mysql.run.stash import ACCOUNTS
from pytest_netns_mysql.run.takeover import may_take_over
from pytest_netns_mysql.run.watchedserver import WatchedServer, servers_of

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.clients.accounts import Accounts
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.run.session import NetnsSession

_FRESH = "netns_mysqld_fresh"


class Cleaner:
    """The servers and networks that are put back after each test.

    Attributes:
        next_item: The test after the test that is torn down.
        put_away: What went away on the servers after earlier tests.
        changes_of_network: Returns what the running test has changed in the network, as lines for a person.
    """

    def __init__(self, session: NetnsSession) -> None:
        """Watch nothing yet."""
        self._session = session
        self._networks = NetworkCleaner(session)
        self.changes_of_network: Callable[[], tuple[str, ...]] = self._networks.changes
        self._watched: dict[Instance, WatchedServer] = {}
        self._default: Instance | None = None
        self._begun: pytest.Item | None = None
        self._scopes: list[Hashable] = []  # of the test that runs, see `scopes_of`
        self._asked: tuple[pytest.Item | None, tuple[Hashable, ...]] = (None, ())  # the last of `_scopes_of`
        self._is_outdated = False  # whether a fixture of a wider scope may have changed a server since the last test
        self._heir: pytest.Item | None = None  # the test that may take over the account of the test before
        self.next_item: pytest.Item | None = None
        self.put_away: PutAway = PutAway()

    @contextlib.contextmanager
    def around_wider_fixture(self) -> Iterator[None]:
        """Keep what a fixture of a wider scope changes in the block."""
        self._drop_spares()
        if not self._scopes:
            # Before the first function-scoped fixture of a test, one reading covers all fixtures of wider scopes.
            self._is_outdated = True
            yield
            return
        from pytest_netns_mysql.mysql.reset.readstate import read_state

        states = {watched.server: read_state(watched.server) for watched in self._running()}
        with self._networks.accepting():
            yield
        for server, state in states.items():
            if server.is_running:
                self._watched[server].accept(state)

    def outdate(self) -> None:
        """Read all states again before the next test, because a fixture of a wider scope was torn down."""
        self._drop_spares()
        self._is_outdated = True

    def made(self, fixture: pytest.FixtureDef[Any], request: Any, value: object) -> None:
        """Watch the servers that a fixture made, and the network.

        A fixture that returns a server of another fixture did not make it.

        Args:
            fixture: The fixture.
            request: The request of the fixture.
            value: The value of the fixture.
        """
        from pytest_netns_mysql.mysql.reset.readstate import read_state

        self.built(fixture, request)
        for server in servers_of(fixture, value):
            if server not in self._watched and server.is_running:
                state = read_state(server, as_loaded=True)
                self._watched[server] = WatchedServer(server, fixture, request, state, state)
            if pytest_internals.name_of(fixture) == "netns_mysqld":
                self._default = server

    def built(self, fixture: pytest.FixtureDef[Any], request: Any) -> None:
        """Watch the network as soon as its fixture was set up."""
        self._networks.built(fixture, request)

    def make_room(self, item: pytest.Item) -> None:
        """Prepare servers and network for a test, before the fixtures of the test are set up.

        Put back the changes of a class or a module whose tests build on each other, if the test is not one of them. If
        the test asks for a fresh server, end the current server unless nothing has used it.
        """
        if item is not self._heir:
            self._drop_spares()
        if self._scopes:
            self._leave(_shared(self._scopes, self._scopes_of(item)), item)
        if self._default is None or not _wants_fresh(item):
            return
        if not self._default._can_be_fresh:
            pytest.fail(
                f"netns_mysqld_fresh: {self._default._spec.kind.name} is run by others, and cannot be started anew",
                pytrace=False,
            )
        watched = self._watched.get(self._default)
        if watched is not None and watched.is_touched:
            self._replace(self._default)

    def begin(self, item: pytest.Item) -> None:
        """Read the states before the first function-scoped fixture of a test; put back after the last one."""
        if self._begun is item:
            return
        self._begun = item
        # Finalizers that are added later run earlier. So this one is added even if there is no server yet.
        item.addfinalizer(lambda: self._end(item))
        scopes = self._scopes_of(item)
        is_outdated = bool(scopes) and not self._scopes and self._is_outdated
        self._networks.begin(is_outdated=is_outdated)
        if is_outdated or scopes != (item,):
            self._drop_spares()  # before a state is read
        if is_outdated:
            self._is_outdated = False
            for watched in self._running():
                watched.accept_all()
        for scope in scopes[len(self._scopes) :]:
            if self._scopes or self._session.settings.leftovers == "keep":
                self._networks.enter(scope)
                for watched in self._running():
                    watched.enter(scope)
            self._scopes.append(scope)

    def _scopes_of(self, item: pytest.Item | None) -> tuple[Hashable, ...]:
        if item is not self._asked[0]:
            self._asked = item, ()
            with contextlib.suppress(MarkerError):  # with which the test fails, if it is a netns test
                self._asked = item, scopes_of(item, self._session.settings.leftovers) if item is not None else ()
        return self._asked[1]

    def finish(self) -> None:
        """Note that no test runs."""
        self._begun = None

    def close(self) -> None:
        """Stop watching networks."""
        self._networks.close()

    def _end(self, item: pytest.Item) -> None:
        self.finish()
        if self._watched:
            running = self._session.servers.running
            self._watched = {server: watched for server, watched in self._watched.items() if server in running}
            for watched in self._in_network():
                watched.is_used = True
        accounts = item.stash.get(ACCOUNTS, ())
        self.put_away.note(item.nodeid, "", *((schema, "") for own in accounts for schema in own.schemas))
        kept = _shared(self._scopes, self._scopes_of(self.next_item))
        try:
            if kept == len(self._scopes) and accounts:
                from pytest_netns_mysql.mysql.reset.dropaccounts import drop_accounts

                drop_accounts(accounts)
            leftovers = self._leave(kept, item, accounts)
        finally:
            if self._default is not None and _wants_fresh(item):
                self._replace(self._default, item)
        if leftovers is not None and mode_of(item, self._session.settings.leftovers) == "fail":
            raise leftovers.error(item.nodeid)

    def _leave(self, kept: int, item: pytest.Item, accounts: Collection[Accounts] = ()) -> Leftovers | None:
        """Put back the changes of inner scopes.

        Args:
            kept: The number of outer scopes that go on.
            item: The test that has ended.
            accounts: The accounts of the test, which are dropped.

        Returns:
            The changes of the test itself, or None if it left nothing.
        """
        leftovers = None
        while len(self._scopes) > kept:
            scope = self._scopes.pop()
            in_network = self._networks.put_back(scope, item)
            try:
                on_servers = self._put_back(scope, item, accounts)
            finally:
                self._networks.rebuild_lost()
            if scope is item and (in_network or on_servers):
                leftovers = Leftovers(in_network, on_servers)
            accounts = ()
        return leftovers

    def _put_back(self, scope: Hashable, item: pytest.Item, accounts: Collection[Accounts]) -> list[str]:
        """Put each server back or replace it; return the changes, as lines for a person."""
        if not self._watched and not accounts:
            return []
        from pytest_netns_mysql.mysql.reset.endoftest import clean_up

        cleanups = [watched.cleanup(scope, accounts) for watched in self._in_network()]
        self._heir = self._find_heir(scope, item)
        not_dropped = clean_up(cleanups, accounts, may_keep=self._heir is not None)
        changes: list[str] = []
        errors: list[Exception] = []
        for cleanup in cleanups:
            result = cleanup.result
            self._is_outdated |= result.is_inexact
            self._watched[cleanup.server].leave(scope, cleanup)
            report_cleanup(item, cleanup)
            self.put_away.note(item.nodeid, cleanup.server.name, *result.dropped)
            changes += [f"{cleanup.server.name}: {line}" for line in result.found]
            try:
                if result.stays:
                    self._replace_or_fail(cleanup.server, result.stays, item)
            except Exception as error:  # noqa: BLE001 - the other servers are replaced first
                errors.append(error)
        if not_dropped:
            from pytest_netns_mysql.mysql.reset.dropaccounts import drop_accounts

            drop_accounts(not_dropped)
        if errors:
            raise errors[0]
        return changes

    def _replace_or_fail(self, server: Instance, changes: tuple[str, ...], item: pytest.Item) -> None:
        if not server._can_be_fresh:
            raise LeftoverError(
                "the test left changes on a server that others run, and they cannot be put back: all later tests will "
                "find them",
                where=item.nodeid,
                tried=changes,
                remedies=["undo the changes by hand", "use a server of the test's own: factories.mysqld"],
            )
        self._replace(server, item)

    def _find_heir(self, scope: Hashable, item: pytest.Item) -> pytest.Item | None:
        """Return the next test if it may take over the account of a test whose own scope has ended."""
        following = self.next_item
        if following is None or scope is not item or self._scopes or self._scopes_of(following) != (following,):
            return None
        return following if may_take_over(following, item) else None

    def _drop_spares(self) -> None:
        """Drop the accounts that are kept for the next test; what a server refuses, the next look finds."""
        if self._heir is None:
            return
        import mysql.connector

        self._heir = None
        for watched in self._running():
            with contextlib.suppress(mysql.connector.Error, NetnsError):
                watched.server._administrator.drop_spare()

    def _in_network(self) -> list[WatchedServer]:
        """Return the servers in the current network; servers of other topologies are in networks of their own."""
        network = self._session.networks.current
        return [watched for watched in self._watched.values() if watched.server.network is network]

    def _running(self) -> list[WatchedServer]:
        running = self._session.servers.running
        return [watched for server, watched in self._watched.items() if server in running and server.is_running]

    def _replace(self, server: Instance, item: pytest.Item | None = None) -> None:
        """Tear down the fixture of a server after a test; the next test that asks for it gets a fresh server."""
        if item is not None:
            self.put_away.note(item.nodeid, server.name, ("", ""))
        watched = self._watched.pop(server, None)
        if watched is not None:
            try:
                watched.tear_down()
            finally:
                self._session.servers.forget(server)


def _shared(scopes: Sequence[Hashable], others: Sequence[Hashable]) -> int:
    """Return how many of their outermost scopes two tests share."""
    shared = 0
    for scope, other in zip(scopes, others, strict=False):
        if scope != other:
            break
        shared += 1
    return shared


def _wants_fresh(item: pytest.Item) -> bool:
    return _FRESH in pytest_internals.fixture_names(item)
