"""Drivers for asyncio by name: whatever a connection opens later is opened in its namespace, red and blue at once."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import aiomysql
import asyncmy
import mariadb
import mysql.connector
import mysql.connector.aio
import pytest
import uvloop

from pytest_netns_mysql import Account, AccountFactory, AsyncConnectFactory, ClientError, Endpoint, MySQLServer, Network

pytestmark = pytest.mark.live

RED, BLUE = "192.0.2.2", "198.51.100.2"
DRIVERS = ["mysql.connector.aio", "asyncmy", "aiomysql"]
FUNCTIONS: dict[str, Any] = {
    "aio-function": mysql.connector.aio.connect,
    "asyncmy-function": asyncmy.connect,
    "aiomysql-function": aiomysql.connect,
    "aiomysql-lambda": lambda **options: aiomysql.connect(
        host=options["host"], port=options["port"], user=options["user"], password=options["password"]
    ),
    "asyncmy-lambda": lambda **options: asyncmy.connect(**options),  # methods that Cython has compiled
    "mariadb-function": mariadb.asyncConnect,
}
every_driver = pytest.mark.parametrize("driver", DRIVERS)
every_function = pytest.mark.parametrize("driver", [*DRIVERS, *FUNCTIONS.values()], ids=[*DRIVERS, *FUNCTIONS.keys()])


@pytest.fixture
def app(netns_account: AccountFactory) -> Account:
    """An account that may come from anywhere."""
    return netns_account("app", host="%", password="password")


async def ask(connection: Any, query: str) -> Any:
    cursor = connection.cursor()
    if asyncio.iscoroutine(cursor):
        cursor = await cursor
    await cursor.execute(query)
    (found,) = await cursor.fetchone()
    await cursor.close()
    return found


async def close(connection: Any) -> None:
    """Close a connection in the driver's own way."""
    closing = connection.close()
    if asyncio.iscoroutine(closing):
        await closing


async def reconnect(connection: Any) -> None:
    """Reconnect in the driver's own way."""
    if hasattr(connection, "reconnect"):
        await connection.reconnect()
    else:
        await connection.ping(reconnect=True)


@every_function
def test_red_and_blue_at_once(netns_connect_async: AsyncConnectFactory, app: Account, driver: Any) -> None:
    async def user(namespace: str) -> Any:
        connection = await netns_connect_async(namespace, driver=driver, account=app)
        await asyncio.sleep(0)
        return await ask(connection, "SELECT USER()")

    async def main() -> list[Any]:
        return await asyncio.gather(*(user(namespace) for namespace in ["red", "blue"] * 2))

    assert asyncio.run(main()) == [f"app@{RED}", f"app@{BLUE}"] * 2


@every_function
@pytest.mark.netns("blue")
def test_a_connection_that_was_killed_reconnects_from_its_namespace(
    netns_connect_async: AsyncConnectFactory, app: Account, netns_mysqld: MySQLServer, driver: Any
) -> None:
    async def main() -> None:
        connection = await netns_connect_async("red", driver=driver, account=app)
        for _ in range(2):
            netns_mysqld.execute(f"KILL {await ask(connection, 'SELECT CONNECTION_ID()')}")
            await asyncio.create_task(reconnect(connection))
            assert await ask(connection, "SELECT USER()") == f"app@{RED}"

    asyncio.run(main())


@every_driver
def test_the_own_account_of_a_namespace(netns_connect_async: AsyncConnectFactory, driver: str) -> None:
    async def main() -> None:
        async with netns_connect_async("blue", driver=driver, endpoint="red") as connection:
            assert await ask(connection, "SELECT USER()") == f"blue_user@{BLUE}"
            assert await ask(connection, "SELECT DATABASE()") == "blue_schema"
        async with await netns_connect_async("red", driver=driver) as connection:
            assert await ask(connection, "SELECT USER()") == f"red_user@{RED}"

    asyncio.run(main())


@every_driver
def test_a_connection_of_the_server(netns_mysqld: MySQLServer, netns_account: AccountFactory, driver: str) -> None:
    netns_account("plain", host=RED)

    async def main() -> Any:
        connection = await netns_mysqld.connect_async("red", driver=driver, user="plain")
        async with connection:  # which closes it
            return await ask(connection, "SELECT USER()")

    assert asyncio.run(main()) == f"plain@{RED}"


@pytest.fixture
def kept() -> Iterator[list[Any]]:
    """A list of connections that are deleted after the test, where Python would warn of an open socket."""
    kept: list[Any] = []
    yield kept
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        kept.clear()
        gc.collect()
    assert [str(each.message) for each in warned] == []


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that is closed after the connections of the test."""
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        yield loop


@every_function
@pytest.mark.parametrize("end", ["shut down", "closed", "idle", "closed by the test"])
def test_a_connection_ends_with_its_loop_or_its_test(
    kept: list[Any],
    loop: asyncio.AbstractEventLoop,
    netns_connect_async: AsyncConnectFactory,
    app: Account,
    driver: Any,
    end: str,
) -> None:
    async def main() -> None:
        kept.append(await netns_connect_async("red", driver=driver, account=app))

    loop.run_until_complete(main())
    if end == "closed by the test":
        loop.run_until_complete(close(kept[0]))
    if end in ("shut down", "closed by the test"):
        loop.run_until_complete(loop.shutdown_asyncgens())
    if end != "idle":
        loop.close()


@pytest.fixture
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own until after the end of the connections."""
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        yield loop
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@every_driver
def test_a_connection_ends_in_a_loop_that_runs_in_another_thread(
    kept: list[Any],
    running_loop: asyncio.AbstractEventLoop,
    netns_connect_async: AsyncConnectFactory,
    app: Account,
    driver: str,
) -> None:
    async def connect() -> str:
        kept.append(await netns_connect_async("red", driver=driver, account=app))
        return str(await ask(kept[0], "SELECT USER()"))

    assert asyncio.run_coroutine_threadsafe(connect(), running_loop).result(10) == f"app@{RED}"


