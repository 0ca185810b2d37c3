"""Partitions: the two sides do not reach each other, and each side still reaches itself."""

from __future__ import annotations

import errno
import itertools
import socket
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql import Network, NetworkError, SettingError, UnknownNamespaceError
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python, pytest.mark.slow]

InNetwork = Callable[..., Any]


def unreached(network: Network, version: int = 4) -> set[str]:
    """Return the pairs, as ``red-blue``, of which the first does not reach the second by TCP."""
    found = set()
    for client, server in itertools.permutations(network, 2):
        addresses = [one for one in network[server].addresses if one.version == version and not one.is_loopback]
        if not addresses:
            continue
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        with network[server]:
            listener = socket.create_server((str(addresses[0].ip), 0), family=family)
        with listener, network[client], socket.socket(family) as caller:
            caller.settimeout(0.5)  # behind a router that is cut off, too, nobody answers
            if caller.connect_ex(listener.getsockname()[:2]) == errno.EHOSTUNREACH:
                found.add(f"{client}-{server}")
    return found


def test_one_namespace_is_cut_off_until_the_block_ends(in_network: InNetwork) -> None:
    def action(network: Network) -> list[set[str]]:
        seen = [unreached(network)]
        with network.partition("green"):
            seen.append(unreached(network))
        return [*seen, unreached(network)]

    others = ("red", "blue", "router", "global")
    cut = {f"green-{one}" for one in others} | {f"{one}-green" for one in others}
    assert in_network(load("cluster"), action) == [set(), cut, set()]


def test_namespaces_of_one_side_still_reach_each_other(in_network: InNetwork) -> None:
    def action(network: Network) -> set[str]:
        with network.partition("red", "router"):
            return unreached(network)

    pairs = itertools.product(("red", "router"), ("blue", "green", "global"))
    assert in_network(load("cluster"), action) == {f"{a}-{b}" for x, y in pairs for a, b in ((x, y), (y, x))}


def test_ipv6_is_cut_off_as_well(in_network: InNetwork) -> None:
    def action(network: Network) -> list[set[str]]:
        with network.partition("red"):
            seen = [unreached(network, 6)]
        return [*seen, unreached(network, 6)]

    cut = {"red-blue", "blue-red", "red-global", "global-red"}
    assert in_network(load("dual-stack"), action) == [cut, set()]


def test_an_open_connection_continues_after_the_partition(in_network: InNetwork) -> None:
    def action(network: Network) -> bytes:
        with network["blue"]:
            listener = socket.create_server(("198.51.100.2", 0))
        with listener, network["red"], socket.create_connection(listener.getsockname()) as caller:
            met, _ = listener.accept()
            with met:
                met.settimeout(5)
                with network.partition("red"):
                    caller.send(b"late")
                    met.settimeout(0.2)
                    with pytest.raises(TimeoutError):
                        met.recv(4)
                met.settimeout(10)
                return met.recv(4)

    assert in_network(load("red-blue"), action) == b"late"


def test_wrong_arguments_are_errors_at_once(in_network: InNetwork) -> None:
    wrong: list[dict[str, Any]] = [
        {"direction": "up"},
        {"action": "refuse"},
        {"port": 0},
        {"port": []},
        {"port": "3306"},
        {"port": True},
        {"others": "blue"},
        {"others": ["red"]},
        {"others": []},
    ]

    def action(network: Network) -> list[str]:
        found = []
        for keywords in wrong:
            with pytest.raises((NetworkError, SettingError)) as error:
                network.partition("red", **keywords)
            found.append(str(error.value).splitlines()[0])
        with pytest.raises(UnknownNamespaceError, match="there is no namespace 'blu'"):
            network.partition("red", others=["blu"])
        assert network.fault_log.in_force == []
        assert unreached(network) == set()
        return found

    assert in_network(load("red-blue"), action) == [
        "netns.partition(direction='up'): it takes one of both, in, out",
        "netns.partition(action='refuse'): it takes one of reject, drop",
        "netns.partition(port=0): it takes a port from 1 to 65535, or a list of ports",
        "netns.partition(port=[]): it takes a port from 1 to 65535, or a list of ports",
        "netns.partition(port='3306'): it takes a port from 1 to 65535, or a list of ports",
        "netns.partition(port=True): it takes a port from 1 to 65535, or a list of ports",
        "netns.partition(others='blue'): it takes a list of texts",
        "a partition cannot have red on both sides",
        "a partition of red leaves no namespace on the other side",
    ]


def test_an_impossible_partition_is_an_error(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        told = []
        for names in ((), tuple(network)):
            with pytest.raises(NetworkError) as error, network.partition(*names):
                pass
            told.append(str(error.value))
        with pytest.raises(UnknownNamespaceError, match="there is no namespace 'rad'"), network.partition("rad"):
            pass
        with network.partition("red"):
            with pytest.raises(NetworkError) as error, network.partition("blue"):
                pass
            told.append(str(error.value))
            assert "red-blue" in unreached(network)
        assert unreached(network) == set()
        return told

    none, all_of_them, twice = in_network(load("red-blue"), action)
    assert none.splitlines() == [
        "a partition needs the namespaces of one side, got no name",
        "  where: topology red-blue (preset red-blue)",
        '  do: name the namespaces of one side: netns.partition("blue")',
    ]
    assert all_of_them.startswith("a partition of global, red, blue leaves no namespace on the other side")
    assert twice.splitlines() == [
        "the network is partitioned already, by a partition of red",
        "  where: topology red-blue (preset red-blue)",
        "  do: leave its block first",
        "  do: name all namespaces of one side in one partition",
    ]


def test_the_log_says_which_line_caused_a_fault(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        with network.partition("red"), network.link("blue").down():
            return [fault.caused_at.rpartition("/")[2].partition(",")[0] for fault in network.fault_log.in_force]

    assert in_network(load("red-blue"), action) == ["test_partition.py", "test_partition.py"]


def test_a_partition_whose_routes_a_test_deleted_is_healed(in_network: InNetwork) -> None:
    def action(network: Network) -> set[str]:
        with network.partition("red"):
            for name in ("global", "red"):
                for address in ("192.0.2.1", "192.0.2.2", "198.51.100.2"):
                    network[name].run(["ip", "route", "del", "unreachable", address], check=False)
        return unreached(network)

    assert in_network(load("red-blue"), action) == set()
