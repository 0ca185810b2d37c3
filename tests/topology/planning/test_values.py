"""What is wrong with a topology's keys and values, told by key, with what is allowed and the cure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology.file.load import from_mapping


def red(**keys: object) -> dict[str, Any]:
    """Make a topology of one namespace, with keys beside its address."""
    return {"namespaces": {"red": {"address": "192.0.2.2/24", **keys}}}


TOP_TAKES = "a topology takes namespaces, bridges, forwarding, routes, masquerade, publish, hosts, mysqld, description"
RED_TAKES = (
    "namespaces.red takes address, to, gateway, interface, mac, mtu, rate, delay, loss, outer_address, "
    "outer_interface, outer_mac, links, routes, forwarding, masquerade, publish, hosts, external"
)
WITH_A_NUMBER: dict[Any, Any] = {1: 2, **red()}
SHORTEST = 'write [namespaces] and below it red = "192.0.2.2/24"'
EITHER = "it takes an address with a prefix length, a list of them, or a table"
LISTED = "it takes an address, or a list of them"
BIND = 'write bind_address = ["127.0.0.1", "192.0.2.2/red"]'


@pytest.mark.parametrize(
    ("data", "what", "where", "remedy"),
    [
        ({}, "the topology has no namespace", "namespaces", SHORTEST),
        ({"namespaces": {}}, "the topology has no namespace", "namespaces", SHORTEST),
        ({"forwarding": True}, "the topology has no namespace", "namespaces", SHORTEST),
        ({"namespaces": ["red"]}, "namespaces = ['red']: it takes a table", "namespaces", SHORTEST),
        ({"namespaces": "red"}, "namespaces = 'red': it takes a table", "namespaces", SHORTEST),
        ({"namespaces": {"red": 1}}, f"namespaces.red = 1: {EITHER}", "namespaces.red", 'write red = "192.0.2.2/24"'),
        (
            {"namespaces": {"red": "192.0.2.2/24", "blue": ["198.51.100.2/24", 3]}},
            f"namespaces.blue = ['198.51.100.2/24', 3]: {EITHER}",
            "namespaces.blue",
            'write red = "192.0.2.2/24"',
        ),
        (
            {"namespaces": {"my.red": True}},
            f'namespaces."my.red" = True: {EITHER}',
            'namespaces."my.red"',
            'write red = "192.0.2.2/24"',
        ),
        (
            {"namespaces": {'rouge "é"': None}},
            f'namespaces."rouge \\"é\\"" = None: {EITHER}',
            'namespaces."rouge \\"é\\""',
            'write red = "192.0.2.2/24"',
        ),
        ({"namespaces": {1: "192.0.2.2/24"}}, "a namespace's name must be text, got 1", "namespaces.1", "quote it"),
        (
            {"namespaces": {"red": {"gateway": "192.0.2.1"}}},
            "a gateway needs an address on the same link",
            "namespaces.red.gateway",
            'write address = "192.0.2.2/24"',
        ),
        (
            {"namespaces": {"red": {"address": 1}}},
            "namespaces.red.address = 1: it takes an address with a prefix length, or a list of them",
            "namespaces.red.address",
            'write address = "192.0.2.2/24"',
        ),
        (
            red(gateway=["192.0.2.1", 2]),
            "namespaces.red.gateway = ['192.0.2.1', 2]: it takes an address, a list of them, or false",
            "namespaces.red.gateway",
            'write gateway = "192.0.2.1"',
        ),
        (
            red(interface=0),
            "namespaces.red.interface = 0: it takes a name",
            "namespaces.red.interface",
            'write interface = "eth0"',
        ),
        (
            red(outer_interface=False),
            "namespaces.red.outer_interface = False: it takes a name",
            "namespaces.red.outer_interface",
            'write outer_interface = "eth0"',
        ),
        (
            {**red(), "forwarding": "yes"},
            "forwarding = 'yes': it takes true or false",
            "forwarding",
            "write forwarding = true",
        ),
        ({**red(), "forwarding": 1}, "forwarding = 1: it takes true or false", "forwarding", "write forwarding = true"),
        (
            {**red(), "mysqld": "192.0.2.2/red"},
            "mysqld = '192.0.2.2/red': it takes a table",
            "mysqld",
            'write [mysqld] and below it bind_address = ["127.0.0.1", "192.0.2.2/red"]',
        ),
        (
            {**red(), "mysqld": {"bind_address": 1}},
            f"mysqld.bind_address = 1: {LISTED}",
            "mysqld.bind_address",
            BIND,
        ),
        (
            {**red(), "mysqld": {"bind_address": ["127.0.0.1", 1]}},
            f"mysqld.bind_address = ['127.0.0.1', 1]: {LISTED}",
            "mysqld.bind_address",
            BIND,
        ),
        (
            red(mtu=67),
            "namespaces.red.mtu = 67: it takes a number of bytes from 68 to 65535",
            "namespaces.red.mtu",
            "write mtu = 1400",
        ),
        (
            {**red(), "masquerade": 1},
            "masquerade = 1: it takes true, or a list of interfaces",
            "masquerade",
            'write masquerade = ["veth-red"]',
        ),
        (
            red(routes={"10.0.0.0/8": "192.0.2.1", "a b": 1}),
            'namespaces.red.routes."a b" = 1: it takes the address of a gateway',
            'namespaces.red.routes."a b"',
            'write routes = {"10.0.0.0/8" = "192.0.2.1"}',
        ),
        (
            {**red(), "hosts": {"db.test": 1}},
            'hosts."db.test" = 1: it takes an address, or a list of them',
            'hosts."db.test"',
            'write hosts = {"red.db.test" = "192.0.2.2"}',
        ),
        (
            {**red(), "mysqld": {"options": {"port": [1]}}},
            "mysqld.options.port = [1]: it takes text, a number, true or false",
            "mysqld.options.port",
            "write options = {max_connections = 5}",
        ),
        (
            {**red(), "bridges": {"lan": 1}},
            "bridges.lan = 1: it takes an address with a prefix length, or a table",
            "bridges.lan",
            'write lan = "172.18.0.1/16"',
        ),
        (
            {"namespaces": {"red": {"links": [1]}}},
            "namespaces.red.links[0] = 1: it takes an address with a prefix length, or a table",
            "namespaces.red.links[0]",
            'write "192.0.2.2/24"',
        ),
        (
            red(links=["198.51.100.2/24"]),
            "namespaces.red has links, and keys of a link besides: address",
            "namespaces.red",
            "move these keys into one of the links",
        ),
        (WITH_A_NUMBER, "a key must be text, got 1", "1", "quote it"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_by_its_key_and_what_it_takes(
    data: Mapping[str, Any], what: str, where: str, remedy: str
) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(data, source="shop.toml")
    assert str(error.value) == f"{what}\n  where: shop.toml: {where}\n  do: {remedy}"


@pytest.mark.parametrize(
    ("data", "key", "tried", "remedy"),
    [
        ({**red(), "mysql": {}}, "mysql", TOP_TAKES, "write mysqld"),
        (
            {"namespace": {"red": "192.0.2.2/24"}},
            "namespace",
            TOP_TAKES,
            "write namespaces",
        ),
        (
            {"red": "192.0.2.2/24"},
            "red",
            TOP_TAKES,
            "move it below [namespaces], if it is a namespace",
        ),
        (
            {**red(), "blue": {"address": "198.51.100.2/24"}},
            "blue",
            TOP_TAKES,
            "move it below [namespaces], if it is a namespace",
        ),
        ({**red(), "x y": 1}, '"x y"', TOP_TAKES, "remove it"),
        (
            red(gatway="192.0.2.1"),
            "namespaces.red.gatway",
            RED_TAKES,
            "write gateway",
        ),
        (
            red(colour="red"),
            "namespaces.red.colour",
            RED_TAKES,
            "remove it",
        ),
        (
            {**red(), "mysqld": {"bind-address": "*"}},
            "mysqld.bind-address",
            "mysqld takes bind_address, admin_address, mysqlx_bind_address, options, load, image, environment",
            "write bind_address",
        ),
    ],
)
def test_an_unknown_key_is_told_with_the_known_ones(data: Mapping[str, Any], key: str, tried: str, remedy: str) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(data, source="shop.toml")
    assert str(error.value) == (f"there is no key {key}\n  where: shop.toml: {key}\n  tried: {tried}\n  do: {remedy}")


@pytest.mark.parametrize("data", [[], None, "red-blue"])
def test_what_is_no_table_is_no_topology(data: Any) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(data)
    assert str(error.value) == (
        f"a topology must be a table, got {data!r}\n"
        "  where: Python\n"
        '  do: the shortest one is [namespaces] and below it red = "192.0.2.2/24"'
    )
