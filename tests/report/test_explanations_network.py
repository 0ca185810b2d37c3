"""Explanations of connections that do not come about, and of connections that break off."""

from __future__ import annotations

import contextlib
import math
import re
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from pytest_netns_mysql import ConnectFactory, MySQLServer, Network, StartFactory
from pytest_netns_mysql.kernel.faults.fault import NetworkFault
from pytest_netns_mysql.report.explanations.errornumbers import explain
from pytest_netns_mysql.report.explanations.unreachable import heal
from tests.report.conftest import Explained, run

pytestmark = pytest.mark.live

LISTENING = "127.0.0.1 port 3306, 192.0.2.2/red port 3306, 198.51.100.2/blue port 3306"


@pytest.fixture(params=["mysql.connector", "pymysql", "mysqlx"])
def driver(request: pytest.FixtureRequest, netns_mysqlx: object) -> str:
    """The name of a driver; the server has X Plugin because a session is asked for."""
    return str(request.param)


def test_nothing_listens(explained: Explained, netns_connect: ConnectFactory, driver: str) -> None:
    found = explained(lambda: netns_connect("red", user="app", host="192.0.2.1", port=99, driver=driver))
    assert found.what.startswith("nothing listens at 192.0.2.1 port 99 (namespace global): the connection from red was")
    assert found.details == (
        "192.0.2.1 is the gateway of red, an address of global",
        f"the server listens at {LISTENING}",
    )
    assert found.remedies == ('leave host= and port= out: netns_connect("red") goes to 192.0.2.2/red port 3306',)


def test_a_socket_that_is_refused(explained: Explained, netns: Network) -> None:
    with netns["red"]:
        found = explained(lambda: socket.create_connection(("192.0.2.2", 99)))
    assert (
        found.what == "nothing listens at 192.0.2.2 port 99 (namespace red): the connection from the client was refused"
    )


def test_other_time_outs_are_not_explained(explained: Explained) -> None:
    for error in (TimeoutError(), ConnectionResetError(104, "Connection reset by peer"), FileNotFoundError(2, "gone")):
        assert explain(error, explained.context) is None


def test_a_partition(explained: Explained, netns: Network, netns_connect: ConnectFactory, driver: str) -> None:
    with netns.partition("blue"):
        found = explained(lambda: netns_connect("blue", endpoint="red", user="app", driver=driver))
    assert found.what.startswith(
        "blue cannot reach 192.0.2.2 port 33060 (namespace red): "
        if driver == "mysqlx"
        else "blue cannot reach 192.0.2.2 port 3306 (namespace red): "
    )
    assert "partition" in found.what
    assert found.details[0].startswith("since ")
    assert found.details[0].endswith(" ms before this attempt")


def test_a_link_that_is_down(explained: Explained, netns: Network, netns_connect: ConnectFactory) -> None:
    link = netns.link("blue")
    link.down()
    try:
        found = explained(lambda: netns_connect("red", endpoint="blue", user="app"))
    finally:
        link.up()
    assert found.what == "red cannot reach 198.51.100.2 port 3306 (namespace blue): the link of blue to global is down"
    assert found.remedies == ('end the fault before you connect: netns.link("blue").up()',)


def test_a_firewall(explained: Explained, netns: Network, netns_connect: ConnectFactory) -> None:
    with netns.partition("blue", port=3306, direction="in"):
        found = explained(lambda: netns_connect("red", endpoint="blue", user="app"))
    assert found.what.startswith("red cannot reach 198.51.100.2 port 3306 (namespace blue): port 3306 ")


def test_a_fault_that_ended_with_its_block(explained: Explained, netns: Network) -> None:
    def connect() -> None:
        with netns["blue"], netns.link("blue").down():
            socket.create_connection(("192.0.2.2", 3306), timeout=0.5)

    found = explained(connect)
    assert (
        found.what == "the client cannot reach 192.0.2.2 port 3306 (namespace red): the link of blue to global is down"
    )
    assert re.search(r"caused at \S*test_explanations_network\.py:\d+$", found.details[0])


