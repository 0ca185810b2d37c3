"""The manual, on host names: where a name will do, and where it takes an address."""

import os
import subprocess

import pytest

from pytest_netns_mysql import AccountFactory, ConnectFactory, MySQLServer, Namespace, Network, factories

pytestmark = pytest.mark.netns(topology="red-blue")  # the manual's network, whatever --netns-topology chooses

by_name = factories.mysqld(
    bind_address=["127.0.0.1", "localhost/red", "localhost/blue"],
    options={"port": 3307, "skip_name_resolve": False},
    scope="module",
)


def listening(namespace: Namespace) -> set[str]:
    text = namespace.run(["ss", "--listening", "--tcp", "--numeric"], check=True, capture_output=True, text=True).stdout
    print(f"[{namespace.name}] {text}")
    return {line.split()[3] for line in text.splitlines()[1:]}


@pytest.mark.parametrize("name", ["red", "blue"])
def test_a_host_name_may_have_a_namespace(by_name: MySQLServer, netns: Network, name: str) -> None:
    """A name that the host itself knows takes /ns as an address does: localhost/red is the loopback of red."""
    assert str(by_name.endpoint(name)) == f"localhost/{name}"
    assert listening(netns[name]) & {"127.0.0.1:3307", "[::1]:3307"}


def test_user_has_a_host_name_where_the_server_resolves_one(by_name: MySQLServer) -> None:
    """Unless skip_name_resolve is on, USER() shows the name that the server finds for the address."""
    by_name.execute("CREATE USER IF NOT EXISTS app@localhost")
    connection = by_name.connect("global", user="app", host="127.0.0.1")
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT USER(), @@skip_name_resolve")
        row = cursor.fetchone()
    print(row)
    assert row == ("app@localhost", 0)


def test_user_has_the_address_where_the_server_resolves_nothing(
    netns_connect: ConnectFactory, netns_account: AccountFactory
) -> None:
    """With skip_name_resolve, as this plugin's servers have it, USER() and accounts are addresses."""
    with netns_connect("global", account=netns_account("app", host="127.0.0.1")).cursor() as cursor:
        cursor.execute("SELECT USER(), @@skip_name_resolve")
        row = cursor.fetchone()
    print(row)
    assert row == ("app@127.0.0.1", 1)


@pytest.mark.netns_mysqld(flavor="mysql")
def test_a_name_that_the_host_does_not_know(netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    """MySQL asks the host's resolver, not a hosts file of the namespace's own: write the address instead."""
    netns_account("red_user", host="192.0.2.2")
    mysql = [netns_mysqld.program("mysql"), "--no-defaults", "--user=red_user", "--network-namespace=red"]
    impatient = {**os.environ, "RES_OPTIONS": "timeout:1 attempts:1"}  # resolv.conf(5)

    unknown = subprocess.run([*mysql, "--host=db.red.test"], env=impatient, capture_output=True, text=True)
    print(unknown.stderr)
    assert "ERROR 2005 (HY000): Unknown MySQL server host 'db.red.test'" in unknown.stderr

    address = subprocess.run([*mysql, "--host=192.0.2.2", "--execute=SELECT USER()"], capture_output=True, text=True)
    print(address.stdout)
    assert "red_user@192.0.2.2" in address.stdout


@pytest.mark.netns_mysqld(flavor="mysql")
def test_localhost_is_a_socket_and_in_no_namespace(netns_mysqld: MySQLServer) -> None:
    """The namespace is for TCP/IP only: --host=localhost takes the socket file, and the option goes unheeded."""
    mysql = [netns_mysqld.program("mysql"), "--no-defaults", "--user=root", f"--socket={netns_mysqld.socket}"]
    result = subprocess.run(
        [*mysql, "--host=localhost", "--network-namespace=red", "--table", "--execute=SELECT USER()"],
        check=True,
        capture_output=True,
        text=True,
    )
    print(result.stdout)
    assert "| root@localhost |" in result.stdout
