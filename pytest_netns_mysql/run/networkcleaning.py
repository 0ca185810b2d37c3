"""The end of each test: changes of the network are found and put back."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.leftovers import add_section

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.kernel.guard.guard import Guard
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.run.session import NetnsSession


class NetworkCleaner:
    """The networks that are put back after each test. A network that cannot be put back is rebuilt."""

    def __init__(self, session: NetnsSession) -> None:
        """Watch nothing yet."""
        self._session = session
        self._guards: dict[Network, Guard | None] = {}
        self._in_use: Network | None = None  # whose guard watches, while those of others have stepped back
        self._lost: Network | None = None
        self._fixture: tuple[pytest.FixtureDef[Any], Any] | None = None

    def built(self, fixture: pytest.FixtureDef[Any], request: Any) -> None:
        """Remember the fixture ``netns``, on which everything that uses the network was built.

        Read the network now, because a server may be booting meanwhile.
        """
        if pytest_internals.name_of(fixture) == "netns":
            self._fixture = fixture, request
            self.begin(is_outdated=False)

    def begin(self, *, is_outdated: bool) -> None:
        """Read the network before the first function-scoped fixture of a test.

        Args:
            is_outdated: Whether a fixture of a wider scope may have changed the network since the last test.
        """
        network = self._session.networks.current
        if network is None or (network is self._in_use and not is_outdated):
            return
        try:
            self._watch(network, is_outdated=is_outdated)
        except OSError as error:
            guard, self._guards[network] = self._guards.get(network), None
            if guard is not None:
                guard.close()
            self._session.progress(
                f"changes of the network are not put back: {error} (raise ulimit -n, or with sysctl "
                "fs.inotify.max_user_instances and fs.inotify.max_user_watches)"
            )

    def _watch(self, network: Network, *, is_outdated: bool) -> None:
        """Watch the network that is in use now; raise OSError if the kernel has no more watches."""
        self._in_use = None
        others = [guard for other, guard in self._guards.items() if other is not network and guard is not None]
        for other in others:
            other.step_back()
        if network not in self._guards:
            from pytest_netns_mysql.kernel.guard.guard import Guard

            self._guards[network] = Guard(network, others=others)
        elif (guard := self._guards[network]) is not None:
            guard.step_forward()
            if is_outdated:
                guard.settle()
        self._in_use = network

    def accepting(self) -> contextlib.AbstractContextManager[None]:
        """Keep what a fixture of a wider scope changes in the block, in the middle of a test."""
        guard = self._current()
        return contextlib.nullcontext() if guard is None else guard.accepting()

    def enter(self, scope: Hashable) -> None:
        """Take the current network for the state to which it is put back at the end of an inner scope."""
        guard = self._current()
        if guard is not None:
            guard.enter(scope)

    def put_back(self, scope: Hashable, item: pytest.Item) -> list[str]:
        """Put the network back at the end of a scope, and return the changes as lines for a person.

        ``rebuild_lost`` rebuilds a network that cannot be put back. Before that, the servers in it are put back.
        """
        guard = self._current()
        if guard is None:
            return []
        found, is_lost = self._put_back(guard, scope, f"the cleaning after {item.nodeid}")
        if is_lost:
            self._lost = guard.network
        if found:
            outcome = "the network is rebuilt" if is_lost else "put back"
            add_section(item, f"left on the network: {outcome}", "\n".join(found))
        return found

    def changes(self) -> tuple[str, ...]:
        """Return a line for each change of the current network that the test has made so far, for its report."""
        guard = self._current()
        try:
            return () if guard is None else guard.changes()
        except OSError as error:
            return (f"the network cannot be read: {error}",)

    def rebuild_lost(self) -> None:
        """Rebuild the network that ``put_back`` could not put back, if there is one."""
        network, self._lost = self._lost, None
        if network is not None:
            self._rebuild(network)

    def _put_back(self, guard: Guard, scope: Hashable, by: str) -> tuple[list[str], bool]:
        """Return the changes, and whether one of them could not be put back."""
        try:
            result = guard.put_back(by)
            guard.leave(scope)
        except (OSError, NetnsError) as error:
            reason, *_ = str(error).partition("\n")
            return [f"cannot read or put back the network: {reason}"], True
        return ([], False) if result is None else ([*result.found], bool(result.stays))

    def _current(self) -> Guard | None:
        network = self._session.networks.current
        return None if network is None else self._guards.get(network)

    def _rebuild(self, network: Network) -> None:
        """Tear down the fixture ``netns``; the next test that asks for the fixture gets a new network."""
        self._in_use = None
        guard = self._guards.pop(network, None)
        if guard is not None:
            guard.close()
        try:
            if self._fixture is not None:
                fixture, request = self._fixture
                pytest_internals.tear_down(fixture, request)
        finally:
            self._session.forget_network(network)

    def close(self) -> None:
        """Stop watching networks."""
        for guard in self._guards.values():
            if guard is not None:
                guard.close()
        self._guards.clear()
        self._in_use = None
