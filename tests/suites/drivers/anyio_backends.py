"""Connections under anyio's plugin of pytest: by asyncio, and refused by trio."""

import pytest

from pytest_netns_mysql import ClientError


async def user(connection):
    cursor = await connection.cursor()
    await cursor.execute("SELECT USER()")
    (found,) = await cursor.fetchone()
    await cursor.close()
    return found


@pytest.mark.anyio
async def test_a_connection(netns_connect_async, anyio_backend_name):
    if anyio_backend_name == "trio":
        with pytest.raises(ClientError) as error:
            await netns_connect_async("red")
        assert str(error.value).splitlines() == [
            "mysql.connector.aio needs an event loop of asyncio, and trio runs here",
            "  do: run the test by asyncio: with pytest-asyncio, or with anyio's backend asyncio",
            '  do: or connect in a thread: await anyio.to_thread.run_sync(netns_connect, "red")',
        ]
        return
    connection = await netns_connect_async("red")
    assert await user(connection) == "red_user@192.0.2.2"


@pytest.mark.anyio
async def test_in_a_thread(netns_connect):
    import anyio.to_thread

    connection = await anyio.to_thread.run_sync(netns_connect, "red")
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)
