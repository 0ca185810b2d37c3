"""Command lines of client programs, as far as no server is needed for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.clients import programs
from pytest_netns_mysql.mysql.clients.account import Account
from pytest_netns_mysql.mysql.mysqld import optionfile

RED = Endpoint("192.0.2.2", "red", 33060)


def test_only_mysql_enters_a_namespace_by_itself() -> None:
    file = Path("/x/client.cnf")
    assert programs.argv("/bin/mysql", ["-e", "SELECT 1"], file, "red") == [
        "/bin/mysql",
        "--defaults-file=/x/client.cnf",
        "--network-namespace=red",
        "-e",
        "SELECT 1",
    ]
    assert programs.argv("/bin/mysql", [], file, "global") == ["/bin/mysql", "--defaults-file=/x/client.cnf"]
    assert programs.argv("/bin/mysqldump", ["shop"], file, "red") == [
        "/bin/mysqldump",
        "--defaults-file=/x/client.cnf",
        "shop",
    ]


def test_whatever_does_not_enter_is_launched() -> None:
    file = Path("/x/client.cnf")

    def launcher(words: list[str]) -> list[str]:
        return ["launch", *words]

    def argv(program: str, namespace: str, **options: bool) -> list[str]:
        return programs.argv(program, [], file, namespace, launcher=launcher, **options)

    assert argv("/bin/mysqldump", "red") == ["launch", "/bin/mysqldump", "--defaults-file=/x/client.cnf"]
    assert argv("/bin/mysql", "global") == ["launch", "/bin/mysql", "--defaults-file=/x/client.cnf"]
    assert argv("/bin/mysql", "red", enters=False)[0] == "launch"
    assert argv("/bin/mysql", "red")[0] == "/bin/mysql"
    assert argv("/bin/mysqlrouter", "red") == ["launch", "/bin/mysqlrouter"]
    assert programs.argv_of_mysqlxtest("mysqlxtest", [], Account("a", "%"), RED, "global", launcher=launcher)[0] == (
        "launch"
    )


def test_an_option_file_has_no_nul(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="an option file cannot have a NUL"):
        optionfile.write(tmp_path, {"client": {"password": "a\0b"}})
    assert not list(tmp_path.iterdir())


def test_names_beyond_ascii_are_sent_in_utf8() -> None:
    assert programs.groups_of(Account("\u00e5", "%"), RED)["client"]["loose-default-character-set"] == "utf8mb4"
    assert "loose-default-character-set" not in programs.groups_of(Account("a", "%"), RED)["client"]


def test_mysqlxtest_reads_no_option_file() -> None:
    """Run by hand against the real one, too: no package of ours brings it."""
    account = Account("red_user", "192.0.2.2", schema="red_schema")
    assert programs.argv_of_mysqlxtest("mysqlxtest", ["--sql=SELECT 1"], account, RED, "red") == [
        "mysqlxtest",
        "--user=red_user",
        "--password=",
        "--host=192.0.2.2",
        "--port=33060",
        "--ssl-mode=REQUIRED",
        "--schema=red_schema",
        "--network-namespace=red",
        "--sql=SELECT 1",
    ]
    assert "--ipv=6" in programs.argv_of_mysqlxtest("mysqlxtest", [], account, Endpoint("2001:db8::2", "red"), "red")


def test_mysqlxtest_shows_no_password() -> None:
    with pytest.raises(ClientError) as error:
        programs.argv_of_mysqlxtest("mysqlxtest", [], Account("anna", "%", "secret"), RED, "red")
    assert str(error.value).splitlines() == [
        "mysqlxtest reads no option file: all users could see the password of 'anna'@'%' on its command line",
        "  where: netns_argv('mysqlxtest', ...)",
        "  do: use an account without a password, such as the namespace's own",
        "  do: or run netns_mysqld.program('mysqlxtest') with arguments of your own",
    ]


def test_an_option_file_is_private(tmp_path: Path) -> None:
    file = optionfile.write(tmp_path, {"client": {"user": 'a"b', "password": "\\#\n"}, "mysql": {"database": "shop"}})
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == '[client]\nuser="a\\"b"\npassword="\\\\#\\n"\n[mysql]\ndatabase="shop"\n'
