"""Connections: each socket is born in its namespace, the first and every later one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import mysql.connector
import pytest

from pytest_netns_mysql import (
    AccountFactory,
    ClientError,
    ConnectFactory,
    MySQLServer,
    NamespaceConnection,
    NamespacePool,
    Network,
    UnknownNamespaceError,
    factories,
)
from pytest_netns_mysql.mysql.clients.accounts import Accounts
from pytest_netns_mysql.mysql.clients.clients import Clients

pytestmark = pytest.mark.live

RED, BLUE = "192.0.2.2", "198.51.100.2"

in_red = factories.client(namespace="red")
by_pymysql = factories.client(driver="pymysql", namespace="blue")
across = factories.client(namespace="red", endpoint="blue")


def user(connection: Any) -> str:
    cursor = connection.cursor()
    cursor.execute("SELECT USER()")
    (found,) = cursor.fetchone()
    cursor.close()
    return str(found)


@pytest.mark.netns("red", "blue", "global")
def test_the_account_is_named_after_the_namespace_and_its_origin(
    netns_mysql: NamespaceConnection, netns: Network, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.params["netns_name"]
    origin = {"red": RED, "blue": BLUE, "global": "127.0.0.1"}[name]
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER(), CURRENT_USER(), DATABASE()")
        assert cursor.fetchone() == (f"{name}_user@{origin}", f"{name}_user@{origin}", f"{name}_schema")


@pytest.mark.netns("red")
def test_the_schema_is_the_accounts_own(netns_mysql: NamespaceConnection) -> None:
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE t (n INT)")
        cursor.execute("INSERT INTO t VALUES (1)")
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() == [("t",)]
        with pytest.raises(
            mysql.connector.ProgrammingError, match=r"CREATE command denied to user 'red_user'@'192\.0\.2\.2'"
        ):
            cursor.execute("CREATE TABLE mysql.t (n INT)")


def test_the_schema_is_fresh_for_each_test(netns_mysqld: MySQLServer) -> None:
    for _ in range(2):
        accounts = Accounts(netns_mysqld)
        with Clients(netns_mysqld, accounts, "red") as clients, clients.connect().cursor() as cursor:
            cursor.execute("SHOW TABLES")
            assert cursor.fetchall() == []
            cursor.execute("CREATE TABLE t (n INT)")
        accounts.drop()


@pytest.mark.parametrize(
    ("driver", "again"),
    [
        ("mysql.connector", lambda connection: connection.reconnect()),
        ("mysql.connector", lambda connection: connection.ping(reconnect=True)),
        ("pymysql", lambda connection: connection.connect()),
    ],
    ids=["reconnect", "ping", "pymysql"],
)
def test_a_reconnect_comes_from_the_same_namespace(
    netns_connect: ConnectFactory, driver: str, again: Callable[[Any], None]
) -> None:
    connection = netns_connect("red", driver=driver)
    for _ in range(2):
        connection.close()
        again(connection)
        assert user(connection) == f"red_user@{RED}"


def test_a_reconnect_in_another_namespace_and_thread_comes_from_its_own(
    netns: Network, netns_connect: ConnectFactory
) -> None:
    connection = netns_connect("red")
    seen = []

    def elsewhere() -> None:
        with netns["blue"]:
            connection.reconnect()
            seen.append(user(connection))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [f"red_user@{RED}"]


def test_any_connect_function_makes_its_socket_inside(netns_connect: ConnectFactory) -> None:
    def connect(**options: Any) -> Any:
        return mysql.connector.connect(use_pure=True, ssl_disabled=True, **options)

    assert user(netns_connect("blue", driver=connect)) == f"blue_user@{BLUE}"


def test_a_pool_grows_and_refills_from_its_namespace(netns_mysqld: MySQLServer, netns: Network) -> None:
    netns_mysqld.execute("CREATE USER pooled@'192.0.2.2'")
    endpoint = netns_mysqld.endpoint("red")
    pool = NamespacePool(
        netns["red"],
        pool_name="red",
        pool_size=2,
        host=endpoint.address,
        port=endpoint.port,
        user="pooled",
        ssl_disabled=True,
    )
    try:
        with netns["blue"]:
            for _ in range(2):
                both = pool.get_connection(), pool.get_connection()
                assert [user(one) for one in both] == [f"pooled@{RED}"] * 2
                for one in both:
                    number = one.connection_id
                    one.close()
                    netns_mysqld.execute(f"KILL {number}")
    finally:
        pool.close()
        netns_mysqld.execute("DROP USER pooled@'192.0.2.2'")


def test_across_namespaces_the_origin_is_the_clients_own_address(netns_connect: ConnectFactory) -> None:
    assert user(netns_connect("red", endpoint="blue")) == f"red_user@{RED}"
    assert user(netns_connect("global", endpoint="red")) == "global_user@192.0.2.1"
    assert user(netns_connect("global", endpoint="blue")) == "global_user@198.51.100.1"
    assert user(netns_connect("global")) == "global_user@127.0.0.1"


def test_connections_of_one_namespace_share_its_account_and_schema(netns_connect: ConnectFactory) -> None:
    first, second = netns_connect("red"), netns_connect("red")
    with first.cursor() as cursor:
        cursor.execute("CREATE TABLE shared (n INT)")
    with second.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() == [("shared",)]


@pytest.mark.netns("red")
def test_an_account_is_made_for_the_tests_own_origin(
    netns_account: AccountFactory, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    netns_mysqld.execute("CREATE SCHEMA shop")
    try:
        app = netns_account("app", grants=["SELECT ON shop.*"])
        assert str(app) == "'app'@'192.0.2.2'"
        assert user(netns_connect(account=app)) == f"app@{RED}"
        with pytest.raises(mysql.connector.Error, match=f"1130.*Host '{BLUE}' is not allowed"):
            netns_connect("blue", account=app)
        grants = [grant for (grant,) in netns_mysqld.execute("SHOW GRANTS FOR app@'192.0.2.2'")]
        assert "GRANT SELECT ON `shop`.* TO `app`@`192.0.2.2`" in grants
    finally:
        netns_mysqld.execute("DROP SCHEMA shop")


def test_an_account_with_a_pattern_and_a_password(netns_account: AccountFactory, netns_connect: ConnectFactory) -> None:
    app = netns_account("it's", host="192.0.2.%", password=r"a 'b\ %s")
    connection = netns_connect("red", account=app)
    assert user(connection) == f"it's@{RED}"
    with connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1]  # a password is sent over TLS alone
    with pytest.raises(mysql.connector.Error, match="Access denied"):
        netns_connect("red", user="it's", password="wrong")


@pytest.fixture(scope="module")
def leaves_nothing(netns_mysqld: MySQLServer) -> Iterator[None]:
    """Look at the server when tests have ended."""
    before = accounts_and_schemas(netns_mysqld)
    yield
    assert accounts_and_schemas(netns_mysqld) == before


def accounts_and_schemas(server: MySQLServer) -> tuple[list[Any], list[Any]]:
    return server.execute("SELECT user, host FROM mysql.user"), server.execute("SHOW SCHEMAS")


def test_nothing_is_left_even_where_a_transaction_was_forgotten(
    leaves_nothing: None, netns_connect: ConnectFactory, netns_account: AccountFactory, netns_mysqld: MySQLServer
) -> None:
    netns_account("app", host="%")
    with netns_connect("red").cursor() as cursor:
        cursor.execute("CREATE TABLE t (n INT)")
    forgotten = netns_mysqld.connect("red", user="red_user", database="red_schema")
    cursor = forgotten.cursor()
    cursor.execute("INSERT INTO t VALUES (1)")  # not committed: the table is locked against DROP


def test_an_account_for_every_host_lets_no_host_in_once_it_is_dropped(netns_mysqld: MySQLServer) -> None:
    accounts = Accounts(netns_mysqld)
    accounts.create("app", host="%")
    assert refusal(netns_mysqld) == 1045  # ER_ACCESS_DENIED_ERROR: the host may connect, the user may not
    accounts.drop()
    assert refusal(netns_mysqld) == 1130  # ER_HOST_NOT_PRIVILEGED


def refusal(server: MySQLServer) -> int | None:
    with pytest.raises(mysql.connector.Error) as refused:
        server.connect("red", user="nobody", ssl_disabled=False)
    return refused.value.errno


def test_factories_make_clients(in_red: Any, by_pymysql: Any, across: Any) -> None:
    assert user(in_red) == f"red_user@{RED}"
    assert user(by_pymysql) == f"blue_user@{BLUE}"
    assert user(across) == f"red_user@{RED}"
    assert type(by_pymysql).__mro__[1].__module__ == "pymysql.connections"
    with in_red.cursor() as cursor:
        cursor.execute("SELECT @@hostname")
        cursor.fetchall()


def test_bad_arguments_say_what_is_allowed(netns_connect: ConnectFactory) -> None:
    with pytest.raises(UnknownNamespaceError, match="there is no namespace 'rad'") as unknown:
        netns_connect("rad")
    assert "has red, blue, global" in str(unknown.value)
    with pytest.raises(ClientError, match="there is no driver 'odbc'") as driver:
        netns_connect("red", driver="odbc")
    assert "or pass the connect function of any other driver: driver=its_module.connect" in str(driver.value)
