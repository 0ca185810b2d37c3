"""What test_machine_limits.py runs: tests that open all files they may; servers at the place of one that boots."""

from __future__ import annotations

import os
import resource
import socket
from typing import Any, NoReturn

import pytest

from pytest_netns_mysql import Network, factories

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
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


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