def test_a_server_that_is_silent_is_given_up(netns_connect_async: AsyncConnectFactory, netns: Network) -> None:
    async def error(driver: str, silent: Endpoint) -> BaseException:
        with pytest.raises(Exception, match="timed out") as raised:
            await netns_connect_async("red", endpoint=silent, driver=driver, connection_timeout=1)
        return raised.value

    async def main(silent: Endpoint) -> list[BaseException]:
        return [*await asyncio.gather(*(error(driver, silent) for driver in DRIVERS))]

    with netns["red"], socket.create_server((RED, 0)) as server:
        errors = asyncio.run(main(Endpoint(RED, "red", server.getsockname()[1])))
    assert [type(each).__name__ for each in errors] == [
        "ConnectionTimeoutError",
        "OperationalError",
        "OperationalError",
    ]


def test_an_option_that_the_driver_does_not_know(netns_connect_async: AsyncConnectFactory) -> None:
    async def main(driver: str) -> None:
        await netns_connect_async("red", driver=driver, query_callback=print)

    for driver in ("mysql.connector.aio", "aiomysql"):
        with pytest.raises(ClientError, match=f"^{driver} takes no option query_callback=, an option of asyncmy\n"):
            asyncio.run(main(driver))


@every_driver
def test_uvloop(netns_connect_async: AsyncConnectFactory, app: Account, kept: list[Any], driver: str) -> None:
    """Whose sockets are created in C."""

    async def user(namespace: str) -> Any:
        kept.append(await netns_connect_async(namespace, driver=driver, account=app))
        await reconnect(kept[-1])
        return await ask(kept[-1], "SELECT USER()")

    async def main() -> list[Any]:
        return [await user("red"), await user("blue")]

    with contextlib.closing(uvloop.new_event_loop()) as loop:
        assert loop.run_until_complete(main()) == [f"app@{RED}", f"app@{BLUE}"]
        loop.run_until_complete(loop.shutdown_asyncgens())


def test_a_pool_of_mysql_connector_replaces_connections_from_its_namespace(
    netns_connect_async: AsyncConnectFactory, app: Account, netns_mysqld: MySQLServer
) -> None:
    async def users(namespace: str) -> list[str]:
        pool_class: Any = mysql.connector.aio.MySQLConnectionPool
        pool = await netns_connect_async(namespace, driver=pool_class, account=app, pool_size=2)
        first = await pool.get_connection()
        netns_mysqld.execute(f"KILL {await ask(first, 'SELECT CONNECTION_ID()')}")
        await reconnect(first)
        connections = [first, await pool.get_connection()]
        return [await ask(connection, "SELECT USER()") for connection in connections]

    async def main() -> list[list[str]]:
        return [*await asyncio.gather(users("red"), users("blue"))]

    assert asyncio.run(main()) == [[f"app@{RED}"] * 2, [f"app@{BLUE}"] * 2]


@pytest.mark.parametrize("create_pool", [aiomysql.create_pool, asyncmy.create_pool])
def test_a_pool_grows_from_its_namespace(
    netns_connect_async: AsyncConnectFactory, app: Account, netns_mysqld: MySQLServer, create_pool: Any
) -> None:
    async def users(namespace: str) -> set[str]:
        pool = await netns_connect_async(namespace, driver=create_pool, account=app, minsize=1, maxsize=3)
        connections = [await pool.acquire() for _ in range(3)]
        netns_mysqld.execute(f"KILL {await ask(connections[0], 'SELECT CONNECTION_ID()')}")
        await connections[0].ping(reconnect=True)
        return {await ask(connection, "SELECT USER()") for connection in connections}

    async def main() -> list[set[str]]:
        return [*await asyncio.gather(users("red"), users("blue"))]

    assert asyncio.run(main()) == [{f"app@{RED}"}, {f"app@{BLUE}"}]


@pytest.mark.parametrize("create_pool", [aiomysql.create_pool, asyncmy.create_pool])
def test_a_pool_takes_a_connection_back_and_replaces_an_old_one_from_its_namespace(
    netns: Network, netns_connect_async: AsyncConnectFactory, app: Account, create_pool: Any
) -> None:
    async def users(namespace: str, recycle: int) -> list[str]:
        pool = await netns_connect_async(namespace, driver=create_pool, account=app, maxsize=1, pool_recycle=recycle)
        found = []
        for _ in range(2):
            async with pool.acquire() as connection:
                found.append(await ask(connection, "SELECT USER()"))
            await asyncio.sleep(0)
        return found

    async def main() -> list[list[str]]:
        async with netns["blue"]:
            return [await users("red", recycle) for recycle in (-1, 0)]

    assert asyncio.run(main()) == [[f"app@{RED}"] * 2] * 2
