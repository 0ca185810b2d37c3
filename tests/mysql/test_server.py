"""A running server: its endpoints, its restart, its error log, and the errors of a failed start."""

from __future__ import annotations

import os
import signal

import mysql.connector
import pytest

from pytest_netns_mysql import (
    ConnectFactory,
    Endpoint,
    EndpointError,
    MySQLServer,
    Network,
    ServerGoneError,
    ServerStartError,
    SettingError,
    factories,
)
from pytest_netns_mysql.mysql.waiting import becomes_true

pytestmark = pytest.mark.live

second = factories.mysqld(
    bind_address="127.0.0.1,192.0.2.2/red",
    admin_address="198.51.100.2/blue",
    options={"port": 3307, "max_connections": 10, "Event-Scheduler": False},
    scope="module",
)
typo = factories.mysqld(bind_address="127.0.0.1,102.0.2.2/red")
same_port = factories.mysqld(bind_address="192.0.2.2/red")
bad_option = factories.mysqld(options={"port": 3308, "no_such_option": 1})
misplaced = factories.mysqld(options={"port": 3311, "bind-address": "192.0.2.2/red"})
private = factories.mysqld(options={"port": 3311, "datadir": "/var/lib/mysql"})
fresh = factories.mysqld(options={"port": 3309}, scope="function")
wildcard = factories.mysqld(bind_address="*", options={"port": 3310}, scope="function")


def test_the_default_endpoints_are_those_of_the_manual(netns_mysqld: MySQLServer) -> None:
    assert netns_mysqld.endpoints == (
        Endpoint("127.0.0.1"),
        Endpoint("192.0.2.2", "red"),
        Endpoint("198.51.100.2", "blue"),
    )
    assert netns_mysqld.execute("SELECT @@bind_address") == [("127.0.0.1,192.0.2.2/red,198.51.100.2/blue",)]
    red = netns_mysqld.endpoint("red")
    assert (red.address, red.port, red.namespace) == ("192.0.2.2", 3306, "red")


def test_the_administrator_connects_by_the_private_socket(netns_mysqld: MySQLServer) -> None:
    with netns_mysqld.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        assert cursor.fetchone() == ("root@localhost",)


def test_version_and_error_log_are_those_of_the_running_server(netns_mysqld: MySQLServer) -> None:
    ((version,),) = netns_mysqld.execute("SELECT VERSION()")
    assert str(version).startswith(".".join(map(str, netns_mysqld.version)))
    assert "ready for connections" in netns_mysqld.error_log


def test_performance_schema_is_on_and_names_are_not_resolved(netns_mysqld: MySQLServer) -> None:
    assert netns_mysqld.execute("SELECT @@performance_schema, @@skip_name_resolve") == [(1, 1)]


def test_a_program_of_the_server_is_found(netns_mysqld: MySQLServer, netns: Network) -> None:
    result = netns["red"].run([netns_mysqld.program("mysql"), "--version"], capture_output=True, text=True, check=True)
    assert "Ver" in result.stdout


def test_a_second_server_has_its_own_options_and_endpoints(second: MySQLServer, netns_mysqld: MySQLServer) -> None:
    assert second.execute("SELECT @@port, @@max_connections, @@event_scheduler") == [(3307, 10, "OFF")]
    assert second.endpoint("red").port == 3307
    assert second.endpoint("blue", "admin") == Endpoint("198.51.100.2", "blue", 33062)
    assert second.pid != netns_mysqld.pid
    assert second.execute("SELECT @@server_uuid") != netns_mysqld.execute("SELECT @@server_uuid")


def test_the_admin_endpoint_answers_the_administrator(second: MySQLServer) -> None:
    second.execute("CREATE USER boss@'198.51.100.2'")
    second.execute("GRANT SERVICE_CONNECTION_ADMIN ON *.* TO boss@'198.51.100.2'")
    endpoint = second.endpoint("blue", "admin")
    with second.connect("blue", endpoint=endpoint, user="boss") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("boss@198.51.100.2",)


def test_a_missing_endpoint_is_an_error_with_the_existing_ones(second: MySQLServer, netns_mysqld: MySQLServer) -> None:
    with pytest.raises(EndpointError) as error:
        second.endpoint("blue")
    assert str(error.value).splitlines() == [
        "the server has no mysql endpoint in blue",
        f"  where: bind_address of server {second._spec.name}",
        "  tried: it listens on 127.0.0.1, 192.0.2.2/red",
        "  do: add an address of blue to bind_address",
    ]
    with pytest.raises(EndpointError, match="there is no kind of endpoint 'tls'"):
        netns_mysqld.endpoint("red", "tls")


def test_a_client_without_an_endpoint_in_its_namespace_uses_a_routed_one(second: MySQLServer) -> None:
    assert second.endpoint_for("blue") == Endpoint("192.0.2.2", "red", 3307)


def test_a_wildcard_is_reached_from_everywhere(wildcard: MySQLServer) -> None:
    wildcard.execute("CREATE USER anyone@'%'")
    seen = set()
    for name in ("red", "blue", "global"):
        with wildcard.connect(name, user="anyone") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT USER()")
            seen.add(cursor.fetchone()[0])
    assert seen == {"anyone@192.0.2.2", "anyone@198.51.100.2", "anyone@127.0.0.1"}


