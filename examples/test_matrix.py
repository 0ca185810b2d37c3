"""One suite over several networks: what the server sees is another in each.

$ pytest examples --netns-topology=red-blue,dual-stack,nat
"""

from __future__ import annotations

import pytest

from pytest_netns_mysql import ConnectFactory, NamespaceConnection, Network, Topology

ORIGIN_OF_RED = {
    "red-blue": "192.0.2.2",  # red's own address
    "dual-stack": "2001:db8:1::2",  # clients prefer IPv6
    "isolated": "192.0.2.2",
    "nat": "172.17.0.1",  # the gateway of Docker's bridge, whoever connects
    "cluster": "192.0.2.2",  # by way of a router, which changes nothing
}


@pytest.mark.netns("red")
def test_the_origin_depends_on_the_network(netns_mysql: NamespaceConnection, netns_topology: Topology) -> None:
    """The server that a client of red finds is in red, behind a bridge, or behind a router."""
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        row = cursor.fetchone()
    print(f"{netns_topology.name}: {row}")
    expected = ORIGIN_OF_RED.get(netns_topology.name, netns_topology.addresses["red"][0].ip)
    assert row == (f"red_user@{expected}",)


@pytest.mark.netns("blue")
def test_behind_nat_all_origins_are_one(netns_connect: ConnectFactory, netns_topology: Topology) -> None:
    """A grant to red's address is a grant to blue as well, where a gateway stands between."""
    origins = set()
    for name in ("red", "blue"):
        with netns_connect(name).cursor() as cursor:
            cursor.execute("SELECT SUBSTRING_INDEX(USER(), '@', -1)")
            origins |= {row[0] for row in cursor.fetchall()}
    print(f"{netns_topology.name}: {sorted(origins)}")
    assert len(origins) == (1 if netns_topology.plan.has_nat else 2)


@pytest.mark.netns("red", "green", topology="cluster")
def test_of_one_network_alone(netns_mysql: NamespaceConnection, netns: Network) -> None:
    """A marker may choose the network itself, whatever the run has."""
    assert netns.here is not None
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        row = cursor.fetchone()
    print(f"from {netns.here.name}, behind a router: {row}")
    assert row == (f"{netns.here.name}_user@{netns.here.address}",)
