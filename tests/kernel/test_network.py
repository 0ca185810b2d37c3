"""Networks of every kind, made real: what the kernel shows of them, and who meets whom as whom."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import NetworkError, UnknownNamespaceError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.origin import origin
from pytest_netns_mysql.kernel.sandbox import Sandbox
from pytest_netns_mysql.topology import Topology, from_mapping, load

InNetwork = Callable[[Topology, Callable[[Network], Any]], Any]


def output(network: Network, name: str, *argv: str) -> str:
    return str(network[name].run(argv, capture_output=True, text=True, check=True).stdout)


def met(network: Network, client: str, server: str, address: str, port: int = 3306, to: str | None = None) -> str:
    """Return the address that a server at ``address`` sees a client come from, by way of ``to`` where that differs."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with network[server]:
        listener = socket.create_server((address, port), family=family)
    with listener, network[client], socket.create_connection((to or address, port), timeout=5):
        found: str = listener.accept()[1][0]
        return found


def test_red_and_blue_show_what_the_manual_shows(in_network: InNetwork) -> None:
    def action(network: Network) -> tuple[str, str, str]:
        return (
            output(network, "red", "ip", "route"),
            output(network, "global", "ip", "-brief", "address"),
            output(network, "global", "ip", "netns", "list"),
        )

    route, addresses, names = in_network(load("red-blue"), action)
    assert [line.split() for line in route.splitlines()] == [
        ["default", "via", "192.0.2.1", "dev", "vpeer-red"],
        ["192.0.2.0/24", "dev", "vpeer-red", "proto", "kernel", "scope", "link", "src", "192.0.2.2"],
    ]
    assert addresses.split()[:3] == ["lo", "UNKNOWN", "127.0.0.1/8"]
    assert "veth-blue" in addresses
    assert {line.split()[0] for line in names.splitlines()} == {"red", "blue"}


@pytest.mark.parametrize(
    ("preset", "client", "server", "address", "seen"),
    [
        ("red-blue", "red", "blue", "198.51.100.2", "192.0.2.2"),
        ("dual-stack", "red", "blue", "2001:db8:2::2", "2001:db8:1::2"),
        ("dual-stack", "red", "blue", "198.51.100.2", "192.0.2.2"),
        ("nat", "red", "db", "172.17.0.2", "172.17.0.1"),
        ("nat", "blue", "db", "172.17.0.2", "172.17.0.1"),
        ("nat", "global", "db", "172.17.0.2", "172.17.0.1"),
        ("cluster", "red", "green", "203.0.113.2", "192.0.2.2"),
        ("cluster", "global", "green", "203.0.113.2", "10.0.0.1"),
        ("bridge", "app", "db", "172.18.0.2", "172.18.0.3"),
    ],
)
def test_a_server_sees_the_origin(
    in_network: InNetwork, preset: str, client: str, server: str, address: str, seen: str
) -> None:
    def action(network: Network) -> tuple[str, str]:
        return met(network, client, server, address), origin(network, client, Endpoint(address, server))

    assert in_network(load(preset), action) == (seen, seen)


@pytest.mark.parametrize("client", ["red", "blue", "global"])
def test_a_published_port_leads_to_what_is_behind_it(in_network: InNetwork, client: str) -> None:
    def action(network: Network) -> tuple[str, str]:
        seen = met(network, client, "db", "172.17.0.2", to="192.0.2.1")
        return seen, origin(network, client, Endpoint("192.0.2.1"))

    assert in_network(load("nat"), action) == ("172.17.0.1", "172.17.0.1")


def test_ipv6_is_translated_and_published_too(in_network: InNetwork) -> None:
    topology = from_mapping(
        {
            "masquerade": True,
            "publish": {"[2001:db8:1::1]:3306": "[2001:db8:2::2]:3306"},
            "namespaces": {"red": "2001:db8:1::2/64", "blue": "2001:db8:2::2/64"},
        }
    )

    def action(network: Network) -> tuple[str, str]:
        direct = met(network, "red", "blue", "2001:db8:2::2")
        return direct, met(network, "red", "blue", "2001:db8:2::2", to="2001:db8:1::1")

    assert in_network(topology, action) == ("2001:db8:2::1", "2001:db8:2::1")


def test_without_forwarding_nobody_gets_across(in_network: InNetwork) -> None:
    def action(network: Network) -> str:
        with network["blue"]:
            socket.create_server(("198.51.100.2", 3306))
        with network["red"], pytest.raises(OSError, match=r"timed out|No route") as failure:
            socket.create_connection(("198.51.100.2", 3306), timeout=0.3)
        return str(failure.value)

    assert in_network(load("isolated"), action)


