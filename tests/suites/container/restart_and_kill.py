import os
import signal

import pytest

from pytest_netns_mysql import ServerGoneError, factories

server = factories.mysqld(options={"port": 3310, "max_connections": 33}, admin_address="127.0.0.1", scope="module")


def test_restart(server, netns):
    server.execute("CREATE SCHEMA kept")
    pid = server.pid
    server.restart(bind_address="192.0.2.2/red", max_connections=44)
    assert server.pid != pid
    assert server.execute("SELECT @@max_connections, @@bind_address") == [(44, "192.0.2.2/red")]
    assert server.execute("SHOW SCHEMAS LIKE 'kept'") == [("kept",)]
    assert str(server.endpoint("global", "admin")) == "127.0.0.1"
    server.execute("CREATE USER boss@'127.0.0.1'")
    server.execute("GRANT SERVICE_CONNECTION_ADMIN ON *.* TO boss@'127.0.0.1'")
    with server.connect(endpoint=server.endpoint("global", "admin"), user="boss") as connection:
        assert connection.is_connected()


def test_kill(server):
    server.execute("CREATE SCHEMA kept")
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(ServerGoneError, match="mysqld is not running: it was ended by SIGKILL"):
        server.execute("SELECT 1")
    server.restart()
    assert server.execute("SHOW SCHEMAS LIKE 'kept'") == [("kept",)]
