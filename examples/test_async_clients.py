"""Asyncio: connections of two namespaces in one event loop, each born where it was asked for."""

import asyncio
from typing import Any

from pytest_netns_mysql import AccountFactory, AsyncConnectFactory, MySQLServer


async def user(connection: Any) -> Any:
    cursor = await connection.cursor()
    await cursor.execute("SELECT USER()")
    row = await cursor.fetchone()
    await cursor.close()
    return row


def test_red_and_blue_at_once(netns_connect_async: AsyncConnectFactory) -> None:
    async def main() -> list[Any]:
        async with netns_connect_async("red") as red, netns_connect_async("blue", endpoint="red") as blue:
            return [*await asyncio.gather(user(red), user(blue))]

    assert asyncio.run(main()) == [("red_user@192.0.2.2",), ("blue_user@198.51.100.2",)]


def test_a_lost_connection_comes_back_from_its_namespace(
    netns_connect_async: AsyncConnectFactory, netns_account: AccountFactory, netns_mysqld: MySQLServer
) -> None:
    app = netns_account("app", host="192.0.2.%", password="secret")

    async def main() -> Any:
        connection = await netns_connect_async("red", account=app)  # it ends with the event loop
        netns_mysqld.execute(f"KILL {connection.connection_id}")
        await connection.reconnect()
        return await user(connection)

    assert asyncio.run(main()) == ("app@192.0.2.2",)