def test_every_address_can_be_bound_at_once(in_network: InNetwork) -> None:
    def action(network: Network) -> int:
        bound = 0
        for namespace in network.values():
            for address in namespace.addresses:
                family = socket.AF_INET if address.version == 4 else socket.AF_INET6
                with namespace, socket.create_server((str(address.ip), 3306), family=family):
                    bound += 1
        return bound

    topology = load("dual-stack")
    assert in_network(topology, action) == sum(len(own) for own in topology.addresses.values()) == 4 + 2 + 4 + 4


def test_mac_mtu_and_names_are_as_written(in_network: InNetwork) -> None:
    keys = {"interface": "eth0", "mac": "02:00:5e:00:53:01", "mtu": 1400, "outer_interface": "to-red"}
    topology = from_mapping(
        {
            "namespaces": {"red": {"address": "192.0.2.2/24", "outer_mac": "02:00:5e:00:53:02", **keys}},
            "bridges": {"lan": {"interface": "br0", "mtu": 1300, "address": "10.0.0.1/24"}},
        }
    )

    def action(network: Network) -> tuple[str, str]:
        return output(network, "red", "ip", "link", "show", "eth0"), output(network, "global", "ip", "-d", "link")

    inner, outer = in_network(topology, action)
    assert "mtu 1400" in inner
    assert "link/ether 02:00:5e:00:53:01" in inner
    assert "to-red@" in outer
    assert "02:00:5e:00:53:02" in outer
    assert "br0" in outer
    assert "stp_state 0" in outer


def test_joined_bridges_are_one_segment(in_network: InNetwork) -> None:
    topology = from_mapping(
        {
            "namespaces": {
                "red": {"to": "lan", "address": "10.0.0.2/24"},
                "blue": {"to": "wan", "address": "10.0.0.3/24"},
                "hub": {},
            },
            "bridges": {"lan": {}, "wan": {"namespace": "hub", "to": "lan"}},
        }
    )
    assert in_network(topology, lambda network: met(network, "red", "blue", "10.0.0.3")) == "10.0.0.2"


def test_the_same_address_in_two_namespaces_is_two_places(in_network: InNetwork) -> None:
    topology = from_mapping(
        {"namespaces": {"red": "192.0.2.2/24", "blue": {"to": "green", "address": "192.0.2.2/24"}, "green": {}}}
    )

    def action(network: Network) -> list[str]:
        found = []
        for name, client in (("red", "global"), ("blue", "green")):
            found.append(met(network, client, name, "192.0.2.2"))
        return found

    assert in_network(topology, action) == ["192.0.2.1", "192.0.2.1"]


def test_a_rate_slows_what_leaves(in_network: InNetwork) -> None:
    topology = from_mapping({"namespaces": {"red": {"address": "192.0.2.2/24", "rate": "8mbit"}}})

    def action(network: Network) -> tuple[float, str]:
        with network["global"]:
            listener = socket.create_server(("192.0.2.1", 3306))
        with network["red"]:
            sender = socket.create_connection(("192.0.2.1", 3306), timeout=5)
        receiver = listener.accept()[0]
        begin, left = time.monotonic(), 400_000
        if os.fork() == 0:
            sender.sendall(b"x" * left)
            os._exit(0)
        while left:
            left -= len(receiver.recv(65536))
        return time.monotonic() - begin, output(network, "red", "tc", "qdisc", "show", "dev", "vpeer-red")

    took, shown = in_network(topology, action)
    assert shown.startswith("qdisc tbf 1: root")
    assert "rate 8Mbit" in shown
    assert took > 0.2  # 0.4 s at 8 Mbit/s, less what the bucket holds; without it a hundredth of a second


def test_a_delay_is_had_or_told_with_the_module_that_is_missing(in_network: InNetwork) -> None:
    topology = from_mapping({"namespaces": {"red": {"address": "192.0.2.2/24", "delay": "50ms", "loss": "0.001%"}}})

    def attempt() -> str:
        try:
            network = Network(Sandbox.create("auto"), topology)
        except NetworkError as error:
            return str(error)
        return output(network, "red", "tc", "qdisc", "show", "dev", "vpeer-red")

    found = in_network(load("red-blue"), lambda _: attempt())
    if not found.startswith("this kernel has no"):
        assert "delay 50ms" in found
    else:
        assert found == (
            "this kernel has no sch_netem, which vpeer-red of red needs for its delay or loss\n"
            "  where: topology topology (Python)\n"
            "  tried: tc qdisc add dev vpeer-red netem: (2, 'No such file or directory')\n"
            "  do: load it on the host, as root: modprobe sch_netem\n"
            "  do: leave delay or loss out"
        )


