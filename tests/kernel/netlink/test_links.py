"""Links that are taken down and up, and which one is meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql.errors import NetworkError, UnknownNamespaceError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

InNetwork = Callable[..., Any]
Met = Callable[..., str]
Output = Callable[..., str]


def test_a_link_goes_down_and_up_by_its_other_end(in_network: InNetwork, met: Met, output: Output) -> None:
    def action(network: Network) -> list[str]:
        network.link("red").down()
        shown = [output(network, "global", "ip", "link", "show", "veth-red"), output(network, "red", "ip", "route")]
        network.link("red").up()
        return [*shown, met(network, "blue", "red", "192.0.2.2")]

    outer, routes, origin_again = in_network(load("red-blue"), action)
    assert "state DOWN" in outer
    assert routes.startswith("default via 192.0.2.1 dev vpeer-red")  # the inner end's would be gone
    assert origin_again == "198.51.100.2"


def test_one_of_several_links_is_named_by_where_it_leads(in_network: InNetwork, output: Output) -> None:
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
        assert "green" not in network
        with pytest.raises(UnknownNamespaceError, match="there is no namespace 'green'"):
            network.link("green")
        return (output(network, "blue", "ip", "-brief", "link"), *told)

    links, unknown, none = in_network(topology, action)
    assert "veth-red-1" in links
    assert [line.split()[1] for line in links.splitlines() if line.startswith("veth")] == ["DOWN"]
    assert unknown == (
        "namespace red has no link to green\n  where: topology topology (Python)\n"
        "  tried: its links lead to global, blue\n"
        "  do: name the namespace at the other side: a link belongs to the side whose topology entry has it"
    )
    assert none.startswith("namespace blue has no link of its own\n")
    assert "  tried: its links lead to nothing\n" in none


def test_a_link_that_was_deleted_is_told(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> str:
        output(network, "global", "ip", "link", "delete", "veth-red")
        with pytest.raises(NetworkError) as error:
            network.link("red").down()
        return str(error.value)

    what, where, _, cure = in_network(load("red-blue"), action).splitlines()
    assert what == "the link of red has been deleted: global has no interface veth-red"
    assert where == "  where: topology red-blue (preset red-blue)"
    assert cure == "  do: take links down with down(), and do not delete their interfaces"


def test_going_down_twice_is_going_down(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> str:
        for _ in range(2):
            network.link("red").down()
        return output(network, "global", "ip", "-brief", "link", "show", "veth-red")

    assert "DOWN" in in_network(load("red-blue"), action)
