"""Host names: in bind_address, in accounts, in USER(). The names are those of names.toml, and no DNS is asked."""

from __future__ import annotations

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer

pytestmark = pytest.mark.netns(topology="names.toml")


@pytest.mark.netns("red")
def test_the_server_sees_a_name(netns_account: AccountFactory, netns_connect: ConnectFactory) -> None:
    """An account that is bound to a name is the one that a connection from its address gets."""
    app = netns_account("app", host="red.db.test")
    with netns_connect(account=app, host="red.db.test").cursor() as cursor:
        cursor.execute("SELECT USER(), CURRENT_USER()")
        row = cursor.fetchone()
    print("from red:", row)
    assert row == ("app@red.db.test", "app@red.db.test")


def test_an_account_of_one_name_lets_no_other_in(netns_account: AccountFactory, netns_connect: ConnectFactory) -> None:
    """What holds for addresses holds for names."""
    app = netns_account("app", host="red.db.test")
    with pytest.raises(mysql.connector.Error, match=r"Host 'blue\.db\.test' is not allowed"):
        netns_connect("blue", account=app)


@pytest.mark.netns_mysqld(flavor="mysql")
def test_bind_address_takes_a_name(netns_mysqld: MySQLServer) -> None:
    """The server resolves it when it starts."""
    ((value,),) = netns_mysqld.execute("SELECT @@bind_address")
    assert "red.db.test/red,198.51.100.2/blue" in value
    assert netns_mysqld.endpoint("red").address == "red.db.test"
