"""Links that are taken down and up, and how a namespace with several links names one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_netns_mysql.errors import NetworkError, UnknownNamespaceError
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
Met = Callable[..., str]
Output = Callable[..., str]


def test_a_link_goes_down_and_up_and_keeps_the_routes(in_network: InNetwork, met: Met, output: Output) -> None:
    def action(network: Network) -> list[str]:
        network.link("red").down()
        shown = [output(network, "global", "ip", "link", "show", "veth-red"), output(network, "red", "ip", "route")]
        network.link("red").up()
        return [*shown, met(network, "blue", "red", "192.0.2.2")]

    outer, routes, origin_again = in_network(load("red-blue"), action)
    assert "state DOWN" in outer
    assert routes.startswith("default via 192.0.2.1 dev vpeer-red")  # taking the inner end down would remove it
    assert origin_again == "198.51.100.2"


def test_a_link_is_named_by_the_side_that_it_leads_to(in_network: InNetwork, output: Output) -> None:
    topology = from_mapping(
        {"namespaces": {"red": {"links": ["192.0.2.2/24", {"to": "blue", "address": "10.0.0.2/24"}]}, "blue": {}}}
    )

    def action(network: Network) -> tuple[str, ...]:
        network.link("red", "blue").down()
        errors = []
        for name, to in (("red", "green"), ("blue", None)):
            with pytest.raises(NetworkError) as error:
                network.link(name, to)
            errors.append(str(error.value))
        assert "green" not in network
        with pytest.raises(UnknownNamespaceError, match="there is no namespace 'green'"):
            network.link("green")
        return (output(network, "blue", "ip", "-brief", "link"), *errors)

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


def test_a_deleted_link_raises_an_error(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> str:
        output(network, "global", "ip", "link", "delete", "veth-red")
        with pytest.raises(NetworkError) as error:
            network.link("red").down()
        return str(error.value)

    what, where, _, cure = in_network(load("red-blue"), action).splitlines()
    assert what == "the link of red has been deleted: global has no interface veth-red"
    assert where == "  where: topology red-blue (preset red-blue)"
    assert cure == "  do: take links down with down(), and do not delete their interfaces"


def test_a_link_that_is_down_can_be_taken_down_again(in_network: InNetwork, output: Output) -> None:
    def action(network: Network) -> str:
        for _ in range(2):
            network.link("red").down()
        return output(network, "global", "ip", "-brief", "link", "show", "veth-red")

    assert "DOWN" in in_network(load("red-blue"), action)
