"""No test finds on a server what another left: each server is looked at after every test, and put back."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import LeftoverError
from pytest_netns_mysql.networkcleaning import NetworkCleaner, leftover_error

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.mysql.state import State
    from pytest_netns_mysql.session import NetnsSession

_FRESH = "netns_mysqld_fresh"


@dataclass
class _Known:
    """Hold what is known of a server: the fixture that made it, and the state that every test is to find."""

    fixture: pytest.FixtureDef[Any]
    request: Any
    at_boot: State
    before: State
    is_used: bool = False


class Cleaner:
    """Put servers back after each test to what wider fixtures made of them; what cannot be put back is made anew."""

    def __init__(self, session: NetnsSession) -> None:
        """Keep whose servers they are."""
        self._session = session
        self._networks = NetworkCleaner(session)
        self._known: dict[MySQLServer, _Known] = {}
        self._default: MySQLServer | None = None
        self._begun: pytest.Item | None = None
        self._attends = False
        self._outdated = False

    @contextlib.contextmanager
    def around_wider_fixture(self) -> Iterator[None]:
        """Keep what a fixture of a wider scope does: it is there for several tests."""
        if self._begun is None or self._keeps:
            # All of them are set up before the test's own, and one look before these sees what they did.
            self._outdated = True
            yield
            return
        from pytest_netns_mysql.mysql.state import absorb, read

        first = {server: read(server) for server in self._running()}
        with self._networks.accepting():
            yield
        for server, state in first.items():
            if server.is_running:
                self._known[server].before = absorb(self._known[server].before, state, read(server))

    def outdate(self) -> None:
        """Look again before the next test: a fixture of a wider scope was torn down."""
        self._outdated = True

    def made(self, fixture: pytest.FixtureDef[Any], request: Any, value: object) -> None:
        """Remember which fixture made a server; another that gives it on is not its own."""
        from pytest_netns_mysql.mysql.state import read

        self.built(fixture, request)
        for server in _servers_in(value):
            if server not in self._known and server.is_running:
                state = read(server)
                self._known[server] = _Known(fixture, request, state, state)
            if fixture.argname == "netns_mysqld":
                self._default = server
        if self._begun is not None:
            self._attend(self._begun)

    def built(self, fixture: pytest.FixtureDef[Any], request: Any) -> None:
        """Know the network from the moment on at which its fixture gives it."""
        self._networks.built(fixture, request)

    def make_room(self, item: pytest.Item) -> None:
        """End the server, where the test asks for a fresh one: unless nobody used it, nor built anything on it."""
        known = self._known.get(self._default) if self._default is not None and _wants_fresh(item) else None
        if self._default is not None and _wants_fresh(item) and not self._default.can_be_fresh:
            pytest.fail(
                f"netns_mysqld_fresh: {self._default.plan.kind.name} is run by others, and cannot be started anew",
                pytrace=False,
            )
        if self._default is not None and known is not None and (known.is_used or known.before is not known.at_boot):
            self._renew(self._default)

    def begin(self, item: pytest.Item) -> None:
        """Look at network and servers before the first thing that is the test's own, and again after the last."""
        if self._begun is item:
            return
        self._begun, self._attends = item, False
        self._attend(item)

    def _attend(self, item: pytest.Item) -> None:
        if self._attends:
            return
        self._attends = True
        self._networks.begin(is_outdated=self._outdated and not self._keeps)
        if self._outdated and not self._keeps:
            self._look_again()
        item.addfinalizer(lambda: self._end(item))

    def finish(self) -> None:
        """Know that no test runs."""
        self._begun = None

    def close(self) -> None:
        """Let go of what is watched."""
        self._networks.close()

    def _look_again(self) -> None:
        from pytest_netns_mysql.mysql.state import is_as, read

        self._outdated = False
        for server in self._running():
            known = self._known[server]
            if not is_as(read(server, known=known.before), known.before):
                known.before = read(server)

    def _end(self, item: pytest.Item) -> None:
        self.finish()
        found: list[str] = []
        changed = [] if self._keeps else self._networks.clean(item)
        for server, known in list(self._known.items()):
            if server not in self._session.servers:
                del self._known[server]
            # One of another topology stands in a network that no test of this one reaches.
            elif server.network is self._session.network:
                known.is_used = True
                found += [] if self._keeps else self._clean(server, known, item)
                if server is self._default and _wants_fresh(item):
                    self._renew(server)
        if (found or changed) and self._session.settings.leftovers == "fail":
            raise leftover_error(item, found, changed)

    def _clean(self, server: MySQLServer, known: _Known, item: pytest.Item) -> list[str]:
        """Put a server back, or have it made anew; return what was found on it, as lines for a reader."""
        from pytest_netns_mysql.mysql.reset import put_back

        result = put_back(server, known.before, spared=known.before.users - known.at_boot.users)
        self._outdated |= result.is_inexact
        if result.before is not None:
            known.before = result.before
        if result.stays:
            self._renew_or_fail(server, result.stays, item)
        if result.found:
            becomes = "it gets a fresh server" if result.stays else "it was put back"
            text = "\n".join(result.stays or result.found)
            item.add_report_section("teardown", f"left on {server.name}: {becomes}", text)
        return [f"{server.name}: {line}" for line in result.found]

    def _renew_or_fail(self, server: MySQLServer, stays: tuple[str, ...], item: pytest.Item) -> None:
        if not server.can_be_fresh:
            raise LeftoverError(
                "the test left on the server what cannot be put back, and others run it: it stays for all later tests",
                where=item.nodeid,
                tried=stays,
                remedies=["put it right by hand", "have such a test use a server of its own: factories.mysqld"],
            )
        self._renew(server)

    @property
    def _keeps(self) -> bool:
        return self._session.settings.leftovers == "keep"

    def _running(self) -> list[MySQLServer]:
        return [one for one in self._known if one in self._session.servers and one.is_running]

    def _renew(self, server: MySQLServer) -> None:
        """Tear down the server's fixture with all that was built on it: the next test that asks gets a fresh one."""
        known = self._known.pop(server, None)
        if known is None:
            return
        ran = server.is_running
        try:
            known.fixture.finish(known.request)
        except Exception:  # what is torn down on a server that is gone cannot but fail
            if ran:
                raise
        finally:
            self._session.forget(server)


def _wants_fresh(item: pytest.Item) -> bool:
    return _FRESH in getattr(item, "fixturenames", ())


def _servers_in(value: object) -> tuple[MySQLServer, ...]:
    """Return the servers that a fixture gives: one, or a group's members."""
    from pytest_netns_mysql.mysql.server import MySQLServer

    if isinstance(value, MySQLServer):
        return (value,)
    # Whoever has a group has imported what it is; nobody else need.
    groups = sys.modules.get("pytest_netns_mysql.mysql.group")
    return value.members if groups is not None and isinstance(value, groups.Group) else ()
