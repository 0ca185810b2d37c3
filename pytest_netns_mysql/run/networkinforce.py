"""The network that the running test needs, and the places in it where fixtures and the test run."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import UnknownNamespaceError
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.stash import NAMESPACE, SERVER_NAME, TOPOLOGY_IN_FORCE

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.enterable import Enterable
    from pytest_netns_mysql.run.session import NetnsSession


class NetworkInForce:
    """The network of the running test.

    Attributes:
        item: The running test, or None between tests.
        netns_test: The running test, or None if it is no netns test.
    """

    def __init__(self, session: NetnsSession) -> None:
        """Start without a test."""
        self._session = session
        self._parent: pytest.Collector | None = None
        self._topology: pytest.FixtureDef[Any] | None = None
        self.item: pytest.Item | None = None
        self.netns_test: pytest.Item | None = None

    def start_test(self, item: pytest.Item | None) -> None:
        """Set the running test; None if it has ended."""
        self.item = item
        self.netns_test = item if item is not None and NAMESPACE in item.stash else None

    def follow_override(self, item: pytest.Item) -> None:
        """Tear the fixture ``netns`` down if this test's ``netns_topology`` is another fixture than the last test's.

        pytest keeps the value of a session-scoped fixture even if a fixture that it was built on is overridden.
        """
        if item.parent is self._parent:
            return
        self._parent = item.parent
        topology, network = (pytest_internals.definitions_of(name, item) for name in ("netns_topology", "netns"))
        if topology and network and self._topology not in (None, topology[-1]):
            pytest_internals.tear_down(network[-1], pytest_internals.request_of(item))
        self._topology = topology[-1] if topology else None

    def ask_early(self, item: pytest.Item) -> None:
        """Have the network of a netns test built before all fixtures of the test, if this process cannot go home again.

        Otherwise fixtures of a wider scope would be set up on the host's network for the first netns test, and outside
        of it for all later tests.
        """
        networks = self._session.networks
        if networks.sandbox is not None and networks.sandbox.can_return:
            return
        is_asked = "netns" in pytest_internals.fixture_names(item)
        if not is_asked and not self._is_current(item) and not networks.will_return():
            pytest_internals.prepend_fixture(item, "netns")

    def require(self) -> None:
        """Build the network of the running test, or make it the current one again, whether or not the test asks.

        If each marked test asked for the fixture ``netns`` by an argument, each test would take 0.05 ms longer.
        """
        item = self.netns_test
        if item is not None and not self._is_current(item):
            pytest_internals.request_of(item).getfixturevalue("netns")

    def _is_current(self, item: pytest.Item) -> bool:
        networks, topology = self._session.networks, item.stash.get(TOPOLOGY_IN_FORCE, None)
        network = networks.current
        return (
            network is not None
            and item.stash.get(SERVER_NAME, None) == networks.server_named(network)
            and (topology is None or topology is network.topology or topology == network.topology)
        )

    def place(self, *, inside: bool) -> Enterable | None:
        """Return the place where a fixture or the test runs; None for tests without a network.

        Args:
            inside: True for the namespace of the running test; False for the place outside of all namespaces, where
                fixtures of wider scopes run.

        Raises:
            UnknownNamespaceError: The topology, which an overridden ``netns_topology`` returned, has no such namespace.
        """
        item, networks = self.netns_test, self._session.networks
        if item is None or networks.current is None or networks.sandbox is None:
            return None
        if not inside:
            return networks.sandbox.at_rest()
        try:
            return networks.current[item.stash[NAMESPACE]]
        except UnknownNamespaceError as error:
            raise error._at(f"@pytest.mark.netns of {item.nodeid}") from None

    def refused_outside(self, fixture: str) -> AbstractContextManager[None]:
        """Return a block that refuses connections to the network's addresses from outside of it, for a wider fixture.

        Args:
            fixture: The fixture, for the error.
        """
        network = self._session.networks.current
        if network is None:
            return contextlib.nullcontext()
        from pytest_netns_mysql.run import wideconnections

        return wideconnections.refused(network, fixture)

    def namespace_id(self) -> tuple[int, int] | None:
        """Return the identity of the running test's network namespace; None for the host's network."""
        from pytest_netns_mysql.kernel.namespaces.position import identity

        item, network = self.netns_test, self._session.networks.current
        return None if item is None or network is None else identity(network[item.stash[NAMESPACE]]._descriptor)
