"""MySQL's own client programs, as accounts of the test: no password on a command line, each in its namespace."""

import subprocess

import pytest

from pytest_netns_mysql import AccountFactory, ArgvFactory, ConnectFactory, Network, ServerNotFoundError


def run(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.mark.netns_mysqld(flavor="mysql")
@pytest.mark.parametrize(
    ("name", "user"), [("red", "red_user@192.0.2.2"), ("blue", "blue_user@198.51.100.2"), ("global", "global_user@")]
)
def test_mysql_enters_the_namespace_by_itself(netns_argv: ArgvFactory, name: str, user: str) -> None:
    """The client has an option for it: --network-namespace."""
    argv = netns_argv("mysql", "--skip-column-names", "--execute=SELECT USER()", namespace=name)
    assert (f"--network-namespace={name}" in argv) == (name != "global")
    assert run(argv).startswith(user)


def test_the_password_stands_in_a_private_file(netns_argv: ArgvFactory, netns_account: AccountFactory) -> None:
    anna = netns_account("anna", host="192.0.2.2", password='p"#\\ wörd')
    argv = netns_argv("mysql", "--skip-column-names", "--execute=SELECT USER()", namespace="red", account=anna)
    assert "anna" not in " ".join(argv)
    assert run(argv) == "anna@192.0.2.2\n"


def test_a_program_without_the_option_is_run_inside(netns: Network, netns_argv: ArgvFactory) -> None:
    argv = netns_argv("mysqladmin", "ping", namespace="blue")
    result = netns["blue"].run(argv, check=True, capture_output=True, text=True)
    assert result.stdout == "mysqld is alive\n"


@pytest.mark.netns("red")
def test_a_dump_goes_from_one_namespace_to_another(
    netns: Network, netns_argv: ArgvFactory, netns_connect: ConnectFactory, netns_account: AccountFactory
) -> None:
    red, blue = netns_connect("red"), netns_connect("blue")
    with red.cursor() as cursor:
        cursor.execute("CREATE TABLE city (name VARCHAR(20) PRIMARY KEY)")
        cursor.execute("INSERT INTO city VALUES ('Uppsala')")
        red.commit()
    dumper = netns_account("dumper", grants=["SELECT, LOCK TABLES ON red_schema.*", "SELECT ON mysql.*"])
    options = ["--no-tablespaces", "--skip-triggers", "--loose-set-gtid-purged=OFF"]
    dump = run(netns_argv("mysqldump", *options, "red_schema", account=dumper))
    restore = netns_argv("mysql", namespace="blue")
    netns["blue"].run(restore, input=dump, check=True, text=True)
    with blue.cursor() as cursor:
        cursor.execute("SELECT name FROM city")
        assert cursor.fetchall() == [("Uppsala",)]


@pytest.mark.netns_mysqld(flavor="mysql")
def test_a_client_without_the_capability_says_so(netns: Network, netns_argv: ArgvFactory) -> None:
    """Only --network-namespace needs CAP_SYS_ADMIN; the manual quotes this error."""
    argv = netns_argv("mysql", "--execute=SELECT 1", namespace="red")
    result = netns["global"].run(argv, drop_capabilities="CAP_SYS_ADMIN", capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == "ERROR: Network namespace error: Operation not permitted\n"


@pytest.mark.netns_mysqld(flavor="mysql")
@pytest.mark.netns(topology="endpoints.toml")
def test_mysqlxtest_where_it_is(netns_argv: ArgvFactory) -> None:
    """It comes with MySQL's test suite alone; netns_argv gives it the X endpoint."""
    try:
        argv = netns_argv("mysqlxtest", "--sql=SELECT USER()", namespace="red")
    except ServerNotFoundError as error:
        print(error)
        return
    assert "red_user@192.0.2.2" in run(argv)