def test_what_the_kernel_refuses_is_named(in_network: InNetwork) -> None:
    topology = from_mapping({"namespaces": {"red": "192.0.2.2/24"}}, source="shop.toml")
    object.__setattr__(topology.plan.veths[0].outer, "interface", "lo")  # what no valid topology says

    def attempt() -> str:
        with pytest.raises(NetworkError) as error:
            Network(Sandbox.create("auto"), topology)
        return str(error.value)

    assert in_network(load("red-blue"), lambda _: attempt()) == (
        "the kernel refused the veth pair vpeer-red of red and lo of global, in global\n"
        "  where: topology topology (shop.toml)\n"
        "  tried: [Errno 17] File exists\n"
        "  do: run `netns-mysql doctor`: it probes namespaces, veth and routes one by one"
    )


# ---- links


def test_a_link_goes_down_and_up_by_its_other_end(in_network: InNetwork) -> None:
    def action(network: Network) -> list[str]:
        network.link("red").down()
        shown = [output(network, "global", "ip", "link", "show", "veth-red"), output(network, "red", "ip", "route")]
        network.link("red").up()
        return [*shown, met(network, "blue", "red", "192.0.2.2")]

    outer, routes, origin_again = in_network(load("red-blue"), action)
    assert "state DOWN" in outer
    assert routes.startswith("default via 192.0.2.1 dev vpeer-red")  # the inner end's would be gone
    assert origin_again == "198.51.100.2"


def test_one_of_several_links_is_named_by_where_it_leads(in_network: InNetwork) -> None:
    topology = from_mapping(
        {"namespaces": {"red": {"links": ["192.0.2.2/24", {"to": "blue", "address": "10.0.0.2/24"}]}, "blue": {}}}
    )

    def action(network: Network) -> tuple[str, ...]:
        network.link("red", "blue").down()
        told = []
        for name, to in (("red", "green"), ("blue", None)):
            with pytest.raises(NetworkError) as error:
                network.link(name, to)
            told.append(str(error.value))
        with pytest.raises(UnknownNamespaceError, match="there is no namespace 'green'"):
            network.link("green")
        return (output(network, "blue", "ip", "-brief", "link"), *told)

    links, unknown, none = in_network(topology, action)
    assert "veth-red-1" in links
    assert [line.split()[1] for line in links.splitlines() if line.startswith("veth")] == ["DOWN"]
    assert unknown == (
        "namespace red has no link to green\n  where: topology topology (Python)\n"
        "  tried: its links lead to global, blue\n"
        "  do: take the link down from the namespace at its other side, whose topology entry has it"
    )
    assert none.startswith("namespace blue has no link of its own\n")
    assert "  tried: its links lead to nothing\n" in none


# ---- several networks in one sandbox


def test_several_networks_of_the_same_names_live_side_by_side(in_network: InNetwork) -> None:
    def action(first: Network) -> list[str]:
        second = Network(first.sandbox, load("nat"))
        shown = [output(second, "global", "ip", "netns", "list"), met(second, "red", "db", "172.17.0.2")]
        first.activate()
        shown += [output(first, "global", "ip", "netns", "list"), met(first, "red", "blue", "198.51.100.2")]
        return [*shown, output(first, "global", "ip", "netns", "exec", "red", "cat", "/etc/hosts")]

    of_second, translated, of_first, plain, _ = in_network(load("red-blue"), action)
    assert {line.split()[0] for line in of_second.splitlines()} == {"red", "blue", "db"}
    assert {line.split()[0] for line in of_first.splitlines()} == {"red", "blue"}
    assert (translated, plain) == ("172.17.0.1", "192.0.2.2")


def test_host_names_stand_beside_the_machines_own_and_go_with_their_network(in_network: InNetwork) -> None:
    def action(first: Network) -> list[str]:
        with first["global"]:
            before = Path("/etc/hosts").read_text()
        second = Network(first.sandbox, load("bridge"))
        with second["app"]:
            during = Path("/etc/hosts").read_text()
            found = socket.gethostbyname("db")
        first.activate()
        with first["red"]:
            return [before, during, found, Path("/etc/hosts").read_text()]

    before, during, found, after = in_network(load("red-blue"), action)
    assert during == "172.18.0.2 db\n172.18.0.3 app\n172.18.0.4 worker\n" + before
    assert found == "172.18.0.2"
    assert after == before


def test_three_hundred_namespaces_are_built(in_network: InNetwork) -> None:
    names = {f"n{number}": f"10.{number // 256}.{number % 256}.2/24" for number in range(300)}
    seen = in_network(from_mapping({"namespaces": names}), lambda network: met(network, "n0", "n299", "10.1.43.2"))
    assert seen == "10.0.0.2"
