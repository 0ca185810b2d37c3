"""Changes that a guard accepts, leaves alone, or cannot put back."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.kernel.guard.baseline import Leftovers
from pytest_netns_mysql.kernel.guard.guard import Guard
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.kernel.netlink import dumps
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
FoundAfter = Callable[..., list[str]]
Output = Callable[..., str]


def test_what_ipv6_loses_with_a_link_comes_back(found_after: FoundAfter) -> None:
    found = found_after(
        load("dual-stack"),
        ("red", "ip link set vpeer-red down"),
        ("global", "ip address del 2001:db8:2::1/64 dev veth-blue; ip -6 route add unreachable 2001:db8:9::/64"),
    )
    assert "red: link vpeer-red is down, was up" in found
    assert "red: address 2001:db8:1::2/64 dev vpeer-red is gone" in found
    assert "red: route default via 2001:db8:1::1 dev vpeer-red metric 1024 is gone" in found
    assert "global: address 2001:db8:2::1/64 dev veth-blue is gone" in found
    assert "global: route unreachable 2001:db8:9::/64 dev lo metric 1024 is new" in found


BRIDGED = from_mapping(
    {
        "bridges": {"lan": {"address": "10.0.0.1/24", "mtu": 1400}},
        "namespaces": {
            "red": {"to": "lan", "address": "10.0.0.2/24", "rate": "10mbit"},
            "blue": {"to": "lan", "address": "10.0.0.3/24", "mac": "02:00:5e:00:53:01"},
        },
    }
)


SEGMENT = from_mapping(
    {
        "bridges": {"lan": {"address": "10.0.0.1/24", "interface": "br-lan"}},
        "namespaces": {"red": {"address": "192.0.2.2/24"}, "blue": {"to": "lan", "address": "10.0.0.3/24"}},
    }
)


def test_deleted_bridges_and_shaped_links_are_made_again(found_after: FoundAfter) -> None:
    name = next(one.interface for one in BRIDGED.plan.bridges)
    interface = next(veth.inner.interface for veth in BRIDGED.plan.veths if veth.inner.namespace == "red")
    found = found_after(
        BRIDGED,
        ("global", f"ip link del {name}"),
        ("red", f"ip link del {interface}"),
        ("blue", "ip link set lo mtu 1000"),
    )
    assert f"global: link {name} is gone" in found
    assert f"red: link {interface} is gone" in found
    assert [line for line in found if line.startswith("red: qdisc tbf 1:")]
    assert "blue: link lo mtu is 1000, was 65536" in found


@pytest.mark.parametrize(
    ("interface", "new"),
    [("br-lan", "veth peer name yours"), ("veth-red", "bridge")],
)
def test_an_interface_gets_its_index_back_from_another_kind_of_interface(
    found_after: FoundAfter, interface: str, new: str
) -> None:
    take = f"index=$(ip -o link show {interface} | cut -d: -f1); ip link del {interface}"
    found = found_after(SEGMENT, ("global", f"{take}; ip link add index $index name mine type {new}"))
    assert f"global: link {interface} is gone" in found
    assert "global: link mine is new" in found


def test_links_taken_down_and_up_and_partitions_leave_nothing(
    in_network: InNetwork, looked_at: Callable[[Network], list[str]]
) -> None:
    def action(network: Network) -> tuple[Leftovers | None, list[str], list[str]]:
        guard = Guard(network)
        before = looked_at(network)
        for name in ("red", "blue"):
            network.link(name).down()
            network.link(name).up()
        with network.partition("red"):
            pass
        return guard.put_back(), before, looked_at(network)

    result, before, now = in_network(load("dual-stack"), action)
    assert result is None or result.found == ()
    assert now == before


def test_a_listener_can_be_reached_again(in_network: InNetwork) -> None:
    def action(network: Network) -> str:
        guard = Guard(network)
        with network["red"]:
            listener = socket.create_server(("192.0.2.2", 3306))
        network["red"].run(["ip", "link", "del", "vpeer-red"], check=True)
        guard.put_back()
        with listener, network["blue"], socket.create_connection(("192.0.2.2", 3306), timeout=10):
            return str(listener.accept()[1][0])

    assert in_network(load("red-blue"), action) == "198.51.100.2"


def test_what_is_accepted_stays(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> tuple[list[Leftovers | None], str, str]:
        guard = Guard(network)
        red = network["red"]
        red.run(["ip", "address", "add", "192.0.2.8/24", "dev", "vpeer-red"], check=True)
        red.run(["sysctl", "-qw", "net.ipv4.tcp_retries2=9"], check=True)
        guard.settle()
        red.run(["ip", "address", "add", "192.0.2.9/24", "dev", "vpeer-red"], check=True)
        with guard.accepting():
            red.run(["ip", "route", "add", "203.0.113.0/24", "via", "192.0.2.1"], check=True)
            red.run(["sysctl", "-qw", "net.ipv4.tcp_retries1=4"], check=True)
        red.run(["sysctl", "-qw", "net.ipv4.tcp_retries2=7"], check=True)
        results = [guard.put_back(), guard.put_back()]
        kept = output(network, "red", "sysctl", "-n", "net.ipv4.tcp_retries1", "net.ipv4.tcp_retries2")
        return results, output(network, "red", "ip", "-4", "address"), kept

    (first, second), addresses, kept = in_network(load("red-blue"), action)
    assert first.found == (
        "red: address 192.0.2.9/24 dev vpeer-red is new",
        "red: sysctl net.ipv4.tcp_retries2 is 7, was 9",
    )
    assert second is None
    assert "192.0.2.8/24" in addresses
    assert "192.0.2.9/24" not in addresses
    assert kept.split() == ["4", "9"]


def test_neighbours_set_by_hand_stay_only_where_they_are_accepted(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> tuple[Leftovers | None, str]:
        guard = Guard(network)
        neighbour = ("ip", "neigh", "replace", "dev", "vpeer-red", "lladdr")
        output(network, "red", *neighbour, "02:00:00:00:00:01", "to", "192.0.2.6", "nud", "permanent")
        output(network, "red", *neighbour, "02:00:00:00:00:01", "to", "192.0.2.7", "nud", "stale")
        guard.settle()
        with guard.accepting():
            output(network, "red", *neighbour, "02:00:00:00:00:01", "to", "192.0.2.8", "nud", "stale")
        output(network, "red", *neighbour, "02:00:00:00:00:02", "to", "192.0.2.6", "nud", "stale")
        output(network, "red", *neighbour, "02:00:00:00:00:02", "to", "192.0.2.9", "nud", "stale")
        result = guard.put_back()
        return result, output(network, "red", "ip", "neigh", "show", "nud", "permanent", "nud", "stale")

    result, shown = in_network(load("red-blue"), action)
    assert set(result.found) == {
        "red: neighbour 192.0.2.6 dev vpeer-red lladdr 02:00:00:00:00:01 PERMANENT is gone",
        "red: neighbour 192.0.2.6 dev vpeer-red lladdr 02:00:00:00:00:02 is new",
        "red: neighbour 192.0.2.9 dev vpeer-red lladdr 02:00:00:00:00:02 is new",
    }
    assert result.stays == ()
    assert sorted(line.split()[0] for line in shown.splitlines()) == ["192.0.2.6", "192.0.2.7", "192.0.2.8"]
    assert "192.0.2.6 dev vpeer-red lladdr 02:00:00:00:00:01 PERMANENT" in shown


def test_nftables_rules_are_reported_and_put_back(in_network: InNetwork, met: Callable[..., str]) -> None:
    def action(network: Network) -> tuple[Leftovers | None, str]:
        from pyroute2.nftables.main import NFTables

        guard = Guard(network)
        with network["global"], NFTables(nfgen_family=1) as nft:
            nft.table("del", name="netns-mysql")
            nft.table("add", name="mine")
        with network["db"], NFTables(nfgen_family=2) as nft:
            nft.table("add", name="mine")
            nft.chain("add", table="mine", name="in", hook="input", type="filter", priority=0, policy=0)
        result = guard.put_back()
        return result, met(network, "red", "db", "172.17.0.2", to="192.0.2.1")

    result, seen = in_network(load("nat"), action)
    assert set(result.found) == {
        "global: nftables table inet mine is new",
        "global: nftables table inet netns-mysql is gone",
        "db: nftables table ip mine is new",
    }
    assert result.stays == ()
    assert seen == "172.17.0.1"


def test_what_cannot_be_put_back_is_reported(in_network: InNetwork) -> None:
    def action(network: Network) -> Leftovers | None:
        from pyroute2.nftables.main import NFTables

        guard = Guard(network)
        with network["red"], NFTables(nfgen_family=2) as nft:
            nft.table("add", name="wider")
            guard.settle()
            nft.table("del", name="wider")
        return guard.put_back()

    result = in_network(load("red-blue"), action)
    assert result.found == result.stays == ("red: nftables table ip wider is gone",)


def wait_for_carriers(network: Network) -> None:
    """Return when the kernel has reported that the links are up, which takes a second at most."""
    deadline = time.monotonic() + 10
    for namespace in network.values():
        lines = [""]
        while not all("state UP" in line for line in lines):
            assert time.monotonic() < deadline, lines
            time.sleep(0.01)
            argv = ["ip", "-o", "link", "show", "type", "veth"]
            lines = namespace.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()


def test_a_quiet_network_is_not_read(in_network: InNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def action(network: Network) -> tuple[int, tuple[str, ...], int]:
        before = len([*Path("/proc/self/fd").iterdir()])
        wait_for_carriers(network)
        guard = Guard(network)
        guard.settle()
        readings: list[None] = []

        def read() -> dumps.Messages:
            readings.append(None)
            return []

        monkeypatch.setattr(dumps, "read", read)
        with network["red"]:
            listener = socket.create_server(("192.0.2.2", 3306))
        with listener, network["blue"]:
            socket.create_connection(("192.0.2.2", 3306), timeout=10).close()
        leftovers = guard.put_back()
        guard.close()
        found = () if leftovers is None else leftovers.found
        return len(readings), found, len([*Path("/proc/self/fd").iterdir()]) - before

    assert in_network(load("red-blue"), action) == (0, (), 0)


def test_nothing_is_restored_by_a_descriptor_of_another_network(in_network: InNetwork) -> None:
    def action(network: Network) -> tuple[str, str, list[str]]:
        guard = Guard(network)
        blue = network["blue"]
        network["red"].run(["ip", "address", "add", "203.0.113.9/24", "dev", "vpeer-red"], check=True)
        before = output_in(blue)
        os.dup2(blue._descriptor, network["red"]._descriptor)
        try:
            guard.put_back()
        except OSError as error:
            return str(error), before, [output_in(blue)]
        finally:
            guard.close()
        return "", before, []

    said, before, after = in_network(load("red-blue"), action)
    assert "the descriptor of namespace red was replaced by that of another file" in said
    assert after == [before]


def output_in(namespace: Namespace) -> str:
    result = namespace.run(["ip", "-o", "address"], check=True, capture_output=True, text=True)
    return str(result.stdout)
