"""Explanations of errors in networks with several servers: each is of the server that the client talked to."""

from __future__ import annotations

import socket
from functools import partial
from typing import Any

import mysql.connector
import pytest

from pytest_netns_mysql import ConnectFactory, MySQLServer, Network, StartFactory, clock
from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.mysqld.attempts import Attempt, attempt_that_raised
from pytest_netns_mysql.report.connections import connections
from pytest_netns_mysql.report.reportdata import Explanation
from tests.report.conftest import Explained, run

pytestmark = pytest.mark.live


@pytest.fixture
def other(netns_start_mysqld: StartFactory) -> MySQLServer:
    """A second server, whose connections have the same small numbers as those of the first."""
    server = netns_start_mysqld(bind_address="192.0.2.2/red", options={"port": 3399})
    server.execute("CREATE USER app@'192.0.2.2'")
    server.execute("CREATE SCHEMA shop")
    server.execute("CREATE TABLE shop.goods (a INT)")
    return server


@pytest.fixture
def both(explained: Explained, netns_mysqld: MySQLServer, other: MySQLServer) -> partial[Explanation]:
    """A function that returns the explanation of an error in the network of the two servers."""
    return partial(explained, servers=[netns_mysqld, other])


@pytest.mark.parametrize("driver", ["mysql.connector", "pymysql"])
def test_a_table_that_the_other_server_lacks(
    both: partial[Explanation],
    other: MySQLServer,
    netns_mysqld: MySQLServer,
    netns_connect: ConnectFactory,
    driver: str,
) -> None:
    other.execute("GRANT SELECT ON *.* TO app@'192.0.2.2'")
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE TABLE shop.prices (a INT)")
    connection = other.connect("red", user="app", driver=driver)
    netns_connect("red")
    found = both(lambda: run(connection, "SELECT * FROM shop.prices"))
    assert found.what == f"there is no table shop.prices on {other.name}"
    assert "the server mysqld has it" in found.details


def test_a_privilege_of_a_connection_whose_number_both_servers_have(
    both: partial[Explanation], other: MySQLServer, netns_connect: ConnectFactory
) -> None:
    connection = other.connect("red", user="app")
    connections = [netns_connect("blue")]
    while connections[-1].connection_id < connection.connection_id:
        connections.append(netns_connect("blue"))
    found = both(lambda: run(connection, "SELECT * FROM shop.goods"))
    assert found.what == "'app'@'192.0.2.2' has no SELECT privilege on shop.goods"


def test_a_statement_of_an_administrator(both: partial[Explanation], other: MySQLServer) -> None:
    found = both(lambda: other.execute("SELECT * FROM shop.good"))
    assert found.what == f"there is no table shop.good on {other.name}"


def test_a_connection_of_the_tests_own(both: partial[Explanation], other: MySQLServer, netns: Network) -> None:
    import pymysql

    other.execute("GRANT SELECT ON *.* TO app@'192.0.2.2'")
    with netns["red"]:
        connection = pymysql.connect(host="192.0.2.2", port=3399, user="app")
    found = both(lambda: run(connection, "SELECT * FROM shop.good"))
    assert found.what == f"there is no table shop.good on {other.name}"
    connection.close()


def test_a_client_program(both: partial[Explanation], other: MySQLServer, netns: Network) -> None:
    other.execute("GRANT SELECT ON *.* TO app@'192.0.2.2'")
    argv = [other.program("mysql"), "--no-defaults", "--host=192.0.2.2", "--port=3399", "--user=app"]
    argv += ["-e", "SELECT * FROM shop.good"]
    found = both(lambda: netns["red"].run(argv, check=True, capture_output=True, timeout=60))
    assert found.what == f"there is no table shop.good on {other.name}"


def test_a_socket(both: partial[Explanation], other: MySQLServer, netns: Network) -> None:
    other.stop()
    with netns["red"]:
        found = both(lambda: socket.create_connection(("192.0.2.2", 3399)))
    assert found.what.startswith(f"{other.name} does not run, so nothing listens at 192.0.2.2 port 3399")


def test_two_attempts_that_end_with_the_same_text(netns_mysqld: MySQLServer) -> None:
    red, blue = (Attempt(name, netns_mysqld.endpoint(name), "app", "pymysql") for name in ("red", "blue"))
    errors = ClientError("refused"), ClientError("refused")
    red.note_error(errors[0])
    blue.note_error(errors[1])
    assert attempt_that_raised(errors[0], [red, blue]) is red
    assert attempt_that_raised(errors[1], [red, blue]) is blue
    assert attempt_that_raised(ClientError("refused"), [red, blue]) is blue
    red.note_error(builtin := TimeoutError("timed out"))
    assert attempt_that_raised(builtin, [red, blue]) is red


def test_remedies_name_the_server_that_is_meant(both: partial[Explanation], other: MySQLServer) -> None:
    # By PyMySQL: Python 3.13 has mysql.connector refuse the server's own certificate before its name is looked at.
    options: dict[str, Any] = {
        "ssl_ca": str(other.tls.issue("app").ca),
        "ssl_verify_cert": True,
        "ssl_verify_identity": True,
    }
    found = both(lambda: other.connect("red", user="app", driver="pymysql", **options))
    assert found.remedies[1] == (
        f"or give the server a certificate for its endpoints: with {other.name}.tls.endpoints_certified(): ..."
    )


def test_the_report_shows_the_address_that_the_server_named(
    netns_mysqld: MySQLServer, netns_connect: ConnectFactory
) -> None:
    began = clock.now()
    with pytest.raises(mysql.connector.Error) as caught:
        netns_connect("red", user="nobody", password="wrong")
    (attempt,) = netns_mysqld._attempts.since(began)
    attempt.note_error(RuntimeError("1045: Access denied for user 'nobody'@'192.0.2.9' (using password: YES)"))
    (shown,) = connections([netns_mysqld], began, caught.value)
    assert shown.origin == "192.0.2.9"
    attempt.note_error(RuntimeError("1130: Host '192.0.2.9' is not allowed to connect to this MySQL server"))
    assert attempt.seen_from == "192.0.2.9"
    attempt.note_error(RuntimeError("1044: Access denied for user 'nobody'@'192.0.2.9' to database 'shop'"))
    assert attempt.seen_from == ""
