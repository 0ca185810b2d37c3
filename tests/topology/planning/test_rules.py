"""Routes, address translation, host names, existing namespaces and endpoints that cannot be, each with its cure."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_netns_mysql.errors import EndpointError, TopologyError
from pytest_netns_mysql.topology.file.load import from_mapping

RED = {"red": "192.0.2.2/24"}


def told(data: dict[str, Any]) -> str:
    with pytest.raises((TopologyError, EndpointError)) as error:
        from_mapping(data, source="shop.toml")
    return str(error.value)


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "route to nowhere": (
        {"namespaces": RED, "routes": {"10.0.0.1/8": "192.0.2.2"}},
        "'10.0.0.1/8' cannot be the destination of a route: 10.0.0.1/8 has host bits set\n"
        '  where: shop.toml: routes."10.0.0.1/8"\n  do: write default, or a CIDR as 10.0.0.0/8',
    ),
    "route by no address": (
        {"namespaces": RED, "routes": {"10.0.0.0/8": "red"}},
        "the gateway 'red' is not an IP address\n"
        '  where: shop.toml: routes."10.0.0.0/8"\n  do: write it as 192.0.2.1',
    ),
    "route of two families": (
        {"namespaces": RED, "routes": {"2001:db8::/32": "192.0.2.2"}},
        "the route to 2001:db8::/32 has a gateway of the other family, 192.0.2.2\n"
        '  where: shop.toml: routes."2001:db8::/32"\n  do: write a gateway of the same family',
    ),
    "route by a far gateway": (
        {"namespaces": RED, "routes": {"10.0.0.0/8": "198.51.100.2"}},
        "the gateway 198.51.100.2 is in no subnet of global\n"
        '  where: shop.toml: routes."10.0.0.0/8"\n  do: write an address in 192.0.2.0/24',
    ),
    "route by a gateway nobody has": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "routes": {"10.0.0.0/8": "192.0.2.9"}}}},
        "no namespace has the gateway's address 192.0.2.9\n"
        '  where: shop.toml: namespaces.red.routes."10.0.0.0/8"\n  do: write an address of a neighbour',
    ),
    "masquerade at an unknown interface": (
        {"namespaces": RED, "masquerade": ["eth0"]},
        "global has no interface 'eth0' to masquerade at\n"
        "  where: shop.toml: masquerade\n  do: write one of veth-red, or true for all",
    ),
    "masquerade without forwarding": (
        {"namespaces": RED, "forwarding": False, "masquerade": True},
        "global has masquerade, but does not forward\n  where: shop.toml: masquerade\n  do: write forwarding = true",
    ),
    "publish no port": (
        {"namespaces": RED, "publish": {"mysql": "192.0.2.2:3306"}},
        "'mysql' is neither a port nor an address with a port\n"
        "  where: shop.toml: publish.mysql\n  do: write it as 172.17.0.2:3306 or [2001:db8::2]:3306",
    ),
    "publish nothing behind": (
        {"namespaces": RED, "publish": {"3306": "192.0.2.2"}},
        "'192.0.2.2' is not an address with a port\n"
        "  where: shop.toml: publish.3306\n  do: write it as 172.17.0.2:3306 or [2001:db8::2]:3306",
    ),
    "publish at an address that is not there": (
        {"namespaces": RED, "publish": {"192.0.2.9:3306": "192.0.2.2:3306"}},
        "global has no address 192.0.2.9 to publish 192.0.2.2 at\n"
        '  where: shop.toml: publish."192.0.2.9:3306"\n  do: write one of 192.0.2.1, of the same family',
    ),
    "publish what nobody has": (
        {"namespaces": RED, "publish": {"3306": "192.0.2.9:3306"}},
        "no namespace has the address 192.0.2.9\n"
        "  where: shop.toml: publish.3306\n  do: write an address of the topology",
    ),
    "publish at the loopback of IPv6": (
        {"namespaces": {"red": "2001:db8::2/64"}, "publish": {"[::1]:3306": "[2001:db8::2]:3306"}},
        "global has no address ::1 to publish 2001:db8::2 at\n"
        '  where: shop.toml: publish."[::1]:3306"\n  do: write one of 2001:db8::1, of the same family',
    ),
    "publish at the loopback, without another origin": (
        {"namespaces": RED, "publish": {"127.0.0.1:3307": "192.0.2.2:3306"}},
        "port 3307 is published at 127.0.0.1, and connections by it would come from there\n"
        '  where: shop.toml: publish\n  do: write masquerade = ["veth-red"]',
    ),
    "publish without forwarding": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "publish": {"3306": "192.0.2.1:3306"}}}},
        "red has publish, but does not forward\n"
        "  where: shop.toml: namespaces.red.publish\n  do: write namespaces.red.forwarding = true",
    ),
    "host name": (
        {"namespaces": RED, "hosts": {"red db": "192.0.2.2"}},
        "'red db' is not a valid host name\n  where: shop.toml: hosts.\"red db\"\n  do: write it as red.db.test",
    ),
    "host name twice": (
        {"namespaces": {"red": {"address": "192.0.2.2/24", "hosts": "DB"}}, "hosts": {"db": "192.0.2.1"}},
        "the host name DB is given twice\n"
        "  where: shop.toml: hosts.db and namespaces.red.hosts\n  do: keep one of them",
    ),
    "host name of no address": (
        {"namespaces": {"red": {"hosts": "db"}}},
        "red has no address for the host name db\n  where: shop.toml: namespaces.red.hosts\n  do: give red an address",
    ),
    "host name for no address": (
        {"namespaces": RED, "hosts": {"db": "192.0.2.2/24"}},
        "'192.0.2.2/24' is not an IP address\n"
        "  where: shop.toml: hosts.db\n  do: write it as 192.0.2.2, without a prefix length",
    ),
    "external with more": (
        {"namespaces": {"red": {"external": "red", "address": "192.0.2.2/24", "forwarding": True}}},
        "red is an external namespace, which is never changed: it cannot have links, forwarding\n"
        "  where: shop.toml: namespaces.red\n  do: remove these keys, or remove external to have a namespace created",
    ),
    "external nothing": (
        {"namespaces": {"red": {"external": ""}}},
        "'' cannot be an existing namespace\n"
        "  where: shop.toml: namespaces.red.external\n  do: write a name under /run/netns, a path, or a pid",
    ),
    "link to an external one": (
        {"namespaces": {"red": {"external": 1}, "blue": {"to": "red", "address": "192.0.2.2/24"}}},
        "there is no namespace or bridge 'red'\n"
        "  where: shop.toml: namespaces.blue.to\n  tried: the topology has global\n"
        "  do: write one of these names, or add it",
    ),
    "admin_address": (
        {"namespaces": RED, "mysqld": {"admin_address": "192.0.2.2/red,127.0.0.1"}},
        "admin_address = '192.0.2.2/red,127.0.0.1': it takes a single address, got 2\n"
        "  where: shop.toml: mysqld.admin_address\n  do: keep one of 192.0.2.2/red, 127.0.0.1",
    ),
    "mysqlx_bind_address": (
        {"namespaces": RED, "mysqld": {"mysqlx_bind_address": ["192.0.2.1/red"]}},
        "mysqlx_bind_address = '192.0.2.1/red': namespace red has no address 192.0.2.1\n"
        "  where: shop.toml: mysqld.mysqlx_bind_address\n  tried: red has 192.0.2.2, 127.0.0.1, ::1\n"
        "  do: write 192.0.2.1\n  do: write 192.0.2.2/red",
    ),
    "a host name elsewhere": (
        {"namespaces": RED, "hosts": {"db": "192.0.2.1"}, "mysqld": {"bind_address": "db/red"}},
        "bind_address = '192.0.2.1/red': namespace red has no address 192.0.2.1\n"
        "  where: shop.toml: mysqld.bind_address\n  tried: red has 192.0.2.2, 127.0.0.1, ::1\n"
        "  do: write 192.0.2.1\n  do: write 192.0.2.2/red",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_is_told_with_its_key_and_cure(case: str) -> None:
    data, message = CASES[case]
    assert told(data) == message