def test_an_open_connection_that_is_cut(explained: Explained, netns: Network, netns_connect: ConnectFactory) -> None:
    connection = netns_connect("blue", endpoint="red", driver="pymysql", read_timeout=1)

    def query() -> None:
        with netns.partition("blue", action="drop"):
            run(connection, "SELECT 1")

    found = explained(query)
    assert found.what.startswith(f"connection {connection.thread_id()} broke off: blue is partitioned from ")


def test_no_route(explained: Explained, netns: Network, netns_connect: ConnectFactory) -> None:
    netns["red"].run(["ip", "route", "del", "default"], check=True)
    found = explained(lambda: netns_connect("red", endpoint="blue", user="app"))
    assert found.what == "red has no route to 198.51.100.2 port 3306 (namespace blue)"


def test_an_address_that_nobody_has(explained: Explained, netns: Network, netns_connect: ConnectFactory) -> None:
    netns["red"].run(["ip", "route", "add", "unreachable", "203.0.113.9"], check=True)
    found = explained(lambda: netns_connect("red", user="app", host="203.0.113.9"))
    assert found.what == "red cannot reach 203.0.113.9 port 3306: no namespace has this address"


def test_no_answer(explained: Explained, netns_connect: ConnectFactory) -> None:
    # The gateway of red does not exist on its link: packets for it wait for an answer to ARP.
    found = explained(lambda: netns_connect("red", user="app", host="192.0.2.77", connection_timeout=1))
    assert found.what == "192.0.2.77 port 3306 did not answer red in time"


def test_an_unknown_host_name(explained: Explained, netns_connect: ConnectFactory, driver: str) -> None:
    found = explained(lambda: netns_connect("red", user="app", host="db.example", driver=driver))
    assert found.what == "the host name db.example has no address in the sandbox"


def test_a_fault_elsewhere(explained: Explained, netns: Network, netns_connect: ConnectFactory) -> None:
    with netns.link("blue").down():
        found = explained(lambda: netns_connect("global", user="app", host="192.0.2.77", connection_timeout=1))
    assert found.what == "192.0.2.77 port 3306 did not answer global in time"
    assert found.details[0].startswith("in force elsewhere: the link of blue to global is down, since ")


def test_a_client_program_that_uses_a_socket_file(
    explained: Explained, netns: Network, netns_mysqld: MySQLServer
) -> None:
    argv = [netns_mysqld.program("mysql"), "--no-defaults", "--socket=/nowhere/mysql.sock", "-e", "SELECT 1"]
    found = explained(lambda: netns["red"].run(argv, check=True, capture_output=True, timeout=60))
    assert found.what == (
        "the client looked for the socket file /nowhere/mysql.sock and did not connect over the network"
    )


def test_a_server_that_was_stopped(
    explained: Explained, netns_start_mysqld: StartFactory, netns_connect: ConnectFactory
) -> None:
    server = netns_start_mysqld(bind_address="192.0.2.2/red", options={"port": 3399})
    server.execute("CREATE USER app@'192.0.2.2'")
    connection = server.connect("red", user="app", driver="pymysql")
    server.kill()
    found = explained(lambda: run(connection, "SELECT 1"), servers=[server])
    assert found.what == f"{server.name} was killed by the test (SIGKILL), and all its connections ended"


def test_a_killed_connection(explained: Explained, netns_connect: ConnectFactory, netns_mysqld: MySQLServer) -> None:
    first, second = netns_connect("red"), netns_connect("red", driver="pymysql")
    for connection, number in ((first, first.connection_id), (second, second.thread_id())):
        netns_mysqld.execute("KILL %s", number)
        found = explained(partial(run, connection, "SELECT 1"))
        assert found.what == f"connection {number} was killed: netns_mysqld.execute ran KILL {number}"
        assert found.remedies[1] == f"or KILL QUERY {number} would end the running statement alone"


