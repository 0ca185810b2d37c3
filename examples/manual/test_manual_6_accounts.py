"""The manual, "MySQL Configuration": accounts that belong to an origin."""

import mysql.connector
import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, NamespaceConnection

pytestmark = pytest.mark.netns(topology="red-blue")  # the manual's network, whatever --netns-topology chooses


def user_of(connection: NamespaceConnection) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return cursor.fetchone()


def test_an_account_for_each_namespace(netns_account: AccountFactory, netns_mysqld: MySQLServer) -> None:
    """The administrator, in global, makes an account for the address space of each namespace."""
    red = netns_account("red_user", host="192.0.2.2", password="red_user_password")
    blue = netns_account("blue_user", host="198.51.100.2", password="blue_user_password")
    print(f"CREATE USER {red}; CREATE USER {blue};")
    rows = netns_mysqld.execute("SELECT User, Host FROM mysql.user WHERE User IN ('red_user', 'blue_user')")
    assert sorted(rows) == [("blue_user", "198.51.100.2"), ("red_user", "192.0.2.2")]


@pytest.mark.parametrize(("name", "host"), [("red", "192.0.2.2"), ("blue", "198.51.100.2")])
def test_the_account_connects_from_its_namespace(
    netns_account: AccountFactory, netns_connect: ConnectFactory, name: str, host: str
) -> None:
    """A client in the namespace logs in as its account, and USER() is what the account says."""
    account = netns_account(f"{name}_user", host=host, password=f"{name}_user_password")
    user = user_of(netns_connect(name, account=account))
    print(f"{account} from {name}: {user}")
    assert user == (f"{name}_user@{host}",)


@pytest.mark.parametrize(("name", "origin"), [("global", "192.0.2.1"), ("blue", "198.51.100.2")])
def test_the_account_connects_from_nowhere_else(
    netns_account: AccountFactory, netns_connect: ConnectFactory, name: str, origin: str
) -> None:
    """'red_user'@'192.0.2.2' is of no use to a client whose packets come from another address."""
    red = netns_account("red_user", host="192.0.2.2", password="red_user_password")
    with pytest.raises(mysql.connector.Error, match="not allowed to connect") as refused:
        netns_connect(name, account=red, endpoint="red")
    print(f"{red} from {name}: {refused.value}")
    assert refused.value.errno == 1130  # no account at all has a host that fits
    assert f"'{origin}'" in str(refused.value)


def test_a_known_origin_with_another_accounts_name(
    netns_account: AccountFactory, netns_connect: ConnectFactory
) -> None:
    """Where the origin fits some account, only not this one, the refusal is the usual one and names the origin."""
    red = netns_account("red_user", host="192.0.2.2", password="red_user_password")
    netns_account("blue_user", host="198.51.100.2", password="blue_user_password")
    with pytest.raises(mysql.connector.Error, match="Access denied") as refused:
        netns_connect("blue", account=red, endpoint="red")
    print(refused.value)
    assert refused.value.errno == 1045
    assert "'red_user'@'198.51.100.2'" in str(refused.value)


def test_one_name_two_origins_two_accounts(
    netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    """An account is its name and its origin: the same name is two accounts with grants of their own."""
    in_red = netns_account("app", host="192.0.2.2", grants=["PROCESS ON *.*"])
    in_blue = netns_account("app", host="198.51.100.%")
    for name, account in (("red", in_red), ("blue", in_blue)):
        with netns_connect(name, account=account).cursor() as cursor:
            cursor.execute("SELECT CURRENT_USER()")
            print(name, cursor.fetchone(), netns_mysqld.execute(f"SHOW GRANTS FOR {account}"))
            cursor.execute("SHOW GRANTS")
            grants = " ".join(str(row[0]) for row in cursor.fetchall())
        assert ("PROCESS" in grants) == (name == "red")
