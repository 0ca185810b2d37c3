"""Client programs: their option files, whatever the password, and what goes with the test."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_netns_mysql import (
    AccountFactory,
    ArgvFactory,
    ClientError,
    EndpointError,
    MySQLServer,
    Network,
    ServerNotFoundError,
)

PROGRAMS = ["mysql", "mysqladmin", "mysqldump"]


def file_of(argv: list[str]) -> Path:
    (option,) = (word for word in argv if word.startswith("--defaults-file="))
    return Path(option.partition("=")[2])


@pytest.mark.netns("red")
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30))
def test_any_password_can_stand_in_the_file(
    netns_mysqld: MySQLServer, netns_argv: ArgvFactory, netns_account: AccountFactory, password: str
) -> None:
    netns_mysqld.execute("DROP USER IF EXISTS 'odd one'@'192.0.2.2'")
    argv = netns_argv("mysql", "--execute=SELECT 1", account=netns_account("odd one", password=password))
    subprocess.run(argv, check=True, capture_output=True)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_file_is_private(netns_argv: ArgvFactory, program: str) -> None:
    file = file_of(netns_argv(program, namespace="red"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert 'host="192.0.2.2"' in file.read_text()


kept: list[Path] = []


def test_a_file_is_made(netns_argv: ArgvFactory) -> None:
    kept.append(file_of(netns_argv("mysql")))
    assert kept[0].exists()


def test_a_file_goes_with_its_test(netns: Network) -> None:
    assert not kept[0].exists()


@pytest.mark.netns("red")
def test_the_accounts_schema_is_selected(netns_argv: ArgvFactory) -> None:
    argv = netns_argv("mysql", "--skip-column-names", "--execute=SELECT DATABASE()")
    assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "red_schema\n"


def test_another_endpoint(netns: Network, netns_argv: ArgvFactory) -> None:
    argv = netns_argv("mysql", "--skip-column-names", "--execute=SELECT USER()", namespace="red", endpoint="blue")
    assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "red_user@192.0.2.2\n"


@pytest.mark.parametrize("argument", ["--defaults-extra-file=/x", "--no-defaults"])
def test_an_argument_that_hides_the_account_is_refused(netns_argv: ArgvFactory, argument: str) -> None:
    with pytest.raises(ClientError) as error:
        netns_argv("mysql", argument)
    assert str(error.value).splitlines() == [
        f"{argument}: the account stands in an option file of its own, which this would leave unread",
        "  where: netns_argv('mysql', ...)",
        "  do: leave it out",
        "  do: or run netns_mysqld.program(...) with arguments of your own",
    ]


def test_a_program_that_is_not_there(netns_argv: ArgvFactory) -> None:
    with pytest.raises(ServerNotFoundError, match="there is no program mysqldunp beside") as error:
        netns_argv("mysqldunp")
    assert "mysqladmin" in str(error.value)
    assert "mysqldump" in str(error.value)


def test_mysqlxtest_wants_an_x_endpoint(netns_argv: ArgvFactory) -> None:
    with pytest.raises((EndpointError, ServerNotFoundError), match=r"no mysqlx endpoint in red|no program mysqlxtest"):
        netns_argv("mysqlxtest", namespace="red")
