"""Explanations of assertions about the origin of a connection."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer
from pytest_netns_mysql.report.explanations.errornumbers import explain
from tests.report.conftest import Explained

pytestmark = pytest.mark.live


def user(connection: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()


def test_another_account_than_expected(
    explained: Explained, netns_connect: ConnectFactory, netns_account: AccountFactory
) -> None:
    everywhere, red = netns_account("app", host="%"), netns_account("app", host="192.0.2.%")
    assert str(everywhere) == "'app'@'%'"
    connection = netns_connect("red", account=red)

    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER()")
            found = cursor.fetchone()
        assert found == ("app@%",), f"assert {found} == {('app@%',)}"

    found = explained(fail)
    assert found.what == (
        "the server picked the account 'app'@'192.0.2.%' for app from 192.0.2.2 (namespace red), not 'app'@'%'"
    )


def expect(connection: Any, origin: str) -> None:
    found = user(connection)
    assert found == (origin,), f"assert {found} == {(origin,)}"


def test_the_namespace_of_the_test_in_place_of_the_expected_one(
    explained: Explained, netns_connect: ConnectFactory
) -> None:
    found = explained(lambda: expect(netns_connect("red"), "red_user@198.51.100.2"))
    assert found.what == (
        "the connection comes from 192.0.2.2 (namespace red, which the call names), not from 198.51.100.2 (namespace "
        "blue)"
    )
    assert found.details == ()
    assert found.remedies == (
        'connect from there: netns_connect("blue"), as blue_user',
        "or expect red_user@192.0.2.2, if red is meant",
    )


def test_the_own_namespace_of_the_test(explained: Explained, netns_connect: ConnectFactory) -> None:
    found = explained(lambda: expect(netns_connect("red"), "red_user@198.51.100.2"), namespace="red")
    assert found.details == ()
    assert found.remedies[0] == (
        'connect from there: netns_connect("blue"), or mark the test with @pytest.mark.netns("blue")'
    )


def test_another_address_of_the_same_namespace(explained: Explained, netns_connect: ConnectFactory) -> None:
    found = explained(lambda: expect(netns_connect("global", endpoint="red"), "global_user@198.51.100.1"))
    assert found.what == (
        "the connection comes from 192.0.2.1 (namespace global), not from 198.51.100.1 (namespace global)"
    )
    assert found.details[0] == (
        "198.51.100.1 is another address of the same namespace: the route to 192.0.2.2 leaves by 192.0.2.1"
    )


def test_an_assertion_that_names_no_account_asks_the_server_nothing(
    explained: Explained, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    netns_connect("red")
    count = "SHOW GLOBAL STATUS LIKE 'Com_select'"
    before = netns_mysqld.execute(count)
    for text in ("assert 1 == 2", "assert 'ann@example.org' == ''"):
        assert explain(AssertionError(text), explained.context) is None
    assert netns_mysqld.execute(count) == before
