"""Partitions: the two sides do not reach each other, and each side still reaches itself."""

from __future__ import annotations

import contextlib
import errno
import itertools
import socket
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql import Network, NetworkError, NetworkFault, SettingError, UnknownNamespaceError
from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink import filters, ruleset
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
            caller.settimeout(5)
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


def attempt(network: Network, client: str, server: str, port: int = 3306, timeout: float = 0.3) -> str:
    """Return the name of the error with which a connection fails, ``timeout``, or an empty string."""
    address = str(network[server].addresses[0].ip)
    with network[server]:
        listener = socket.create_server((address, port))
    with listener, network[client], socket.socket() as caller:
        caller.settimeout(timeout)
        code = caller.connect_ex((address, port))
    return {0: "", errno.EAGAIN: "timeout"}.get(code) or errno.errorcode.get(code, "")


@pytest.mark.parametrize(
    ("keywords", "outwards", "inwards", "what"),
    [
        ({}, "EHOSTUNREACH", "EHOSTUNREACH", "red is partitioned from global, blue (reject, both ways)"),
        (
            {"direction": "out"},
            *("EHOSTUNREACH", "timeout"),
            "red is partitioned from global, blue (reject, out of red only)",
        ),
        (
            {"direction": "in"},
            "timeout",
            "EHOSTUNREACH",
            "red is partitioned from global, blue (reject, into red only)",
        ),
        ({"action": "drop"}, "timeout", "timeout", "red is partitioned from global, blue (drop, both ways)"),
        (
            {"action": "drop", "direction": "in"},
            *("timeout", "timeout"),
            "red is partitioned from global, blue (drop, into red only)",
        ),
        ({"port": 3306}, "ECONNREFUSED", "ECONNREFUSED", "port 3306 between red and global, blue is rejected"),
        ({"port": 3306, "direction": "in"}, "", "ECONNREFUSED", "port 3306 from global, blue into red is rejected"),
        (
            {"port": [33060, 3306], "direction": "out", "action": "drop"},
            *("timeout", ""),
            "ports 33060, 3306 out of red into global, blue are dropped",
        ),
        ({"others": ["global"]}, "", "", "red is partitioned from global (reject, both ways)"),
        ({"port": 33062}, "", "", "port 33062 between red and global, blue is rejected"),
    ],
)
def test_a_partition_stops_what_it_says(
    in_network: InNetwork, keywords: dict[str, Any], outwards: str, inwards: str, what: str
) -> None:
    def action(network: Network) -> list[str]:
        with network.partition("red", **keywords) as fault:
            seen = [attempt(network, "red", "blue"), attempt(network, "blue", "red"), fault.what]
        return [*seen, attempt(network, "red", "blue", timeout=5), attempt(network, "blue", "red", timeout=5)]

    assert in_network(load("red-blue"), action) == [outwards, inwards, what, "", ""]


@pytest.mark.parametrize(
    ("side", "keywords", "seen"),
    [
        ("red", {"direction": "out", "action": "drop"}, errno.EAGAIN),
        ("red", {"direction": "in", "action": "drop"}, errno.EAGAIN),
        ("red", {"port": 3306}, errno.ECONNREFUSED),
        ("db", {"port": 3306, "direction": "in"}, errno.ECONNREFUSED),
        ("db", {"port": 3306, "direction": "out"}, 0),
        ("red", {}, errno.EHOSTUNREACH),
    ],
)
def test_translated_addresses_are_stopped(
    in_network: InNetwork, side: str, keywords: dict[str, Any], seen: int
) -> None:
    """The server sees the address of the router, and the client connects to a published port of the router."""

    def action(network: Network) -> list[int]:
        published = str(network["global"].addresses[-3].ip)
        found = []
        with network["db"]:
            listener = socket.create_server((str(network["db"].addresses[0].ip), 3306))
        with listener:
            for fault in (network.partition(side, **keywords), contextlib.nullcontext()):
                with fault, network["red"], socket.socket() as caller:
                    caller.settimeout(0.3 if isinstance(fault, NetworkFault) else 5)
                    found.append(caller.connect_ex((published, 3306)))
        return found

    assert in_network(load("nat"), action) == [seen, 0]


