"""``addr/ns``: each rule of the manual's "Network Namespace Support", by the text that a user reads."""

from __future__ import annotations

import pytest

from pytest_netns_mysql.endpoint import Endpoint, parse, parse_list
from pytest_netns_mysql.errors import EndpointError

GENERAL = "write an address, or address/namespace, such as 192.0.2.2/red"
NO_NAME = "cannot be the name of a namespace: it contains a slash, a comma, white space or a NUL character"


@pytest.mark.parametrize(
    ("text", "address", "namespace"),
    [
        ("127.0.0.1", "127.0.0.1", "global"),
        ("192.0.2.2/red", "192.0.2.2", "red"),
        ("::1", "::1", "global"),
        ("2001:db8::2/red", "2001:db8::2", "red"),
        ("::ffff:192.0.2.2/red", "::ffff:192.0.2.2", "red"),
        ("localhost", "localhost", "global"),
        ("red.db.test/red", "red.db.test", "red"),
        ("db-1_a/red", "db-1_a", "red"),
        ("*", "*", "global"),
        ("0.0.0.0", "0.0.0.0", "global"),
        ("::", "::", "global"),
        ("192.0.2.2/a.b-c_d", "192.0.2.2", "a.b-c_d"),
        ("192.0.2.2/rouge-é", "192.0.2.2", "rouge-é"),
        ("192.0.2.2/" + "x" * 255, "192.0.2.2", "x" * 255),
    ],
)
def test_an_address_or_a_name_stands_alone_or_with_a_namespace(text: str, address: str, namespace: str) -> None:
    assert parse(text) == Endpoint(address, namespace, 3306)
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("address", "families"),
    [
        ("*", {4, 6}),
        ("::", {4, 6}),
        ("0::0", {4, 6}),
        ("0.0.0.0", {4}),
        ("::ffff:0.0.0.0", {4}),
        ("192.0.2.2", {4}),
        ("::ffff:192.0.2.2", {4}),
        ("::FFFF:c000:0202", {4}),
        ("2001:db8::2", {6}),
        ("db.test", {4, 6}),
    ],
)
def test_an_endpoint_knows_the_families_of_its_clients(address: str, families: set[int]) -> None:
    assert Endpoint(address).families == families


