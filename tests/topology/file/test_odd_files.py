"""Files and values that no topology has: each is one error with its place, whatever it breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import topology
from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology import Link, Mysqld, from_mapping
from pytest_netns_mysql.topology.file.load import load

ANY: Any = topology  # whose functions are given what they do not take
SHORT = '[namespaces]\nred = "192.0.2.2/24"\n'


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(SHORT, "utf-8-sig")
    assert list(load(str(file)).namespaces) == ["red"]
    assert list(load("\ufeff" + SHORT).namespaces) == ["red"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"a = {'[' * 3000}{']' * 3000}", "the tables or lists are nested too deeply to be read"),
        (f"a = {'9' * 6000}", "this is not TOML: "),
        ("a = \x1b", "this is not TOML: "),
    ],
)
def test_what_the_reader_of_toml_breaks_at_is_told(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(f"{SHORT}{text}\n")
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert error.value.what.startswith(told)
    assert error.value.where == str(file)


def red(**keys: object) -> dict[str, Any]:
    return {"namespaces": {"red": {"address": "192.0.2.2/24", **keys}}}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (red(rate="9" * 400 + "mbit"), "is out of range"),
        (red(delay="9" * 400 + "s"), "is out of range"),
        (red(mtu=10**30), "it takes a number of bytes from 68 to 65535"),
        (red(mtu=65_536), "it takes a number of bytes from 68 to 65535"),
        (red(mtu=True), "it takes a number of bytes from 68 to 65535"),
        (red(interface="all"), "an interface cannot be called 'all': /proc/sys/net/ipv4/conf/all stands for every"),
        (red(outer_interface="default"), "an interface cannot be called 'default': /proc/sys/net/ipv4/conf/default st"),
        (
            {"namespaces": {"red": {"to": "lan", "address": "10.0.0.2/24"}}, "bridges": {"lan": {"interface": "all"}}},
            "an interface cannot be called 'all'",
        ),
        (
            {"namespaces": {"red": {"to": "lan", "address": "10.0.0.2/24"}}, "bridges": {"lan": {"namespace": "no"}}},
            "there is no namespace 'no'",
        ),
        (
            {"namespaces": {"red": {"to": "lan", "address": "10.0.0.2/24"}}, "bridges": {"lan": {"namespace": "lan"}}},
            "there is no namespace 'lan'",
        ),
        (
            {"namespaces": {"red": {"to": "lan", "address": "10.1.0.2/24"}}, "bridges": {"lan": "10.0.0.1/24"}},
            "10.1.0.2/24 is outside of the subnet of the bridge lan, 10.0.0.0/24\n"
            "  where: Python: namespaces.red\n  do: write 10.0.0.2/24, for example",
        ),
        (
            {
                "namespaces": {"red": {"to": "wan", "address": "10.1.0.2/24"}},
                "bridges": {"lan": "10.0.0.1/24", "wan": {"to": "lan"}},
            },
            "10.1.0.2/24 is outside of the subnet of the bridge wan, 10.0.0.0/24",
        ),
        (red(external="a\0b", address=[]), "'a\\x00b' cannot be an existing namespace"),
        (
            red(routes={"default": ["192.0.2.1"]}),
            "namespaces.red.routes.default = ['192.0.2.1']: it takes the address of a gateway",
        ),
    ],
)
def test_what_no_network_can_have_is_told(data: dict[str, Any], told: str) -> None:
    with pytest.raises(TopologyError) as error:
        from_mapping(data)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "address", [["10.1.0.2/24", "10.0.0.2/24"], ["10.0.0.2/16"], ["10.0.0.2/24", "2001:db8::2/64"]]
)
def test_a_member_with_an_address_in_its_bridges_subnet_is_taken(address: list[str]) -> None:
    from_mapping({"namespaces": {"red": {"to": "lan", "address": address}}, "bridges": {"lan": "10.0.0.1/24"}})


def test_of_twenty_thousand_faults_twenty_are_shown() -> None:
    data = {"namespaces": {f"n{number}": "192.0.2.2" for number in range(20_000)}}
    with pytest.raises(TopologyError) as error:
        from_mapping(data)
    assert len(error.value.faults) == 20_000
    assert str(error.value).endswith("\n  and 19,980 more")
    assert len(str(error.value)) < 10_000


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: ANY.Link(5), "address = 5: it takes an address with a prefix length, or a list of them"),
        (lambda: ANY.Link("192.0.2.2/24", mtu=10**6), "mtu = 1000000: it takes a number of bytes from 68 to 65535"),
        (lambda: ANY.Link("192.0.2.2/24", to=["lan"]), "to = ['lan']: it takes a namespace or a bridge"),
        (lambda: ANY.Namespace(routes=5), "routes = 5: it takes a table of destinations and gateways"),
        (lambda: ANY.Namespace(5), "address = 5: it takes an address with a prefix length, or a list of them"),
        (lambda: ANY.Bridge(namespace=5), "namespace = 5: it takes a name"),
        (lambda: ANY.Mysqld(5), "bind_address = 5: it takes an address, or a list of them"),
        (lambda: ANY.Mysqld(options=5), "options = 5: it takes a table of mysqld's options"),
        (lambda: ANY.Mysqld(options={"port": [1]}), "options.port = [1]: it takes text, a number, true or false"),
        (lambda: ANY.Topology(5), "Topology(name=5): it takes text"),
        (
            lambda: ANY.Topology("shop", 5),
            "Topology(namespaces=5): it takes a mapping of names to namespaces, links or",
        ),
        (
            lambda: ANY.Topology("shop", {5: "192.0.2.2/24"}),
            "Topology(namespaces={5: '192.0.2.2/24'}): it takes a mapping",
        ),
        (
            lambda: ANY.Topology("shop", bridges={"lan": 5}),
            "Topology(bridges={'lan': 5}): it takes a mapping of names to",
        ),
        (lambda: ANY.Topology("shop", mysqld=5), "Topology(mysqld=5): it takes a Mysqld"),
        (lambda: ANY.Topology("shop", forwarding="no"), "forwarding = 'no': it takes true or false"),
        (lambda: ANY.load(5), "load(choice=5): it takes text"),
        (lambda: ANY.load("red-blue", base=5), "load(base=5): it takes a folder, as a Path"),
        (lambda: ANY.dump(5), "dump() takes a Topology, got 5"),
        (lambda: ANY.from_mapping(5), "a topology must be a table, got 5"),
        (lambda: ANY.from_mapping({}, name=5), "from_mapping(name=5): it takes text"),
    ],
)
def test_a_wrong_kind_is_told_where_a_topology_is_built_in_python(make: Any, told: str) -> None:
    with pytest.raises(TopologyError) as error:
        make()
    assert error.value.what.startswith(told)


def test_none_stands_for_what_is_left_out() -> None:
    assert Link(None) == Link()  # type: ignore[arg-type]
    assert Mysqld(options=None) == Mysqld()  # type: ignore[arg-type]
    assert Mysqld(options={"skip_log_bin": None}).options == {"skip_log_bin": None}
