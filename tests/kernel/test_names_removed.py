"""Names of the topology that do not resolve, until the fault is healed."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import Network, NetworkError
from pytest_netns_mysql.topology import from_mapping
from pytest_netns_mysql.topology.file.load import load

pytestmark = [pytest.mark.as_user, pytest.mark.oldest_python]

InNetwork = Callable[..., Any]
NAMED = from_mapping(
    {
        "namespaces": {
            "red": {"address": "192.0.2.2/24", "hosts": ["red.test", "db.test"]},
            "blue": {"address": "198.51.100.2/24", "hosts": ["blue.test"]},
        }
    }
)


def resolved(network: Network) -> list[str]:
    """Return the names that a program in blue can resolve."""
    found = []
    for name in ("red.test", "db.test", "blue.test"):
        with network["blue"]:
            try:
                found += [name] if socket.gethostbyname(name) else []
            except socket.gaierror:
                continue
    return found


def test_names_are_gone_until_the_block_ends(in_network: InNetwork) -> None:
    def action(network: Network) -> list[Any]:
        with network["red"]:
            before = [Path("/etc/hosts").read_text(), Path("/etc/resolv.conf").read_text()]
        with network.without_names() as fault:
            seen = [resolved(network), fault.what]
        with network.without_names("db.test") as fault:
            seen += [resolved(network), fault.what]
        with network["red"]:
            assert [Path("/etc/hosts").read_text(), Path("/etc/resolv.conf").read_text()] == before
        return [*seen, resolved(network)]

    assert in_network(NAMED, action) == [
        [],
        "the names red.test, db.test, blue.test do not resolve",
        ["red.test", "blue.test"],
        "the name db.test does not resolve",
        ["red.test", "db.test", "blue.test"],
    ]


def test_removals_end_in_any_order_and_keep_what_a_test_added(in_network: InNetwork) -> None:
    def action(network: Network) -> list[Any]:
        first = network.without_names("red.test")
        with network["red"], Path("/etc/hosts").open("a") as file:
            file.write("192.0.2.77 own.test\n")
        second = network.without_names()
        first.heal()
        seen = [resolved(network)]
        second.heal()
        with network["red"]:
            return [*seen, resolved(network), socket.gethostbyname("own.test")]

    assert in_network(NAMED, action) == [[], ["red.test", "db.test", "blue.test"], "192.0.2.77"]


def test_an_unknown_name_is_an_error(in_network: InNetwork) -> None:
    def action(network: Network) -> str:
        with pytest.raises(NetworkError) as error:
            network.without_names("red.tset")
        return str(error.value)

    assert in_network(NAMED, action).splitlines() == [
        "the topology has no host name 'red.tset'",
        "  where: topology topology (Python)",
        "  tried: its host names are red.test, db.test, blue.test",
        "  do: write one of these names, or none for all of them: netns.without_names()",
    ]
    assert in_network(load("red-blue"), lambda network: nameless(network)) == [
        "no name can be removed: the topology has no host names",
        "  where: topology red-blue (preset red-blue)",
        '  do: give a namespace of the topology names: hosts = ["red.test"]',
    ]


def nameless(network: Network) -> list[str]:
    with pytest.raises(NetworkError) as error:
        network.without_names()
    return str(error.value).splitlines()


def test_names_of_a_network_that_is_not_active_are_refused(in_network: InNetwork) -> None:
    def action(network: Network) -> list[Any]:
        fault = network.without_names("db.test")
        second = Network(network._sandbox, NAMED)
        with pytest.raises(NetworkError) as error:
            network.without_names()
        with second.without_names():
            fault.heal()
            seen = [resolved(second)]
        return [*seen, resolved(second), str(error.value).splitlines()[0]]

    assert in_network(NAMED, action) == [
        [],
        ["red.test", "db.test", "blue.test"],
        "no name can be removed: /etc/hosts has the names of another network",
    ]
