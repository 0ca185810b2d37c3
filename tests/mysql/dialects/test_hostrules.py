"""The hosts of accounts: which clients they match, and in which order the server tries them."""

from __future__ import annotations

import pytest

from pytest_netns_mysql.mysql.dialects.hostrules import HostRules, MariaDBHostRules, MySQLHostRules, account_of
from pytest_netns_mysql.mysql.dialects.mysql import mysql_dialect

MYSQL, MARIADB = MySQLHostRules(), MariaDBHostRules()
BOTH = (MYSQL, MARIADB)


@pytest.mark.parametrize("rules", BOTH, ids=["mysql", "mariadb"])
@pytest.mark.parametrize(
    ("pattern", "address", "name", "expected"),
    [
        ("%", "192.0.2.2", None, True),
        ("", "192.0.2.2", None, True),
        ("192.0.2.2", "192.0.2.2", None, True),
        ("192.0.2.2", "192.0.2.20", None, False),
        ("192.0.2.%", "192.0.2.2", None, True),
        ("192.0.2._", "192.0.2.22", None, False),
        ("192.0.2.0/255.255.255.0", "192.0.2.2", None, True),
        ("192.0.2.1/255.255.255.0", "192.0.2.2", None, False),  # bits outside of the mask
        ("0.0.0.0/0.0.0.0", "192.0.2.2", None, False),
        ("2001:db8:1::%", "2001:db8:1::2", None, True),
        ("2001:db8:1::/64", "2001:db8:1::2", None, False),
        ("Red.Test", "192.0.2.2", "red.test", True),
        ("%.test", "192.0.2.2", "red.test", True),
        ("red\\_test", "192.0.2.2", "red_test", True),
        ("red\\_test", "192.0.2.2", "red.test", False),
        ("red.test", "192.0.2.2", None, False),
        ("localhost", "", "localhost", True),
        ("localhost", "127.0.0.1", None, False),
        ("127.0.0.1", "", "localhost", False),
    ],
)
def test_a_host_matches(rules: HostRules, pattern: str, address: str, name: str | None, expected: bool) -> None:
    assert rules.matches(pattern, address, name) is expected


@pytest.mark.parametrize(
    ("pattern", "address", "mysql", "mariadb"),
    [
        ("192.0.2.0/24", "192.0.2.2", True, False),
        ("192.0.2.2/32", "192.0.2.2", True, False),
        ("192.0.2.0/33", "192.0.2.2", False, False),
        ("192.0.2.0/255.0.255.0", "192.0.2.2", False, True),
        ("192.000.2.2", "192.0.2.2", True, False),
        ("::%_1", "::1", True, False),  # MySQL skips every _ right behind a %
    ],
)
def test_the_servers_differ(pattern: str, address: str, mysql: bool, mariadb: bool) -> None:
    assert (MYSQL.matches(pattern, address, None), MARIADB.matches(pattern, address, None)) == (mysql, mariadb)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("red%", True),
        ("red%%", False),
        ("re_%", False),
        ("r__%", False),
        ("r_%", True),
        ("re%_", True),
        ("re%_%", False),
    ],
)
def test_a_wildcard_at_the_end_of_a_name_in_mysql(pattern: str, expected: bool) -> None:
    assert MYSQL.matches(pattern, "192.0.2.2", "red") is expected
    assert MARIADB.matches(pattern, "192.0.2.2", "red")


def test_mysql_tries_addresses_then_networks_then_patterns() -> None:
    hosts = [
        "192.0.2.2",
        "192.0.2.0/24",
        "192.0.0.0/16",
        "192.0.2.0/255.255.255.0",
        "red.test",
        "192.0.2.%",
        "192.0.%",
        "%.2",
        "%",
        "",
    ]
    assert sorted(set(hosts), key=MYSQL.rank) == hosts


def test_mysql_takes_prefix_lengths_since_8_0_23() -> None:
    assert mysql_dialect((8, 0, 23)) is mysql_dialect((9, 7, 4))
    for version, matches in (((8, 0, 22), False), ((8, 0, 23), True)):
        rules = mysql_dialect(version).host_rules
        assert rules.takes_prefix_lengths is matches
        assert rules.matches("192.0.2.0/24", "192.0.2.2", None) is matches
        assert rules.matches("192.0.2.0/255.255.255.0", "192.0.2.2", None)
        assert rules.admits("192.0.2.2/255.255.255.255", "192.0.2.2", None) is not matches
        assert min(("192.0.2.%", "192.0.2.0/255.255.255.0", "%"), key=rules.rank) == "192.0.2.0/255.255.255.0"
    early = mysql_dialect((8, 0, 22)).host_rules
    assert sorted(["%", "192.%", "", "192.0.2.2"], key=early.rank) == ["192.0.2.2", "192.%", "%", ""]


def test_mariadb_tries_the_pattern_that_the_fewest_texts_match_first() -> None:
    hosts = ["192.0.2.2", "192.0.2._", "192.0.2.%", "192.0.%", "%.2", "%"]
    assert sorted(set(hosts), key=MARIADB.rank) == hosts


def test_the_network_of_one_address_admits_nobody_by_itself() -> None:
    assert not MYSQL.admits("192.0.2.2/32", "192.0.2.2", None)
    assert MYSQL.admits("192.0.2.2/31", "192.0.2.2", None)
    assert MARIADB.admits("192.0.2.2/255.255.255.255", "192.0.2.2", None)


@pytest.mark.parametrize(
    ("host", "picked"),
    [
        ("192.0.2.2", "192.0.2.2"),
        ("192.0.2.3", "192.0.2.0/24"),
        ("192.0.9.1", "192.0.0.0/255.255.0.0"),
        ("192.9.9.9", "192.%"),
        ("198.51.100.2", "%"),
        ("RED.db.test", "red.db.test"),
        ("localhost", "localhost"),
    ],
)
def test_a_host_matches_the_account_that_the_server_would_pick(host: str, picked: str) -> None:
    hosts = ["", "%", "192.%", "192.0.0.0/255.255.0.0", "192.0.2.0/24", "192.0.2.2", "red.db.test", "localhost"]
    assert account_of("app", host, [("app", pattern) for pattern in hosts], MYSQL) == ("app", picked)


def test_the_host_is_compared_before_the_user() -> None:
    assert account_of("app", "192.0.2.2", [("app", "%"), ("", "192.0.2.2")], MYSQL) == ("", "192.0.2.2")
    assert account_of("app", "192.0.2.2", [("app", "%"), ("", "%")], MYSQL) == ("app", "%")
    assert account_of("app", "192.0.2.2", [("app", "blue"), ("other", "%")], MYSQL) is None