def test_ipv6_is_stopped_by_rules_as_well(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        assert network["red"].addresses[0].version == network["blue"].addresses[0].version == 6
        found = []
        for keywords in ({"port": 3306}, {"action": "drop"}):
            with network.partition("red", **keywords):
                found.append(attempt_ipv6(network))
        return [*found, attempt_ipv6(network, timeout=5)]

    assert in_network(load("dual-stack"), action) == ["ECONNREFUSED", "EAGAIN", "0"]


def attempt_ipv6(network: Network, timeout: float = 0.3) -> str:
    address = (str(network["blue"].addresses[0].ip), 3306)
    with network["blue"]:
        listener = socket.create_server(address, family=socket.AF_INET6)
    with listener, network["red"], socket.socket(socket.AF_INET6) as caller:
        caller.settimeout(timeout)
        code = caller.connect_ex(address)
    return errno.errorcode.get(code, "0")


def test_what_is_sent_the_other_way_arrives(in_network: InNetwork) -> None:
    def action(network: Network) -> bytes:
        with network["blue"]:
            receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            receiver.bind(("198.51.100.2", 5000))
            receiver.settimeout(5)
        with receiver, network.partition("red", direction="in", action="drop"), network["red"]:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"out of red", ("198.51.100.2", 5000))
            return receiver.recv(100)

    assert in_network(load("red-blue"), action) == b"out of red"


def test_an_open_connection_is_reset_at_a_port_that_rejects(in_network: InNetwork) -> None:
    def action(network: Network) -> str:
        with network["blue"]:
            listener = socket.create_server(("198.51.100.2", 3306))
        with listener, network["red"], socket.create_connection(listener.getsockname()) as caller:
            met, _ = listener.accept()
            with met, network.partition("blue", direction="in", port=3306):
                caller.settimeout(5)
                caller.send(b"late")
                with pytest.raises(ConnectionResetError) as error:
                    caller.recv(1)
                return str(error.value)

    assert in_network(load("red-blue"), action) == "[Errno 104] Connection reset by peer"


def test_several_partitions_end_in_any_order(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        first = network.partition("red", port=3306, direction="in")
        second = network.partition("red", port=3306, direction="in", action="drop")
        third = network.partition("blue", others=["global"])
        seen = [attempt(network, "blue", "red")]
        first.heal()
        seen.append(attempt(network, "blue", "red"))
        second.heal()
        seen.append(attempt(network, "blue", "red"))
        third.heal()
        third.heal()
        return [*seen, repr(first), *(fault.what for fault in network.fault_log.in_force)]

    reject_or_drop, dropped, reached, shown = in_network(load("red-blue"), action)
    assert reject_or_drop in ("ECONNREFUSED", "timeout")
    assert (dropped, reached) == ("timeout", "")
    assert shown == "<NetworkFault: port 3306 from global, blue into red is rejected, healed>"


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


def test_a_filter_that_the_kernel_refuses_leaves_nothing(in_network: InNetwork) -> None:
    def action(network: Network) -> tuple[list[str], list[object], set[str]]:
        with network["blue"]:
            filters.add_filter("netns-mysql-fault-2", nl.NF_INET_LOCAL_IN, [filters.drop()])
            before = ruleset.read()
        with pytest.raises(NetworkError) as error:
            network.partition("red", others=["blue"], port=3306)
        left: list[object] = list(network.fault_log.in_force)
        with network["red"]:
            left += ruleset.read()
        with network["blue"]:
            assert ruleset.read() == before
            ruleset.delete(before)
        return str(error.value).splitlines(), left, unreached(network)

    lines, left, cut = in_network(load("red-blue"), action)
    assert lines == [
        "the kernel refused a filter of packets in blue",
        "  where: topology red-blue (preset red-blue)",
        "  tried: [Errno 17] File exists",
        "  do: load the modules on the host, as root: modprobe nf_tables nft_reject_inet nft_numgen",
    ]
    assert (left, cut) == ([], set())


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


def test_a_partition_may_have_many_rules(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        with network.partition("red", port=range(3300, 3400), direction="in"):
            return [attempt(network, "blue", "red", port) for port in (3300, 3399, 3400)]

    assert in_network(load("red-blue"), action) == ["ECONNREFUSED", "ECONNREFUSED", ""]
