"""Tortoise ORM: each pool is in its namespace, whichever task uses it, in a gather too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from tortoise import Tortoise, connections
from tortoise.exceptions import OperationalError

from pytest_netns_mysql import AccountFactory, MySQLServer, Network, SettingError
from pytest_netns_mysql.tortoise import bound
from tests.suites.orms.tortoise_models import Item

pytestmark = [pytest.mark.live, pytest.mark.as_user]
RED, BLUE = "app@192.0.2.2", "app@198.51.100.2"
Clients = dict[str, Any]
Run = Callable[[Callable[[Clients], Awaitable[None]]], None]


async def origin(client: Any) -> str:
    _, rows = await client.execute_query("SELECT USER() AS user, SLEEP(0.05)")
    return str(rows[0]["user"])


async def kill(client: Any, server: MySQLServer) -> None:
    _, rows = await client.execute_query("SELECT CONNECTION_ID() AS number")
    server.execute(f"KILL {rows[0]['number']}")


@pytest.fixture
def run(netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory) -> Run:
    """Runs a coroutine function with connections that are bound to red and to blue."""
    netns_account("app", host="%", schema="shop")

    def settings(name: str) -> dict[str, Any]:
        place = netns_mysqld.endpoint(name)
        login = {"user": "app", "password": "", "database": "shop", "host": place.address, "port": place.port}
        return {"engine": "tortoise.backends.mysql", "credentials": login}

    async def main(test: Callable[[Clients], Awaitable[None]]) -> None:
        apps = {"shop": {"models": [Item.__module__], "default_connection": "red"}}
        names = ("red", "blue")
        await Tortoise.init(config={"connections": {name: settings(name) for name in names}, "apps": apps})
        with ExitStack() as stack:
            clients = {name: stack.enter_context(bound(connections.get(name), netns[name])) for name in names}
            try:
                await test(clients)
            finally:
                await Tortoise.close_connections()

    return lambda test: asyncio.run(main(test))


def test_a_gather_over_red_and_blue_while_both_pools_grow(run: Run) -> None:
    async def test(clients: Clients) -> None:
        found = await asyncio.gather(*(origin(clients[name]) for name in ("red", "blue") * 3))
        assert found == [RED, BLUE] * 3
        assert {client._pool.size for client in clients.values()} == {3}

    run(test)


@pytest.mark.netns("blue")
def test_a_pool_replaces_a_lost_connection_from_there(run: Run, netns_mysqld: MySQLServer) -> None:
    async def test(clients: Clients) -> None:
        assert await origin(clients["red"]) == RED
        await kill(clients["red"], netns_mysqld)
        with suppress(OperationalError):  # if the pool has not noticed yet
            await origin(clients["red"])
        assert await origin(clients["red"]) == RED
        await clients["red"].close()
        assert await origin(clients["red"]) == RED

    run(test)


def test_models_and_transactions(run: Run) -> None:
    async def test(clients: Clients) -> None:
        await Tortoise.generate_schemas()
        async with clients["red"]._in_transaction() as connection:
            await Item.create(name="teapot", using_db=connection)
            assert await origin(connection) == RED
        assert await Item.all().using_db(clients["blue"]).count() == 1

    run(test)


def test_a_connection_that_is_open_already_is_refused(run: Run, netns: Network) -> None:
    async def test(clients: Clients) -> None:
        await origin(clients["red"])
        with pytest.raises(SettingError) as error, bound(clients["red"], netns["blue"]):
            pass
        assert str(error.value) == (
            "the connection 'red' of Tortoise ORM has a pool already, which is from anywhere\n"
            "  where: pytest_netns_mysql.tortoise\n"
            "  do: call bound() before the first query\n"
            "  do: or close it before: await client.close()"
        )

    run(test)


def test_of_two_blocks_the_inner_one_counts(run: Run, netns: Network) -> None:
    async def test(clients: Clients) -> None:
        with bound(clients["red"], netns["blue"]):
            assert await origin(clients["red"]) == BLUE
            await clients["red"].close()
        assert await origin(clients["red"]) == RED

    run(test)


def test_the_name_of_a_namespace_is_refused(run: Run) -> None:
    async def test(clients: Clients) -> None:
        name: Any = "blue"
        with (
            pytest.raises(SettingError, match=r"^bound\(\) takes a namespace, got 'blue'\n"),
            bound(clients["red"], name),
        ):
            pass

    run(test)
