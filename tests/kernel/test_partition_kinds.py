"""Partitions one way, of ports or in silence: what a client sees of them."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql import Network, NetworkError, NetworkFault
from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink import filters, ruleset
from pytest_netns_mysql.kernel.netlink.dumps import open_netfilter
from pytest_netns_mysql.kernel.netlink.encoding import attribute, message, text
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER = 2, 2

InNetwork = Callable[..., Any]


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


def test_a_table_that_the_kernel_does_not_delete_is_an_error(in_network: InNetwork) -> None:
    """A table belongs to the socket that made it if it says so: nobody else can delete it."""

    def action(network: Network) -> tuple[list[str], str]:
        fault = network.partition("red", others=["blue"], port=3306, direction="in")
        with network["red"]:
            ((family, name),) = tables = ruleset.read()
            assert ruleset.delete(tables) == []
            owner = open_netfilter()
        assert owner is not None
        flags = attribute(NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER.to_bytes(4, "big"))
        body = nl.NFGENMSG.pack(family, 0, 0) + text(nl.NFTA_TABLE_NAME, name) + flags
        bounds = nl.NFGENMSG.pack(0, 0, socket.htons(nl.NFNL_SUBSYS_NFTABLES))
        kind = nl.NFNL_SUBSYS_NFTABLES << 8 | nl.NFT_MSG_NEWTABLE
        batch = [
            message(nl.NFNL_MSG_BATCH_BEGIN, nl.NLM_F_REQUEST, bounds),
            message(kind, nl.NLM_F_REQUEST | nl.NLM_F_CREATE, body),
            message(nl.NFNL_MSG_BATCH_END, nl.NLM_F_REQUEST, bounds),
        ]
        with owner:
            owner.sendto(b"".join(batch), (0, 0))
            with pytest.raises(NetworkError) as error:
                fault.heal()
            assert fault.is_in_force
        fault.heal()  # the table went with its socket
        return str(error.value).splitlines(), attempt(network, "blue", "red")

    lines, reached = in_network(load("red-blue"), action)
    assert lines == [
        "the kernel refused to delete the nftables table netns-mysql-fault-1 in red",
        "  where: topology red-blue (preset red-blue)",
        "  tried: [Errno 1] Operation not permitted",
        "  do: undo what the test changed of this table",
    ]
    assert reached == ""


def test_a_filter_that_the_kernel_refuses_leaves_nothing(in_network: InNetwork) -> None:
    def action(network: Network) -> tuple[list[str], list[object], list[str]]:
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
        return str(error.value).splitlines(), left, [attempt(network, "red", "blue"), attempt(network, "blue", "red")]

    lines, left, errors = in_network(load("red-blue"), action)
    assert lines == [
        "the kernel refused a filter of packets in blue",
        "  where: topology red-blue (preset red-blue)",
        "  tried: [Errno 17] File exists",
        "  do: load the modules on the host, as root: modprobe -a nf_tables nft_reject_inet nft_numgen",
    ]
    assert (left, errors) == ([], ["", ""])


def test_a_partition_may_have_many_rules(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        with network.partition("red", port=range(3300, 3400), direction="in"):
            return [attempt(network, "blue", "red", port) for port in (3300, 3399, 3400)]

    assert in_network(load("red-blue"), action) == ["ECONNREFUSED", "ECONNREFUSED", ""]
