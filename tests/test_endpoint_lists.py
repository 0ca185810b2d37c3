"""Lists of endpoints, and the administrative address: what is read, and what is refused with its rule and remedy."""

from __future__ import annotations

import pytest

from pytest_netns_mysql.endpoint import Endpoint, parse_list
from pytest_netns_mysql.errors import EndpointError


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
