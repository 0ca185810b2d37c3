"""The manual, "MySQL Configuration": the mysql client, with and without --network-namespace, and the others."""

import subprocess
from pathlib import Path

import pytest

from pytest_netns_mysql import AccountFactory, MySQLServer, NamespaceConnection, Network

pytestmark = pytest.mark.netns(topology="red-blue")  # the manual's network, whatever --netns-topology chooses


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a client where the test stands: in the global namespace, or in the marker's."""
    result = subprocess.run(command, capture_output=True, text=True)
    print(f"$ {' '.join([Path(command[0]).name, *command[1:]])}\n{result.stdout}{result.stderr}")
    return result


@pytest.mark.netns_mysqld(flavor="mysql")
@pytest.mark.parametrize(("name", "host"), [("red", "192.0.2.2"), ("blue", "198.51.100.2")])
def test_mysql_connects_in_the_namespace_it_is_given(
    netns_mysqld: MySQLServer, netns_account: AccountFactory, name: str, host: str
) -> None:
    """With --network-namespace the mysql client connects from inside, and USER() is the account itself."""
    netns_account(f"{name}_user", host=host, password=f"{name}_user_password")
    result = run(
        netns_mysqld.program("mysql"),
        "--no-defaults",
        f"--user={name}_user",
        f"--password={name}_user_password",
        f"--host={host}",
        f"--network-namespace={name}",
        "--table",
        "--execute=SELECT USER()",
    )
    assert result.returncode == 0
    assert f"| {name}_user@{host} |" in result.stdout


@pytest.mark.netns_mysqld(flavor="mysql")
def test_mysql_without_the_option_is_refused(netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    """Without the option the client stays in global, and the account that red has is of no use there."""
    netns_account("red_user", host="192.0.2.2")
    result = run(netns_mysqld.program("mysql"), "--no-defaults", "--user=red_user", "--host=192.0.2.2")
    assert result.returncode == 1
    assert "ERROR 1130 (HY000): Host '192.0.2.1' is not allowed to connect" in result.stderr


@pytest.mark.netns_mysqld(flavor="mysql")
def test_mysql_without_the_option_shows_another_user(netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    """Where an account does let the client in without the option, USER() has the address of the veth in global."""
    netns_account("red_user", host="192.0.2.%")
    mysql = [netns_mysqld.program("mysql"), "--no-defaults", "--user=red_user", "--host=192.0.2.2", "--table"]
    without = run(*mysql, "--execute=SELECT USER(), CURRENT_USER()")
    inside = run(*mysql, "--execute=SELECT USER(), CURRENT_USER()", "--network-namespace=red")
    assert "| red_user@192.0.2.1 | red_user@192.0.2.% |" in without.stdout
    assert "| red_user@192.0.2.2 | red_user@192.0.2.% |" in inside.stdout


@pytest.mark.netns_mysqld(flavor="mysql")
def test_without_the_option_the_namespace_is_the_clients_own(
    netns_mysqld: MySQLServer, netns_account: AccountFactory
) -> None:
    """127.0.0.1 is the loopback of the namespace: global's has a server, red's has none."""
    netns_account("app", host="127.0.0.1")
    mysql = [netns_mysqld.program("mysql"), "--no-defaults", "--user=app", "--host=127.0.0.1"]
    assert run(*mysql, "--execute=SELECT USER()").returncode == 0
    in_red = run(*mysql, "--execute=SELECT USER()", "--network-namespace=red")
    assert "ERROR 2003 (HY000): Can't connect to MySQL server on '127.0.0.1:3306' (111)" in in_red.stderr


@pytest.mark.netns("red")
def test_the_default_namespace_is_that_of_the_process(netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    """Said to be global, the default is truly where the program was started: here that is red, with no option."""
    netns_account("red_user", host="192.0.2.2")
    mysql = [netns_mysqld.program("mysql"), "--no-defaults", "--user=red_user", "--host=192.0.2.2"]
    assert "red_user@192.0.2.2" in run(*mysql, "--execute=SELECT USER()").stdout


@pytest.mark.parametrize("program", ["mysqladmin", "mysqldump"])
def test_other_clients_do_not_know_the_option(netns_mysqld: MySQLServer, program: str) -> None:
    """Of the client programs only mysql takes --network-namespace."""
    result = run(netns_mysqld.program(program), "--no-defaults", "--network-namespace=red")
    assert "unknown variable 'network-namespace=red'" in result.stderr


def test_other_clients_are_started_inside(
    netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory
) -> None:
    """Other clients must be started within the namespace that the server is to see them in."""
    netns_account("red_user", host="192.0.2.2")
    mysqladmin = [netns_mysqld.program("mysqladmin"), "--no-defaults", "--user=red_user", "--host=192.0.2.2"]
    assert "Host '192.0.2.1' is not allowed" in run(*mysqladmin, "status").stderr
    inside = netns["red"].run([*mysqladmin, "status"], check=True, capture_output=True, text=True)
    print(f"inside red: {inside.stdout}")
    assert inside.stdout.startswith("Uptime: ")


@pytest.mark.netns_mysqld(flavor="mysql")
@pytest.mark.netns("red")
def test_a_dump_from_inside(netns_mysqld: MySQLServer, netns_mysql: NamespaceConnection) -> None:
    """Started inside red, mysqldump is red's own account to the server, and reads that account's schema."""
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE item (id INT PRIMARY KEY)")
    mysqldump = [netns_mysqld.program("mysqldump"), "--no-defaults", "--user=red_user", "--host=192.0.2.2"]
    result = run(*mysqldump, "--no-tablespaces", "--set-gtid-purged=OFF", "--compact", "red_schema")
    assert "CREATE TABLE `item`" in result.stdout
