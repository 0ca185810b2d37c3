"""Drivers by name: an unknown name, and a driver of the other kind, is an error that says what to write."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import mysql.connector
import pytest

from pytest_netns_mysql import AsyncConnectFactory, ClientError, ConnectFactory, MySQLServer

pytestmark = pytest.mark.live

NAMES = '"mysql.connector", "mysql.connector.cext", "pymysql", "mysqldb", "mariadb"'
ASYNC_NAMES = '"mysql.connector.aio", "asyncmy"'


def test_an_unknown_name_lists_the_known_ones(netns_connect: ConnectFactory, netns_mysqld: MySQLServer) -> None:
    for connect in (netns_connect, netns_mysqld.connect):
        with pytest.raises(ClientError) as error:
            connect("red", driver="psycopg")
        assert str(error.value).splitlines() == [
            "there is no driver 'psycopg'",
            f'  tried: the drivers are {NAMES}, "mysqlx"',
            '  tried: "mysql.connector": pip install mysql-connector-python',
            '  tried: "pymysql": pip install pytest-netns-mysql[pymysql]',
            '  tried: "mysqldb": pip install mysqlclient',
            '  tried: "mariadb": pip install mariadb',
            '  tried: "mysqlx": pip install pytest-netns-mysql[x]',
            f'  do: use {NAMES} or "mysqlx"',
            "  do: or pass the connect function of any other driver: driver=its_module.connect",
        ]


@pytest.mark.parametrize("driver", ["asyncmy", "aiomysql", "mysql.connector.aio"])
def test_an_asynchronous_name_says_which_fixture_takes_it(netns_connect: ConnectFactory, driver: str) -> None:
    with pytest.raises(ClientError) as error:
        netns_connect("red", driver=driver)
    first, remedy, _ = str(error.value).splitlines()
    assert first == f"driver='{driver}' is asynchronous: netns_connect opens connections without an event loop"
    assert remedy == f"  do: await netns_connect_async(..., driver='{driver}')"


@pytest.mark.parametrize("driver", ["pymysql", mysql.connector.connect], ids=["name", "function"])
def test_a_driver_that_is_not_asynchronous(netns_connect_async: AsyncConnectFactory, driver: Any) -> None:
    with pytest.raises(
        ClientError, match=r"^driver=.* is not asynchronous\n  do: netns_connect\(\.\.\., driver="
    ) as error:
        netns_connect_async("red", driver=driver)
    assert f'do: use {ASYNC_NAMES} or "aiomysql"' in str(error.value)


def test_a_pool_of_the_process_is_refused_with_the_pool_to_use(netns_connect_async: AsyncConnectFactory) -> None:
    async def main() -> None:
        await netns_connect_async("red", pool_size=2)

    with pytest.raises(ClientError, match=r"^pool_size=: a pool of mysql\.connector\.connect opens") as error:
        asyncio.run(main())
    assert "do: await netns_connect_async(..., driver=mysql.connector.aio.MySQLConnectionPool, pool_size" in str(
        error.value
    )


def test_an_unknown_asynchronous_name_lists_the_known_ones(netns_connect_async: AsyncConnectFactory) -> None:
    with pytest.raises(ClientError) as error:
        netns_connect_async("red", driver="asyncpg")
    assert str(error.value).splitlines() == [
        "there is no asynchronous driver 'asyncpg'",
        f'  tried: the drivers are {ASYNC_NAMES}, "aiomysql"',
        '  tried: "mysql.connector.aio": pip install mysql-connector-python',
        '  tried: "asyncmy": pip install asyncmy',
        '  tried: "aiomysql": pip install aiomysql',
        f'  do: use {ASYNC_NAMES} or "aiomysql"',
        "  do: or pass the connect function of another asynchronous driver: driver=its_module.connect",
    ]


@pytest.mark.parametrize(
    ("driver", "module", "requirement"),
    [
        ("mysqldb", "MySQLdb", "mysqlclient"),
        ("mariadb", "mariadb", "mariadb"),
        ("mysql.connector.cext", "mysql.connector.connection_cext", "mysql-connector-python, of a version whose C "),
    ],
)
def test_a_driver_that_is_not_installed(
    netns_connect: ConnectFactory, monkeypatch: pytest.MonkeyPatch, driver: str, module: str, requirement: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "pytest_netns_mysql.mysql.drivers.cextension", raising=False)
    with pytest.raises(ClientError) as error:
        netns_connect("red", driver=driver)
    first, tried, remedy = str(error.value).splitlines()
    assert first == f"the driver {driver} is not installed"
    assert tried == f"  tried: import of {module} halted; None in sys.modules"
    assert remedy.startswith(f"  do: pip install {requirement}")


def test_an_asynchronous_driver_that_is_not_installed(
    netns_connect_async: AsyncConnectFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "asyncmy", None)
    monkeypatch.delitem(sys.modules, "pytest_netns_mysql.mysql.drivers.asyncmy", raising=False)

    async def main() -> None:
        await netns_connect_async("red", driver="asyncmy")

    with pytest.raises(ClientError, match=r"^the driver asyncmy is not installed\n.*\n  do: pip install asyncmy$"):
        asyncio.run(main())


def test_an_asynchronous_connection_outside_of_an_event_loop(netns_connect_async: AsyncConnectFactory) -> None:
    connecting: Any = netns_connect_async("red").__await__()
    with pytest.raises(ClientError, match=r"^mysql\.connector\.aio needs an event loop of asyncio, and none runs here"):
        next(connecting)