def test_restart_keeps_the_data_and_changes_endpoints_and_options(fresh: MySQLServer) -> None:
    fresh.execute("CREATE SCHEMA kept")
    fresh.execute("CREATE TABLE kept.t (n INT)")
    fresh.execute("INSERT INTO kept.t VALUES (42)")
    before = fresh.pid
    fresh.restart(bind_address="198.51.100.2/blue", max_connections=7)
    assert fresh.pid != before
    assert fresh.execute("SELECT n, @@max_connections, @@bind_address FROM kept.t") == [(42, 7, "198.51.100.2/blue")]
    assert fresh.endpoint("blue").port == 3309
    with pytest.raises(EndpointError, match="no mysql endpoint in red"):
        fresh.endpoint("red")


def test_a_killed_server_raises_server_gone_error(fresh: MySQLServer) -> None:
    os.kill(fresh._running_pid(), signal.SIGKILL)
    assert becomes_true(lambda: fresh.pid is None, timeout=30)
    for ask in (lambda: fresh.execute("SELECT 1"), fresh.connect, lambda: fresh.connect("red", user="x")):
        with pytest.raises(ServerGoneError) as error:
            ask()
        assert str(error.value).startswith("mysqld is not running: it was ended by SIGKILL")
        assert "do: in a test that stops the server, use a server of its own: factories.mysqld" in str(error.value)


def test_options_that_the_plugin_sets_are_refused(request: pytest.FixtureRequest, netns: Network) -> None:
    with pytest.raises(SettingError) as parameter:
        request.getfixturevalue("misplaced")
    assert "the option bind_address has a parameter of its own, which checks the endpoints" in str(parameter.value)
    assert "do: write bind_address=... beside options=..., not inside" in str(parameter.value)
    with pytest.raises(SettingError) as private:
        request.getfixturevalue("private")
    assert "the option datadir is set by the plugin: every server has its own" in str(private.value)


def test_the_server_goes_on_running_if_a_restart_is_refused(fresh: MySQLServer) -> None:
    before = fresh.pid
    with pytest.raises(EndpointError, match=r"namespace red has no address 192\.0\.2\.3"):
        fresh.restart(bind_address="192.0.2.3/red")
    with pytest.raises(EndpointError, match=r"namespace red has no address 102\.0\.2\.2"):
        fresh.restart(bind_address="127.0.0.1", admin_address="102.0.2.2/red", port=3399)
    assert fresh.pid == before
    assert fresh.endpoint("red") == Endpoint("192.0.2.2", "red", 3309)


def test_an_unknown_address_is_refused_before_the_server_starts(request: pytest.FixtureRequest, netns: Network) -> None:
    with pytest.raises(EndpointError) as error:
        request.getfixturevalue("typo")
    assert "bind_address = '102.0.2.2/red': namespace red has no address 102.0.2.2" in str(error.value)
    assert "tried: red has 192.0.2.2" in str(error.value)
    assert "do: write 192.0.2.2/red" in str(error.value)


def test_a_port_in_use_is_refused_before_the_server_starts(
    request: pytest.FixtureRequest, netns_mysqld: MySQLServer
) -> None:
    with pytest.raises(EndpointError) as error:
        request.getfixturevalue("same_port")
    assert str(error.value) == (
        "bind_address = '192.0.2.2/red': port 3306 is taken there\n"
        "  where: server same_port\n"
        "  do: give one of the two servers another bind_address, or another port: options={'port': 3307}"
    )


def test_a_failed_start_shows_command_line_and_error_log(request: pytest.FixtureRequest, netns: Network) -> None:
    with pytest.raises(ServerStartError) as error:
        request.getfixturevalue("bad_option")
    assert str(error.value).startswith("mysqld did not come up: it ended with exit code")
    assert "--no-such-option=1" in error.value.command
    assert "unknown variable 'no-such-option=1'" in str(error.value)
    assert error.value.codes[0] == "MY-000067"
    assert "--no-such-option=1" in str(error.value)


def test_a_client_connects_again_once_its_link_is_up(netns: Network, netns_connect: ConnectFactory) -> None:
    netns.link("red").down()
    try:
        with pytest.raises(mysql.connector.Error, match=r"2003|113|101"):
            netns_connect("blue", endpoint="red", connection_timeout=3)
    finally:
        netns.link("red").up()
    connection = netns_connect("blue", endpoint="red")
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("blue_user@198.51.100.2",)


def test_execute_returns_the_first_result_of_a_procedure(netns_mysqld: MySQLServer) -> None:
    netns_mysqld.execute("CREATE SCHEMA calls")
    netns_mysqld.execute("CREATE PROCEDURE calls.two() BEGIN SELECT 1; SELECT 2; END")
    assert netns_mysqld.execute("CALL calls.two()") == [(1,)]
    assert netns_mysqld.execute("SELECT 3") == [(3,)]


def test_a_reset_of_the_administrator_deselects_the_schema(netns_mysqld: MySQLServer) -> None:
    netns_mysqld.execute("CREATE SCHEMA chosen")
    netns_mysqld.execute("USE chosen")
    assert netns_mysqld.execute("SELECT DATABASE()") == [("chosen",)]
    netns_mysqld._administrator.reset()
    assert netns_mysqld.execute("SELECT DATABASE()") == [(None,)]
