"""What test_machine_limits.py runs: tests that open all files they may; servers at the place of one that boots."""

from __future__ import annotations

import os
import resource
import socket
from typing import Any, NoReturn

import pytest

from pytest_netns_mysql import CacheError, MySQLServer, Network, ServerStartError, factories

same = factories.mysqld()
everywhere = factories.mysqld(bind_address="*")
admin = factories.mysqld(bind_address="127.0.0.1", options={"port": 3307}, admin_address="127.0.0.1")
admin_too = factories.mysqld(bind_address="127.0.0.1", options={"port": 33062})
KEPT: list[Any] = []


def limit_files(number: int = 40) -> None:
    """Allow this process some more files than it has open."""
    highest = max(map(int, os.listdir("/proc/self/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + number, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def open_all() -> NoReturn:
    limit_files()
    opened = []
    while True:
        opened.append(socket.socket())


@pytest.fixture(autouse=True)
def _limit() -> Any:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, hard), hard))


def test_same(same: Any, netns_connect: Any) -> None: ...


def test_everywhere(everywhere: Any, netns_connect: Any) -> None: ...


def test_port_of_administrator(admin: Any, admin_too: Any) -> None: ...


@pytest.mark.netns("red")
def test_sockets() -> None:
    open_all()


@pytest.mark.netns("red")
def test_sockets_beside_a_server(netns_mysql: Any) -> None:
    open_all()


@pytest.mark.parametrize("driver", ["mysql.connector", "pymysql"])
def test_connections(netns_connect: Any, driver: str) -> None:
    limit_files()
    opened = []
    while True:
        opened.append(netns_connect("red", driver=driver))


def test_programs(netns: Network) -> None:
    limit_files()
    while True:
        KEPT.append(netns["red"].popen(["sleep", "60"], stdout=-1))


@pytest.mark.netns("red")
def test_afterwards(netns: Network, netns_mysql: Any) -> None:
    for program in KEPT:
        program.kill()
        program.communicate()
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == (f"red_user@{netns['red'].address}",)


def test_memory_of_the_sandbox(netns: Network, netns_start_mysqld: Any) -> None:
    with netns["global"]:
        room = os.statvfs("/run")
    used = (room.f_blocks - room.f_bfree) * room.f_frsize
    netns["global"].run(["mount", "-o", f"remount,size={used + (4 << 20)}", "/run"], check=True)
    try:
        with pytest.raises((CacheError, ServerStartError)) as error:
            netns_start_mysqld(bind_address="127.0.0.1", options={"port": 3400})
    finally:
        netns["global"].run(["mount", "-o", f"remount,size={room.f_blocks * room.f_frsize}", "/run"], check=True)
    assert error.value.remedies[0].endswith(
        "what lies in the sandbox's /run lies in memory, at most half of the machine's: run fewer servers at once, or "
        "load less"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="the kernel limits no processes of root")
def test_threads_of_mysqld(netns_mysqld: MySQLServer, netns_connect: Any) -> None:
    connections = [netns_connect("red") for _ in range(3)]  # their threads are kept for later connections
    resource.prlimit(netns_mysqld.pid or 0, resource.RLIMIT_NPROC, (1, 1))
    while len(connections) < 40:
        connections.append(netns_connect("red"))


# A process that is not root cannot raise the limit again, so this test is the last.
def test_connections_that_need_more_files(netns_start_mysqld: Any) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, 1024))
    options = {"port": 3400, "max_connections": 210}  # with the soft limit mysqld would allow fewer
    server = netns_start_mysqld(bind_address="127.0.0.1", options=options, drop_capabilities=["CAP_SYS_RESOURCE"])
    assert server.execute("SELECT @@max_connections, @@open_files_limit") == [(210, 1024)]
    with pytest.raises(ServerStartError) as error:
        server.restart(max_connections=2000)
    assert error.value.what == (
        "mysqld allows 214 connections instead of max_connections = 2000: it may not open enough files"
    )
    assert error.value.remedies == (
        "raise the limit on open files before pytest starts: ulimit -n 2810",
        "or ask for fewer connections: max_connections = 214",
    )
    assert "max_open_files: 1024 (requested" in error.value.tried[0]
    assert not server.is_running
