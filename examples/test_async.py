"""An event loop whose tasks connect from red and from blue, side by side."""

from __future__ import annotations

import asyncio

import mysql.connector
import pytest
from mysql.connector.aio import connect

from pytest_netns_mysql import Account, AccountFactory, MySQLServer, Network

pytestmark = pytest.mark.netns_mysqld(flavor="mysql")  # mysql.connector.aio does not know MariaDB


async def user(host: str, port: int, account: Account) -> str:
    """Return who the server says we are."""
    connection = await connect(host=host, port=port, user=account.user, password=account.password)
    cursor = await connection.cursor()
    await cursor.execute("SELECT USER()")
    ((name,),) = await cursor.fetchall()
    await connection.close()
    return str(name)


def test_tasks_in_two_namespaces(netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    """The block moves no thread: it says where the sockets of its task are created."""
    app = netns_account("app", host="%", password="secret")

    async def connect_from(name: str) -> str:
        endpoint = netns_mysqld.endpoint(name)
        async with netns[name]:
            return await user(endpoint.address, endpoint.port, app)

    async def main() -> list[str]:
        return [*await asyncio.gather(connect_from("red"), connect_from("blue"))]

    assert asyncio.run(main()) == ["app@192.0.2.2", "app@198.51.100.2"]


def test_a_coroutine_function_of_a_namespace(
    netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory
) -> None:
    """The same as a decorator, here of a function that somebody else calls, as a pool calls its `connect`."""
    app = netns_account("app", host="%", password="secret")
    endpoint = netns_mysqld.endpoint("red")
    from_red, from_blue = netns["red"](user), netns["blue"](user)

    async def main() -> tuple[str, str]:
        red = await from_red(endpoint.address, endpoint.port, app)
        return red, await from_blue(endpoint.address, endpoint.port, app)

    assert asyncio.run(main()) == ("app@192.0.2.2", "app@198.51.100.2")


def test_blocking_drivers_in_threads(netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    """A driver that blocks runs in a thread, which is in the namespace of the task that asks for it."""
    app = netns_account("app", host="%", password="secret")
    endpoint = netns_mysqld.endpoint("blue")

    def query() -> str:
        with (
            mysql.connector.connect(
                host=endpoint.address, port=endpoint.port, user=app.user, password=app.password
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT USER()")
            ((name,),) = cursor.fetchall()
            return str(name)

    async def main() -> list[str]:
        async with netns["red"]:
            by_task = await asyncio.to_thread(query)
        with netns["blue"].executor() as executor:
            by_executor = await asyncio.get_running_loop().run_in_executor(executor, query)
        return [by_task, by_executor]

    assert asyncio.run(main()) == ["app@192.0.2.2", "app@198.51.100.2"]
