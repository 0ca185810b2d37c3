"""Connections under pytest-asyncio, in event loops of every scope. The tests close none of them."""

import asyncio

import pytest
import pytest_asyncio

LIVED = []


async def ask(connection, query):
    cursor = await connection.cursor()
    await cursor.execute(query)
    (found,) = await cursor.fetchone()
    await cursor.close()
    return found


@pytest_asyncio.fixture
async def blue(netns_connect_async):
    connection = await netns_connect_async("blue")
    LIVED.append(connection)
    yield connection
    assert await ask(connection, "SELECT USER()") == "blue_user@198.51.100.2"


@pytest.mark.netns("red")
@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.asyncio
async def test_function(turn, netns_connect_async, blue):
    red, other = await asyncio.gather(netns_connect_async(), netns_connect_async("blue"))
    LIVED.append(red)
    assert await ask(red, "SELECT USER()") == "red_user@192.0.2.2"
    assert await ask(other, "SELECT USER()") == "blue_user@198.51.100.2"
    await red.reconnect()
    assert await ask(red, "SELECT USER()") == "red_user@192.0.2.2"


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.asyncio(loop_scope="class")
class TestClass:
    async def test_class(self, turn, netns_connect_async):
        LIVED.append(await netns_connect_async("red"))
        assert await ask(LIVED[-1], "SELECT USER()") == "red_user@192.0.2.2"


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.asyncio(loop_scope="module")
async def test_module(turn, netns_connect_async):
    async with netns_connect_async("red") as connection:
        assert await ask(connection, "SELECT USER()") == "red_user@192.0.2.2"
    LIVED.append(await netns_connect_async("red"))


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.asyncio(loop_scope="session")
async def test_session(turn, netns_connect_async):
    LIVED.append(await netns_connect_async("red"))
    assert await ask(LIVED[-1], "SELECT USER()") == "red_user@192.0.2.2"


@pytest.mark.asyncio(loop_scope="session")
async def test_nothing_is_open(netns_mysqld):
    assert not any(connection.is_socket_connected() for connection in LIVED)
    users = netns_mysqld.execute("SELECT COUNT(*) FROM performance_schema.threads WHERE PROCESSLIST_USER LIKE '%_user'")
    assert users == [(0,)]
