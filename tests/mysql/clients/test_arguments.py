"""Arguments of the fixtures: a wrong one is one clear error, and nothing was sent."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any, cast

import pytest

from pytest_netns_mysql import (
    AccountFactory,
    ArgvFactory,
    ClientError,
    ConnectFactory,
    MySQLServer,
    Network,
    ServerGoneError,
    StartFactory,
    UnknownNamespaceError,
    factories,
)

pytestmark = pytest.mark.live

other = factories.mysqld(bind_address=["192.0.2.2/red", "198.51.100.2/blue"], options={"port": 3397}, scope="module")
unescaped = factories.mysqld(
    bind_address="192.0.2.2/red", options={"port": 3398, "sql_mode": "NO_BACKSLASH_ESCAPES"}, scope="module"
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"user": 5}, "user must be a string, got 5"),
        ({"user": b"app"}, "user must be a string, got b'app'"),
        ({"user": None}, "user must be a string, got None"),
        ({"user": "a\0b"}, "user must not have a NUL in it, got 'a\\x00b'"),
        ({"user": "\ud83d"}, "user must be text that can be encoded in UTF-8"),
        ({"user": "a" * 33}, "user must not be longer than 32 characters, got 33"),
        ({"user": "\U0001f600"}, "user must not have characters beyond U+FFFF"),
        ({"user": "app "}, "user must not have white space at its ends"),
        ({"host": 5}, "host must be a string, got 5"),
        ({"host": "h\u00f6st"}, "host must not have characters beyond ASCII"),
        ({"host": "h" * 256}, "host must not be longer than 255 characters"),
        ({"password": b"secret"}, "password must be a string, got b'secret'"),
        ({"password": None}, "password must be a string, got None"),
        ({"password": "a\0b"}, "password must not have a NUL in it"),
        ({"schema": 5}, "schema must be a string, got 5"),
        ({"schema": "s" * 65}, "schema must not be longer than 64 characters"),
        ({"grants": 5}, "grants must be a string or a list of strings, got 5"),
        ({"grants": b"ALL ON *.*"}, "grants must be a string or a list of strings, got b'ALL ON *.*'"),
        ({"grants": {"ALL": "*.*"}}, "grants must be a string or a list of strings, got {'ALL': '*.*'}"),
        ({"grants": [5]}, "grants must be a string, got 5"),
        ({"grants": ""}, "grants: '' is empty"),
        ({"grants": "SELECT ON *.* TO x; DROP SCHEMA shop"}, "has a TO, which the new account gets by itself"),
        ({"grants": "SELECT ON *.*; DROP SCHEMA shop"}, "is several statements"),
        ({"grants": "SELECT ON *.* -- "}, "has a comment, --"),
        ({"grants": "SELECT ON *.* #"}, "has a comment, #"),
        ({"grants": "SELECT ON *.* /*"}, "has a comment, /*"),
        ({"grants": "SELECT ON `shop.*"}, "has a quote that does not end"),
        ({"grants": "PROXY ON 'a\\'; DROP SCHEMA shop; -- '"}, "has a quote that does not end, or a backslash before"),
        ({"require": 5}, "require must be a string, got 5"),
        ({"require": "X509; DROP SCHEMA shop"}, "is several statements"),
        ({"server": "x"}, "server must be a running server, got 'x'"),
        ({"grant": "ALL"}, "netns_account takes no grant="),
    ],
)
def test_arguments_of_an_account(
    netns_account: AccountFactory, netns_mysqld: MySQLServer, arguments: dict[str, Any], message: str
) -> None:
    before = netns_mysqld.execute("SELECT user, host FROM mysql.user")
    with pytest.raises(ClientError) as error:
        netns_account(**{"user": "app", **arguments})
    assert message in str(error.value).splitlines()[0]
    assert error.value.remedies
    assert netns_mysqld.execute("SELECT user, host FROM mysql.user") == before


def test_a_refused_statement_is_a_client_error_with_the_servers_message(netns_account: AccountFactory) -> None:
    netns_account("app")
    with pytest.raises(
        ClientError, match=r"creating the account 'app'@'127\.0\.0\.1' failed: the server refused"
    ) as error:
        netns_account("app")
    assert "tried: 1396 (HY000): Operation CREATE USER failed" in str(error.value)
    with pytest.raises(ClientError, match=r"granting 'SELECT ON nowhere' failed"):
        netns_account("next", grants="SELECT ON nowhere")


@pytest.mark.parametrize(
    "grant",
    [
        "SELECT ON `a;b -- c`.*",
        "PROXY ON 'it''s; TO'@'%'",
        "SELECT, INSERT ON *.*",
        'PROXY ON "a#b"@"%"',
        r"ALL ON `shop\_a`.*",
    ],
)
def test_quoted_text_is_not_taken_for_a_statement(
    netns_account: AccountFactory, netns_mysqld: MySQLServer, grant: str
) -> None:
    app = netns_account("app", grants=[grant])
    assert len(netns_mysqld.execute(f"SHOW GRANTS FOR {app}")) in (1, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"namespace": 5}, "namespace must be the name of a namespace, got 5"),
        ({"account": "app"}, "account must be what netns_account() returned, got 'app'"),
        ({"endpoint": 5}, "endpoint must be an endpoint or the name of a namespace, got 5"),
        ({"driver": 5}, "there is no driver 5"),
        ({"server": 5}, "server must be a running server, got 5"),
        ({"server": {"red": 1}}, "server must be a running server, got {'red': 1}"),
        ({"user": "a\0b"}, "user must not have a NUL in it"),
        ({"database": "a\0b"}, "database must not have a NUL in it"),
        ({"user": "app", "password": "a\0b"}, "password must not have a NUL in it"),
    ],
)
def test_arguments_of_a_connection(netns_connect: ConnectFactory, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as error:
        netns_connect(**arguments)
    assert message in str(error.value).splitlines()[0]
    assert error.value.remedies


def test_a_namespace_is_named(netns: Network, netns_connect: ConnectFactory, netns_argv: ArgvFactory) -> None:
    for make in (
        lambda: netns_connect(cast("str", netns["red"])),
        lambda: netns_argv("mysql", namespace=cast("str", netns["red"])),
    ):
        with pytest.raises(ClientError, match=r"namespace must be the name of a namespace, got <Names") as error:
            make()
        assert "do: write 'red'" in str(error.value)
    with pytest.raises(UnknownNamespaceError, match="there is no namespace 'rad'"):
        netns_argv("mysqladmin", namespace="rad")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((5,), "a command line takes strings and paths, got 5"),
        (("",), "program must not be empty"),
        (("mysql", 5), "a command line takes strings and paths, got 5"),
        (("mysql", b"x"), "a command line takes strings and paths, got b'x'"),
        (("mysql", "a\0b"), "argument must not have a NUL in it"),
    ],
)
def test_arguments_of_a_command_line(netns_argv: ArgvFactory, words: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ClientError) as error:
        netns_argv(*words)
    assert message in str(error.value).splitlines()[0]
    assert error.value.remedies


def test_a_server_that_is_stopped(
    netns_start_mysqld: StartFactory,
    netns_connect: ConnectFactory,
    netns_account: AccountFactory,
) -> None:
    stopped = netns_start_mysqld(bind_address="192.0.2.2/red", options={"port": 3399})
    stopped.stop()
    for use in (lambda: netns_account("app", server=stopped), lambda: netns_connect("red", server=stopped)):
        with pytest.raises(ServerGoneError, match="mysqld is not running"):
            use()


def test_an_endpoint_of_another_server(
    other: MySQLServer, netns_connect: ConnectFactory, netns_argv: ArgvFactory, netns_account: AccountFactory
) -> None:
    uses: list[Callable[[], Any]] = [
        lambda: netns_connect("red", endpoint=other.endpoint("red")),
        lambda: netns_argv("mysqladmin", "ping", endpoint=other.endpoint("red")),
    ]
    for use in uses:
        with pytest.raises(ClientError, match=r"endpoint 192\.0\.2\.2/red, port 3397, belongs to other") as error:
            use()
        assert "do: pass server=other, too" in str(error.value)
    app = netns_account("app", host="192.0.2.2", server=other)
    for connection in (
        netns_connect("red", endpoint=other.endpoint("red"), user="app"),
        netns_connect("red", endpoint=other.endpoint("red"), server=other, account=app),
    ):
        with connection.cursor() as cursor:
            cursor.execute("SELECT USER(), @@port")
            assert cursor.fetchone() == ("app@192.0.2.2", 3397)


@pytest.mark.netns("red")
def test_no_backslash_escapes(
    unescaped: MySQLServer, netns_account: AccountFactory, netns_connect: ConnectFactory, netns_argv: ArgvFactory
) -> None:
    app = netns_account(r"a\'b", password=r"back\slash\\'", schema="a\\b", server=unescaped)
    with netns_connect(account=app, server=unescaped).cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER(), DATABASE()")
        assert cursor.fetchone() == (r"a\'b@192.0.2.2", "a\\b")
    argv = netns_argv("mysql", "--execute=CREATE TABLE t (n INT)", account=app, server=unescaped)
    subprocess.run(argv, check=True)
    assert unescaped.execute("SELECT @@SESSION.sql_mode") == [("NO_BACKSLASH_ESCAPES",)]