@pytest.mark.parametrize(
    ("text", "why", "remedy"),
    [
        ("", "the address is missing", GENERAL),
        ("/", "the address is missing", GENERAL),
        ("/red", "the address is missing", GENERAL),
        ("/global", "the address is missing", GENERAL),
        ("127.0.0.1/", "the namespace after the slash is missing", GENERAL),
        ("x/red/blue", f"'red/blue' {NO_NAME}", GENERAL),
        ("192.0.2.2/red/", f"'red/' {NO_NAME}", GENERAL),
        ("192.0.2.2//red", f"'/red' {NO_NAME}", GENERAL),
        ("192.0.2.2/../netns/red", f"'../netns/red' {NO_NAME}", GENERAL),
        ("192.0.2.2/.", "'.' cannot be the name of a namespace: it is empty, '.' or '..'", GENERAL),
        ("192.0.2.2/..", "'..' cannot be the name of a namespace: it is empty, '.' or '..'", GENERAL),
        ("192.0.2.2/a\x00b", rf"'a\x00b' {NO_NAME}", GENERAL),
        (
            "192.0.2.2/" + "é" * 128,
            f"'{'é' * 128}' cannot be the name of a namespace: it is longer than 255 bytes",
            GENERAL,
        ),
        ("192.0.2.2/\ud800", r"'\ud800' cannot be the name of a namespace: it cannot be written in UTF-8", GENERAL),
        ("192.0.2.2 /red", "white space is not allowed", "write '192.0.2.2/red'"),
        ("192.0.2.2/ red", "white space is not allowed", "write '192.0.2.2/red'"),
        (" 192.0.2.2/red\n", "white space is not allowed", "write '192.0.2.2/red'"),
        ("192.0.2.2 red", "white space is not allowed", GENERAL),
        ("  ", "white space is not allowed", GENERAL),
        ("192.0.2.2/global", "the global namespace must not be named", "write the address alone: 192.0.2.2"),
        ("*/global", "the global namespace must not be named", "write the address alone: *"),
        ("*/red", "a wildcard cannot have a namespace (red)", "write an address that red has"),
        ("0.0.0.0/red", "a wildcard cannot have a namespace (red)", "write an address that red has"),
        ("::/red", "a wildcard cannot have a namespace (red)", "write an address that red has"),
        ("::ffff:0.0.0.0/red", "a wildcard cannot have a namespace (red)", "write an address that red has"),
        ("0:0::0/red", "a wildcard cannot have a namespace (red)", "write an address that red has"),
        (
            "192.0.2.2,127.0.0.1",
            "this is a list, and only one address is allowed here",
            "give each address an item of its own",
        ),
        ("fe80::1%a,b", "this is a list, and only one address is allowed here", "give each address an item of its own"),
        ("300.0.2.2", "'300.0.2.2' is neither an IP address nor a host name", GENERAL),
        ("192.0.2", "'192.0.2' is neither an IP address nor a host name", GENERAL),
        ("-red", "'-red' is neither an IP address nor a host name", GENERAL),
        ("a..b", "'a..b' is neither an IP address nor a host name", GENERAL),
        ("*.db.test", "'*.db.test' is neither an IP address nor a host name", GENERAL),
        ("rouge-é", "'rouge-é' is neither an IP address nor a host name", GENERAL),
        ("12345::", "'12345::' is neither an IP address nor a host name", GENERAL),
        (
            "127.0.0.1:3306",
            "'127.0.0.1:3306' is neither an IP address nor a host name",
            "write 127.0.0.1, and the port in the option for it",
        ),
        ("[::1]/red", "'[::1]' is neither an IP address nor a host name", "write ::1/red"),
        (
            "[::1]:3306",
            "'[::1]:3306' is neither an IP address nor a host name",
            "write ::1, and the port in the option for it",
        ),
        ("[red]:x", "'[red]:x' is neither an IP address nor a host name", GENERAL),
        ("[300.0.2.2]", "'[300.0.2.2]' is neither an IP address nor a host name", GENERAL),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_with_the_rule_and_the_cure(text: str, why: str, remedy: str) -> None:
    with pytest.raises(EndpointError) as error:
        parse(text, key="mysqlx_bind_address", where="server shop")
    assert str(error.value) == f"mysqlx_bind_address = {text!r}: {why}\n  where: server shop\n  do: {remedy}"


def test_without_a_place_the_message_begins_with_the_key_and_names_none() -> None:
    with pytest.raises(EndpointError) as error:
        parse("/red")
    assert str(error.value) == f"bind_address = '/red': the address is missing\n  do: {GENERAL}"


@pytest.mark.parametrize(
    ("address", "wildcard", "loopback"),
    [
        ("*", True, False),
        ("0.0.0.0", True, False),
        ("::", True, False),
        ("0::0", True, False),
        ("::ffff:0.0.0.0", True, False),
        ("::ffff:0:0", True, False),
        ("::ffff:127.0.0.1", False, True),
        ("::ffff:192.0.2.2", False, False),
        ("127.0.0.1", False, True),
        ("127.9.9.9", False, True),
        ("::1", False, True),
        ("192.0.2.2", False, False),
        ("localhost", False, False),
    ],
)
def test_an_endpoint_knows_wildcards_and_loopbacks(address: str, wildcard: bool, loopback: bool) -> None:
    endpoint = Endpoint(address)
    assert (endpoint.is_wildcard, endpoint.is_loopback) == (wildcard, loopback)


@pytest.mark.parametrize("value", ["127.0.0.1,192.0.2.2/red,::1", ["127.0.0.1", "192.0.2.2/red", "::1"]])
def test_a_list_is_read_from_text_or_from_a_sequence(value: str | list[str]) -> None:
    assert parse_list(value) == (Endpoint("127.0.0.1"), Endpoint("192.0.2.2", "red"), Endpoint("::1"))


@pytest.mark.parametrize("value", ["192.0.2.2,192.0.2.2/red", "192.0.2.2/red,192.0.2.2/blue"])
def test_one_address_in_two_namespaces_is_two_endpoints(value: str) -> None:
    assert len(parse_list(value)) == 2


MISSING = "an address is missing before, after or between the commas"
SINGLE = "list the addresses with single commas and nothing else, such as 127.0.0.1,192.0.2.2/red"


@pytest.mark.parametrize(
    ("value", "shown", "why", "remedy"),
    [
        ("", "''", MISSING, SINGLE),
        ([], "''", MISSING, SINGLE),
        (",", "','", MISSING, SINGLE),
        ("127.0.0.1,", "'127.0.0.1,'", MISSING, SINGLE),
        (",127.0.0.1", "',127.0.0.1'", MISSING, SINGLE),
        ("127.0.0.1,,::1", "'127.0.0.1,,::1'", MISSING, SINGLE),
        ("127.0.0.1, ", "'127.0.0.1, '", MISSING, SINGLE),
        (["127.0.0.1", ""], "'127.0.0.1,'", MISSING, SINGLE),
        ("x/red,", "'x/red,'", MISSING, SINGLE),
        (
            "127.0.0.1, 192.0.2.2 /red",
            "'127.0.0.1, 192.0.2.2 /red'",
            "white space is not allowed",
            "write '127.0.0.1,192.0.2.2/red'",
        ),
        (
            "127.0.0.1 192.0.2.2/red",
            "'127.0.0.1 192.0.2.2/red'",
            "white space is not allowed",
            "write '127.0.0.1,192.0.2.2/red'",
        ),
        (
            ["::1", "192.0.2.2 /red"],
            "'192.0.2.2 /red'",
            "white space is not allowed",
            "write '192.0.2.2/red'",
        ),
        (
            ["::1", "192.0.2.2/red,127.0.0.1"],
            "'192.0.2.2/red,127.0.0.1'",
            "this is a list, and only one address is allowed here",
            "give each address an item of its own",
        ),
        (
            "127.0.0.1,*",
            "'127.0.0.1,*'",
            "the wildcard * cannot be part of a list",
            "write * alone, or only the other addresses",
        ),
        (
            "0.0.0.0,::1",
            "'0.0.0.0,::1'",
            "the wildcard 0.0.0.0 cannot be part of a list",
            "write 0.0.0.0 alone, or only the other addresses",
        ),
        (
            "::,192.0.2.2/red",
            "'::,192.0.2.2/red'",
            "the wildcard :: cannot be part of a list",
            "write :: alone, or only the other addresses",
        ),
        (
            "0::0,127.0.0.1",
            "'0::0,127.0.0.1'",
            "the wildcard 0::0 cannot be part of a list",
            "write 0::0 alone, or only the other addresses",
        ),
        (
            "192.0.2.2/red,::1,192.0.2.2/red",
            "'192.0.2.2/red,::1,192.0.2.2/red'",
            "192.0.2.2/red is listed twice",
            "write it once",
        ),
        ("::1,0::1", "'::1,0::1'", "::1, also spelt 0::1, is listed twice", "write it once"),
        ("::ffff:192.0.2.2/red,192.0.2.2/red", "'::ffff:192.0.2.2/red,192.0.2.2/red'",
         "::ffff:192.0.2.2/red, also spelt 192.0.2.2/red, is listed twice", "write it once"),
        ("::ffff:0.0.0.0,::1", "'::ffff:0.0.0.0,::1'", "the wildcard ::ffff:0.0.0.0 cannot be part of a list",
         "write ::ffff:0.0.0.0 alone, or only the other addresses"),
        ("Red.test/red,red.TEST/red", "'Red.test/red,red.TEST/red'",
         "Red.test/red, also spelt red.TEST/red, is listed twice", "write it once"),
    ],
)  # fmt: skip
def test_a_list_that_breaks_a_rule_is_refused(value: str | list[str], shown: str, why: str, remedy: str) -> None:
    with pytest.raises(EndpointError) as error:
        parse_list(value, where="server shop")
    assert str(error.value) == f"bind_address = {shown}: {why}\n  where: server shop\n  do: {remedy}"


@pytest.mark.parametrize(
    ("value", "why", "remedy"),
    [
        (
            "192.0.2.2/red,198.51.100.2/blue",
            "it takes a single address, got 2",
            "keep one of 192.0.2.2/red, 198.51.100.2/blue",
        ),
        ("*", "it does not take a wildcard", "write one address, such as 127.0.0.1 or 192.0.2.2/red"),
        ("::", "it does not take a wildcard", "write one address, such as 127.0.0.1 or 192.0.2.2/red"),
        ("::ffff:0.0.0.0", "it does not take a wildcard", "write one address, such as 127.0.0.1 or 192.0.2.2/red"),
    ],
)
def test_the_administrative_address_is_one_and_no_wildcard(value: str, why: str, remedy: str) -> None:
    with pytest.raises(EndpointError) as error:
        parse_list(value, key="admin_address")
    assert str(error.value) == f"admin_address = {value!r}: {why}\n  do: {remedy}"


def test_the_administrative_address_may_stand_in_a_namespace() -> None:
    assert parse_list("192.0.2.2/red", key="admin_address") == (Endpoint("192.0.2.2", "red"),)
