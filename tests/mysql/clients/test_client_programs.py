"""Client programs: their option files, whatever the password, and what goes with the test."""

from __future__ import annotations

import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_netns_mysql import (
    AccountFactory,
    ArgvFactory,
    ClientError,
    EndpointError,
    MySQLServer,
    Namespace,
    Network,
    ServerNotFoundError,
)
from pytest_netns_mysql.mysql.clients.accounts import Accounts
from pytest_netns_mysql.mysql.clients.clients import Clients

pytestmark = pytest.mark.live

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


def test_the_file_is_removed_with_the_clients_of_the_test(netns_mysqld: MySQLServer) -> None:
    accounts = Accounts(netns_mysqld)
    with Clients(netns_mysqld, accounts, "global") as clients:
        file = file_of(clients.argv("mysql"))
        assert file.exists()
    assert not file.exists()
    accounts.drop()


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
        f"{argument} would make mysql ignore the option file with the account",
        "  where: netns_argv('mysql', ...)",
        f"  do: leave {argument} out",
        "  do: or run netns_mysqld.program(...) with arguments of your own",
    ]


def test_a_missing_program_is_refused_with_the_known_programs(netns_argv: ArgvFactory) -> None:
    with pytest.raises(ServerNotFoundError, match="there is no program mysqldunp beside") as error:
        netns_argv("mysqldunp")
    assert "mysqladmin" in str(error.value)
    assert "mysqldump" in str(error.value)


def identity_of(namespace: Namespace) -> str:
    return str(os.fstat(namespace._descriptor).st_ino)


@pytest.fixture
def any_program(tmp_path: Path) -> str:
    """Return a program that prints which network namespace it is in."""
    program = tmp_path / "any program"
    program.write_text("#!/bin/sh\nstat -Lc %i /proc/self/ns/net\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.netns("red", "global")
@pytest.mark.parametrize("name", ["red", "blue", "global", None])
@pytest.mark.parametrize("stands_in", ["red", "blue", "global"])
def test_any_program_runs_in_the_namespace_that_is_named(
    netns: Network, netns_argv: ArgvFactory, any_program: str, name: str | None, stands_in: str
) -> None:
    here = netns.here
    assert here is not None
    argv = netns_argv(any_program, namespace=name)

    def run() -> str:
        with netns[stands_in]:
            return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    expected = identity_of(here if name is None else netns[name])
    assert run() == expected
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run).result() == expected


@pytest.mark.netns("blue")
@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("mysql", ["--execute=SELECT 1"]),
        ("mysqladmin", ["ping"]),
        ("mysqldump", ["--no-tablespaces", "shop"]),
        ("mysqlslap", ["--query=SELECT 1", "--create-schema=shop"]),
        ("mysqlshow", []),
        ("mysqlcheck", ["shop"]),
        ("mysqlimport", ["shop", "/dev/null"]),
        ("mysqlbinlog", ["--read-from-remote-server", "--to-last-log", "--result-file=/dev/null", "x"]),
    ],
)
@pytest.mark.parametrize("name", ["red", "global", None])
def test_the_server_sees_every_program_come_from_its_namespace(
    netns_mysqld: MySQLServer,
    netns_argv: ArgvFactory,
    netns_account: AccountFactory,
    program: str,
    arguments: list[str],
    name: str | None,
) -> None:
    netns_mysqld.execute("CREATE SCHEMA shop")
    app = netns_account("app", host="%", password="p", grants="ALL ON *.*")
    netns_mysqld.execute("SET GLOBAL log_output = 'TABLE'")
    netns_mysqld.execute("SET GLOBAL general_log = ON")
    argv = netns_argv(program, *arguments, namespace=name, account=app)
    printed = subprocess.run(argv, capture_output=True, text=True, check=False)
    (logins,) = zip(
        *netns_mysqld.execute(
            "SELECT DISTINCT SUBSTRING_INDEX(user_host, '[', -1) FROM mysql.general_log WHERE user_host LIKE '%%app%%'"
        ),
        strict=True,
    )
    origin = {"red": "192.0.2.2", "global": "127.0.0.1", None: "198.51.100.2"}[name]
    assert logins == (f"{origin}]",), printed.stderr


def test_a_program_without_capabilities_runs_in_its_own_namespace_only(
    netns: Network, netns_argv: ArgvFactory, any_program: str
) -> None:
    argv = netns_argv(any_program, namespace="red")
    options: dict[str, Any] = {"drop_capabilities": "CAP_SYS_ADMIN", "capture_output": True, "text": True}
    assert netns["red"].run(argv, **options).stdout.strip() == identity_of(netns["red"])
    elsewhere = netns["blue"].run(argv, **options)
    assert elsewhere.returncode == 1
    assert elsewhere.stderr == "cannot enter namespace red: setns: Operation not permitted\n"
    assert elsewhere.stdout == ""


def test_the_error_of_a_broken_program_names_it(netns_argv: ArgvFactory, tmp_path: Path) -> None:
    program = tmp_path / "broken"
    program.write_text("#!/does/not/exist\n")
    program.chmod(0o755)
    result = subprocess.run(netns_argv(str(program)), capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, f"{program}: No such file or directory\n")


def test_mysqlxtest_wants_an_x_endpoint(netns_argv: ArgvFactory) -> None:
    with pytest.raises((EndpointError, ServerNotFoundError), match=r"no mysqlx endpoint in red|no program mysqlxtest"):
        netns_argv("mysqlxtest", namespace="red")
