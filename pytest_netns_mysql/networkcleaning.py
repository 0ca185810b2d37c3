"""No test finds the network changed by another: what a test did to it is found after the test, and put back."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import LeftoverError, NetnsError

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.kernel.guard import Guard
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.session import NetnsSession

_UNDONE = (
    "undo it in the test, or in a fixture of the test's own: netns.link(...).up(), the block of netns.partition(...)",
    "netns_leftovers = reset puts it back in silence",
)


class NetworkCleaner:
    """Puts networks back after each test to what wider fixtures made of them; what cannot be put back is built anew."""

    def __init__(self, session: NetnsSession) -> None:
        """Keep whose networks they are."""
        self._session = session
        self._guards: dict[Network, Guard | None] = {}
        self._fixture: tuple[pytest.FixtureDef[Any], Any] | None = None

    def built(self, fixture: pytest.FixtureDef[Any], request: Any) -> None:
        """Remember the fixture that gives the network: everything that uses the network was built on the fixture.

        The network is looked at now, while a server may be booting.
        """
        if fixture.argname == "netns":
            self._fixture = fixture, request
            self.begin(is_outdated=False)

    def begin(self, *, is_outdated: bool) -> None:
        """Know the network before the first thing that is a test's own.

        Args:
            is_outdated: Whether a fixture of a wider scope may have changed it since the last test.
        """
        network = self._session.network
        if network is None or self._session.settings.leftovers == "keep":
            return
        if network not in self._guards:
            self._guards[network] = self._guard(network)
        elif is_outdated and (guard := self._guards[network]) is not None:
            guard.settle()

    def accepting(self) -> contextlib.AbstractContextManager[None]:
        """Keep what a fixture of a wider scope does in the block, in the middle of a test."""
        guard = self._current()
        return contextlib.nullcontext() if guard is None else guard.accepting()

    def clean(self, item: pytest.Item) -> list[str]:
        """Put the network back, or have it built anew; return what was found, as lines for a reader."""
        guard = self._current()
        if guard is None:
            return []
        try:
            result = guard.put_back()
        except (OSError, NetnsError) as error:
            found, stays = [f"the network cannot be read or put back: {str(error).splitlines()[0]}"], True
        else:
            if result is None or not result.found:
                return []
            found, stays = [*result.found], bool(result.stays)
        becomes = "it is built anew" if stays else "it was put back"
        item.add_report_section("teardown", f"left on the network: {becomes}", "\n".join(found))
        if stays:
            self._build_anew(guard.network)
        return found

    def _current(self) -> Guard | None:
        network = self._session.network
        return None if network is None else self._guards.get(network)

    def _guard(self, network: Network) -> Guard | None:
        from pytest_netns_mysql.kernel.guard import Guard

        try:
            return Guard(network)
        except OSError as error:
            self._session.progress(
                f"what tests do to the network is not put back: {error}; sysctl fs.inotify.max_user_instances and "
                "fs.inotify.max_user_watches say how much may be watched"
            )
            return None

    def _build_anew(self, network: Network) -> None:
        """Tear down the network's fixture with all that was built on it: the next test that asks gets a new network."""
        guard = self._guards.pop(network)
        if guard is not None:
            guard.close()
        try:
            if self._fixture is not None:
                fixture, request = self._fixture
                fixture.finish(request)
        finally:
            self._session.forget_network(network)

    def close(self) -> None:
        """Stop watching networks."""
        for guard in self._guards.values():
            if guard is not None:
                guard.close()
        self._guards.clear()


def leftover_error(item: pytest.Item, on_servers: Sequence[str], in_network: Sequence[str]) -> LeftoverError:
    """Return the error of a test that left something."""
    if not on_servers:
        return LeftoverError(
            "the test left the network other than it found it; it was put back",
            where=item.nodeid,
            tried=in_network,
            remedies=_UNDONE,
        )
    both = "on a server and in the network" if in_network else "on a server"
    return LeftoverError(
        f"the test left something {both} that other tests use; it was put back",
        where=item.nodeid,
        tried=[*in_network, *on_servers],
        remedies=[
            "let a fixture of the test's own undo it, or take netns_account and netns_connect, which do",
            "a test that means to: ask for netns_mysqld_fresh, or for a server of factories.mysqld of its own",
            "netns_leftovers = reset puts it back in silence",
        ],
    )
