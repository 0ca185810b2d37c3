"""Several networks in one sandbox, each with its own namespaces, ``global`` and host names."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.kernel.hosts import known_names
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
Met = Callable[..., str]
Output = Callable[..., str]


def test_two_networks_with_the_same_names_work_side_by_side(in_network: InNetwork, met: Met, output: Output) -> None:
    def action(first: Network) -> list[str]:
        second = Network(first._sandbox, load("nat"))
        shown = [output(second, "global", "ip", "netns", "list"), met(second, "red", "db", "172.17.0.2")]
        first._activate()
        shown += [output(first, "global", "ip", "netns", "list"), met(first, "red", "blue", "198.51.100.2")]
        return [*shown, output(first, "global", "ip", "netns", "exec", "red", "cat", "/etc/hosts")]

    of_second, translated, of_first, plain, _ = in_network(load("red-blue"), action)
    assert {line.split()[0] for line in of_second.splitlines()} == {"red", "blue", "db"}
    assert {line.split()[0] for line in of_first.splitlines()} == {"red", "blue"}
    assert (translated, plain) == ("172.17.0.1", "192.0.2.2")


def test_the_host_names_of_the_active_network_are_added_to_the_machines(in_network: InNetwork) -> None:
    def action(first: Network) -> list[str]:
        with first["global"]:
            before = Path("/etc/hosts").read_text()
        second = Network(first._sandbox, load("bridge"))
        with second["app"]:
            during = Path("/etc/hosts").read_text()
            found = socket.gethostbyname("db")
        first._activate()
        with first["red"]:
            return [before, during, found, Path("/etc/hosts").read_text()]

    before, during, found, after = in_network(load("red-blue"), action)
    assert during == "172.18.0.2 db\n172.18.0.3 app\n172.18.0.4 worker\n" + before
    assert found == "172.18.0.2"
    assert after == before


@pytest.mark.parametrize("mode", ["auto", "rootless"])
def test_ip_netns_adds_uses_and_deletes_names_of_the_active_network(
    in_network: InNetwork, output: Output, mode: str
) -> None:
    """The program ip makes /run/netns a shared mount; here /run/netns links to the active network's directory."""

    def names(network: Network) -> set[str]:
        return {line.split()[0] for line in output(network, "global", "ip", "netns", "list").splitlines()}

    def action(first: Network) -> list[Any]:
        second = Network(first._sandbox, load("nat"))
        output(second, "global", "ip", "netns", "add", "extra")
        found: list[Any] = [output(second, "red", "ip", "netns", "exec", "extra", "ip", "-brief", "link").split()[0]]
        first._activate()
        found.append(names(first))
        second._activate()
        found.append(names(second))
        output(second, "global", "ip", "netns", "delete", "extra")
        return [*found, names(second), output(second, "global", "stat", "-fc%T", "/var/run/netns/red")]

    lo, of_first, with_extra, without, kind = in_network(load("red-blue"), action, mode)
    assert lo == "lo"
    assert of_first == {"red", "blue"}
    assert with_extra == {"red", "blue", "db", "extra"}
    assert without == {"red", "blue", "db"}
    assert kind.strip() == "nsfs"


def test_known_host_names_are_those_of_the_topology_and_of_the_machine(in_network: InNetwork) -> None:
    topology = load("bridge")

    def action(network: Network) -> list[str]:
        with network["global"]:
            return known_names(topology.plan.hosts)

    found = in_network(topology, action)
    assert found[:3] == ["db", "app", "worker"]
    assert "localhost" in found
    assert len(found) == len(set(found))
