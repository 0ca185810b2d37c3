"""Endpoints against the addresses of a topology, and any text at all as an endpoint."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_interface
from typing import TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_netns_mysql.endpoint import Addresses, Endpoint, by_address, check, name_fault, parse, parse_list
from pytest_netns_mysql.endpointkinds import ENDPOINT_KINDS
from pytest_netns_mysql.errors import EndpointError

Answer = TypeVar("Answer")

LOOPBACK = (ip_interface("127.0.0.1/8"), ip_interface("::1/128"))
ADDRESSES: Addresses = {
    "global": (ip_interface("192.0.2.1/24"), ip_interface("198.51.100.1/24"), *LOOPBACK),
    "red": (ip_interface("192.0.2.2/24"), ip_interface("2001:db8::2/64"), *LOOPBACK),
    "blue": (ip_interface("198.51.100.2/24"), *LOOPBACK),
}


@pytest.mark.parametrize(
    "value",
    [
        "127.0.0.1,192.0.2.2/red,198.51.100.2/blue",
        "192.0.2.1,198.51.100.1",
        "2001:db8::2/red",
        "2001:DB8:0::2/red",
        "127.0.0.1/red,127.9.9.9/blue,::1/red",
        "localhost,red.db.test/red",
        "*",
        "::",
        "0::0",
    ],
)
def test_what_the_topology_has_passes_and_host_names_are_the_servers_matter(value: str) -> None:
    check(parse_list(value), ADDRESSES)


RED = "red has 192.0.2.2, 2001:db8::2, 127.0.0.1, ::1"
GLOBAL = "global has 192.0.2.1, 198.51.100.1, 127.0.0.1, ::1"


@pytest.mark.parametrize(
    ("text", "why", "tried", "remedies"),
    [
        ("102.0.2.2/red", "namespace red has no address 102.0.2.2", RED, ["write 192.0.2.2/red"]),
        (
            "198.51.100.2/red",
            "namespace red has no address 198.51.100.2",
            RED,
            ["write 198.51.100.2/blue", "write 192.0.2.2/red"],
        ),
        ("192.0.2.1/red", "namespace red has no address 192.0.2.1", RED, ["write 192.0.2.1", "write 192.0.2.2/red"]),
        ("192.0.2.2", "namespace global has no address 192.0.2.2", GLOBAL, ["write 192.0.2.2/red", "write 192.0.2.1"]),
        (
            "8.8.8.8",
            "namespace global has no address 8.8.8.8",
            GLOBAL,
            ["write 192.0.2.1", "write 198.51.100.1"],
        ),
        ("2001:db8::3/red", "namespace red has no address 2001:db8::3", RED, ["write 2001:db8::2/red"]),
        ("::2/red", "namespace red has no address ::2", RED, ["write 2001:db8::2/red"]),
        (
            "2001:db8::3/blue",
            "namespace blue has no address 2001:db8::3",
            "blue has 198.51.100.2, 127.0.0.1, ::1",
            ["write 198.51.100.2/blue"],
        ),
        ("192.0.2.2/rde", "there is no namespace rde", "the topology has red, blue", ["write 192.0.2.2/red"]),
        ("x.test/blu", "there is no namespace blu", "the topology has red, blue", ["write x.test/blue"]),
        ("192.0.2.2/24", "there is no namespace 24", "the topology has red, blue", ["write 192.0.2.2/red"]),
        (
            "192.0.2.2/blu",
            "there is no namespace blu",
            "the topology has red, blue",
            ["write 192.0.2.2/red", "write 198.51.100.2/blue"],
        ),
        ("102.0.2.2/rde", "there is no namespace rde", "the topology has red, blue", ["write 192.0.2.2/red"]),
        ("127.0.0.1/rde", "there is no namespace rde", "the topology has red, blue", ["write 127.0.0.1/red"]),
        (
            "127.0.0.1/green",
            "there is no namespace green",
            "the topology has red, blue",
            ["add the namespace to the topology"],
        ),
    ],
)
def test_what_stands_nowhere_in_the_topology_is_refused_with_what_is_there(
    text: str, why: str, tried: str, remedies: list[str]
) -> None:
    with pytest.raises(EndpointError) as error:
        check([Endpoint("127.0.0.1"), parse(text)], ADDRESSES, key="admin_address", where="server shop")
    assert str(error.value) == "\n".join(
        [
            f"admin_address = {text!r}: {why}",
            "  where: server shop",
            f"  tried: {tried}",
            *(f"  do: {remedy}" for remedy in remedies),
        ]
    )


def test_a_topology_without_namespaces_says_so() -> None:
    with pytest.raises(EndpointError) as error:
        check([Endpoint("192.0.2.2", "red")], {"global": LOOPBACK})
    assert error.value.tried == ("the topology has no namespace",)


HOST_NAMES = (("db.test", ip_address("192.0.2.2")), ("DB.test", ip_address("2001:db8::2")))


def test_a_host_name_of_the_topology_is_checked_by_each_of_its_addresses() -> None:
    assert by_address(Endpoint("Db.Test", "red"), HOST_NAMES) == [
        Endpoint("192.0.2.2", "red"),
        Endpoint("2001:db8::2", "red"),
    ]
    check(parse_list("db.test/red"), ADDRESSES, hosts=HOST_NAMES)
    with pytest.raises(EndpointError, match=r"namespace blue has no address 192\.0\.2\.2"):
        check(parse_list("db.test/blue"), ADDRESSES, hosts=HOST_NAMES)


def test_an_endpoint_in_a_namespace_of_unknown_addresses_is_not_checked() -> None:
    check(parse_list("203.0.113.9/blue"), ADDRESSES, unknown=["blue"])
    with pytest.raises(EndpointError, match="namespace red has no address"):
        check(parse_list("203.0.113.9/blue,203.0.113.9/red"), ADDRESSES, unknown=["blue"])


def test_each_kind_of_endpoint_has_a_parameter_and_a_port_of_its_own() -> None:
    assert [(kind.name, kind.parameter, kind.port_option, kind.default_port) for kind in ENDPOINT_KINDS] == [
        ("mysql", "bind_address", "port", 3306),
        ("admin", "admin_address", "admin_port", 33062),
        ("mysqlx", "mysqlx_bind_address", "mysqlx_port", 33060),
    ]


NAMES = st.text(min_size=1).filter(lambda name: name_fault(name) is None and name != "global")
HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z][a-z0-9]{0,5}){0,3}", fullmatch=True)
PLAIN = st.one_of(st.ip_addresses().map(str), HOSTS).filter(lambda address: not Endpoint(address).is_wildcard)
ENDPOINTS = st.one_of(
    st.sampled_from(["*", "0.0.0.0", "::"]).map(Endpoint),
    st.builds(Endpoint, PLAIN),
    st.builds(Endpoint, PLAIN, NAMES),
)
# Mostly what the grammar is made of: a text of any characters seldom comes near a rule.
TEXTS = st.one_of(
    st.text(),
    st.text("0129.:/, *redblu-%[]"),
    st.lists(st.sampled_from(["192.0.2.2", "/", "red", ",", ":", "::"])).map("".join),
)


def outcome(read: Callable[[], Answer]) -> Answer | EndpointError:
    """Return what is read, or the error that it is refused with; anything else that is raised fails the test."""
    try:
        return read()
    except EndpointError as error:
        return error


@given(ENDPOINTS)
def test_what_is_printed_is_read_as_the_same_endpoint(endpoint: Endpoint) -> None:
    assert parse(str(endpoint)) == endpoint


@given(TEXTS)
@example("192.0.2.2/\ud800")
@example("fe80::1%a,b")
@example("[]:1")
def test_any_text_is_read_as_written_or_refused_with_a_cure(text: str) -> None:
    found = outcome(lambda: parse(text))
    if isinstance(found, EndpointError):
        assert found.what.startswith(f"bind_address = {text!r}: ")
        assert found.remedies
    else:
        assert str(found) == text


@given(st.one_of(TEXTS, st.lists(TEXTS)), st.sampled_from(["bind_address", "admin_address"]))
def test_any_list_is_read_as_written_or_refused_with_a_cure(value: str | list[str], key: str) -> None:
    found = outcome(lambda: parse_list(value, key=key))
    if isinstance(found, EndpointError):
        assert found.what.startswith(f"{key} = ")
        assert found.remedies
    else:
        assert ",".join(map(str, found)) == (value if isinstance(value, str) else ",".join(value))


@given(st.lists(st.builds(Endpoint, st.ip_addresses(v=4).map(str), NAMES), min_size=1, unique=True))
def test_a_joined_list_is_read_as_its_parts(endpoints: list[Endpoint]) -> None:
    endpoints = [endpoint for endpoint in endpoints if not endpoint.is_wildcard] or [Endpoint("127.0.0.1")]
    assert parse_list(",".join(map(str, endpoints))) == tuple(endpoints)


@st.composite
def with_space(draw: st.DrawFn) -> str:
    """Draw addresses between which there is white space, and perhaps a comma or a slash too."""
    parts = st.one_of(
        st.sampled_from(["192.0.2.2", "192.0.2.2/red", "::1", "red", "*"]), st.text("a1.:/'\\é", min_size=1)
    )
    text = draw(parts)
    for _ in range(draw(st.integers(1, 4))):
        text += draw(st.sampled_from([" ", ", ", " ,", " , ", " /", "/ ", "\t", "\n", "\x1c", "\xa0"])) + draw(parts)
    return text


@given(with_space())
def test_the_cure_for_white_space_has_none(text: str) -> None:
    with pytest.raises(EndpointError) as error:
        parse_list(text)
    (cure,) = error.value.remedies
    assert not re.search(r"\s", ast.literal_eval(cure.removeprefix("write ")))


@given(ENDPOINTS.filter(lambda endpoint: not endpoint.is_wildcard))
def test_each_cure_for_an_address_passes_the_check_that_refused_it(endpoint: Endpoint) -> None:
    found = outcome(lambda: check([endpoint], ADDRESSES))
    if found is None:
        assert endpoint.namespace in ADDRESSES
        return
    assert found.remedies
    for remedy in found.remedies:
        if remedy != "add the namespace to the topology":
            check([parse(remedy.removeprefix("write "))], ADDRESSES)
