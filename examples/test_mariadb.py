"""MariaDB beside the run's own server: it knows no addr/ns, and sees the true origins all the same.

Its listening sockets are made in the namespaces and handed to it. `pytest --netns-mysqld=auto,mariadb` runs each test
on both; here one test has both at once, as while a project moves from one to the other.
"""

from __future__ import annotations

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, factories

pytestmark = pytest.mark.netns(topology="red-blue")

maria = factories.mysqld(
    mysqld="mariadb",
    bind_address="127.0.0.1,192.0.2.2/red,198.51.100.2/blue",
    options={"port": 3316},
)


@pytest.mark.parametrize(
    ("client", "origin"), [("red", "192.0.2.2"), ("blue", "198.51.100.2"), ("global", "127.0.0.1")]
)
def test_the_origins_are_the_same(
    netns_mysqld: MySQLServer, maria: MySQLServer, netns_connect: ConnectFactory, client: str, origin: str
) -> None:
    """Both servers see each client come from where it stands."""
    for server in (netns_mysqld, maria):
        with netns_connect(client, server=server).cursor() as cursor:
            cursor.execute("SELECT USER(), VERSION()")
            user, version = cursor.fetchone()
        print(f"from {client}: {user} on {version}")
        assert user == f"{client}_user@{origin}"


def test_a_grant_by_address_lets_in_the_same_clients(
    netns_mysqld: MySQLServer, maria: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    """An account of one network on both: red is let in, blue is not."""
    for server in (netns_mysqld, maria):
        app = netns_account("app", host="192.0.2.%", server=server)
        netns_connect("red", account=app, server=server)
        with pytest.raises(mysql.connector.Error, match=r"198\.51\.100\.2"):
            netns_connect("blue", account=app, server=server)
