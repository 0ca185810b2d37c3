"""A server without TLS, and an account with a password: asyncio drivers ask for TLS, and do without."""

import asyncio

import asyncmy
import mysql.connector.aio
import pytest


async def user(connection):
    cursor = connection.cursor()
    if asyncio.iscoroutine(cursor):
        cursor = await cursor
    await cursor.execute("SELECT USER()")
    (found,) = await cursor.fetchone()
    await cursor.close()
    return found


@pytest.mark.parametrize("driver", ["mysql.connector.aio", "asyncmy", "aiomysql"])
def test_a_connection(netns_connect_async, netns_account, driver):
    app = netns_account("app", host="%", password="p")

    async def main():
        async with netns_connect_async("red", driver=driver, account=app) as connection:
            if hasattr(connection, "reconnect"):
                await connection.reconnect()
            else:
                connection.close()
                await connection.ping(reconnect=True)
            return await user(connection)

    assert asyncio.run(main()) == "app@192.0.2.2"


def test_pools(netns_connect_async, netns_account):
    app = netns_account("app", host="%", password="p")

    async def main():
        pool = await netns_connect_async("red", driver=asyncmy.create_pool, account=app)
        async with pool.acquire() as connection:
            assert await user(connection) == "app@192.0.2.2"
        pool = await netns_connect_async("red", driver=mysql.connector.aio.MySQLConnectionPool, account=app)
        assert await user(await pool.get_connection()) == "app@192.0.2.2"

    asyncio.run(main())