def test_an_idle_connection(explained: Explained, netns_connect: ConnectFactory, netns_mysqld: MySQLServer) -> None:
    connection = netns_connect("red", driver="pymysql")
    run(connection, "SET wait_timeout = 1")
    number = connection.thread_id()
    alive = "SELECT 1 FROM performance_schema.threads WHERE PROCESSLIST_ID = %s"
    while netns_mysqld.execute(alive, number):
        time.sleep(0.1)
    found = explained(lambda: run(connection, "SELECT 1"))
    assert found.what == (
        f"the server ended connection {number}: somebody killed it, or it was idle for longer than wait_timeout"
    )


def test_a_statement_that_was_killed_is_not_the_connection(
    explained: Explained, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    connection = netns_connect("red", driver="pymysql")
    number = connection.thread_id()
    run(netns_connect("red"), f"KILL QUERY {number}")
    run(connection, "SET wait_timeout = 1")
    alive = "SELECT 1 FROM performance_schema.threads WHERE PROCESSLIST_ID = %s"
    while netns_mysqld.execute(alive, number):
        time.sleep(0.1)
    found = explained(lambda: run(connection, "SELECT 1"))
    assert found.what.startswith(f"the server ended connection {number}: ")


def test_a_connection_that_an_earlier_restart_ended(explained: Explained, netns_start_mysqld: StartFactory) -> None:
    server = netns_start_mysqld(bind_address="192.0.2.2/red", options={"port": 3399})
    server.execute("CREATE USER app@'192.0.2.2'")
    for began, when in (0.0, "during the test"), (math.inf, "before the test, after the connection was opened"):
        with contextlib.closing(server.connect("red", user="app")) as connection:
            number = connection.connection_id
            server.restart()
            query = partial(connection.cmd_query, "SELECT 1")
            found = explained(query, servers=[server], began=began)
            ended = f"and connection {number} ended with the mysqld before"
            assert found.what == f"{server.name} was started again {when}, {ended}"


def test_a_fault_of_other_namespaces(
    explained: Explained, netns: Network, netns_connect: ConnectFactory, netns_mysqld: MySQLServer
) -> None:
    connection = netns_connect("red", driver="pymysql")
    number = connection.thread_id()

    def query() -> None:
        with netns.link("blue").down():
            run(connection, "SELECT 1")

    netns_mysqld.execute("KILL %s", number)
    netns_mysqld.execute("TRUNCATE TABLE performance_schema.events_statements_history")
    found = explained(query)
    assert found.what.startswith(f"the server ended connection {number}: ")


def test_a_server_that_listens_on_the_loopback_interface_alone(
    explained: Explained, netns_start_mysqld: StartFactory
) -> None:
    server = netns_start_mysqld(bind_address="127.0.0.1", options={"port": 3399})
    endpoint = server.endpoints[0]
    found = explained(lambda: server.connect("red", endpoint=endpoint, user="app"), servers=[server])
    assert found.what.startswith("nothing listens at 127.0.0.1 port 3399")
    assert found.remedies == (f"no endpoint of {server.name} can be reached from red: add an address to bind_address",)


@pytest.mark.parametrize(
    ("cause", "kind", "remedy"),
    [
        (lambda netns: netns.link("red").down(), "link", 'end the fault before you connect: netns.link("red").up()'),
        (lambda netns: netns.link("red").shape(loss="1%"), "shape", "connect after the fault has ended: "),
        (lambda netns: netns.partition("red"), "rejection", "connect after the block `with netns.partition(...)`"),
        (lambda netns: netns.partition("red", action="drop"), "partition", "connect after the block `with netns."),
        (lambda netns: netns.partition("red", port=1), "rejection", "connect after the block `with netns.partition"),
    ],
)
def test_what_ends_a_fault_follows_from_its_kind(
    netns: Network, cause: Callable[[Network], NetworkFault], kind: str, remedy: str
) -> None:
    with cause(netns):
        (fault,) = netns.fault_log.in_force
        assert fault.kind == kind
        assert heal(fault).startswith(remedy)
        assert heal(replace(fault, what="something else")) == heal(fault)
