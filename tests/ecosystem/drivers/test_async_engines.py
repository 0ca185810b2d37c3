"""Asynchronous SQLAlchemy engines: each connection of a pool is opened in its namespace, red and blue at once."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import asyncmy
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pytest_netns_mysql import Account, AccountFactory, AsyncEngineFactory, ClientError, MySQLServer, Network

pytestmark = pytest.mark.live

RED, BLUE = "192.0.2.2", "198.51.100.2"
every_driver = pytest.mark.parametrize("driver", ["asyncmy", "aiomysql"])


@pytest.fixture
def app(netns_account: AccountFactory) -> Account:
    """An account that may come from anywhere."""
    return netns_account("app", host="%", password="pässword")


async def ask(engine: AsyncEngine, query: str) -> Any:
    async with engine.connect() as connection:
        return await connection.scalar(text(query))


@every_driver
@pytest.mark.netns("blue")
def test_pools_of_red_and_blue_grow_at_once(netns_async_engine: AsyncEngineFactory, app: Account, driver: str) -> None:
    async def users(namespace: str) -> set[str]:
        engine = netns_async_engine(namespace, driver=driver, account=app, pool_size=1)
        async with contextlib.AsyncExitStack() as stack:
            connections = [await stack.enter_async_context(engine.connect()) for _ in range(2)]
            return {str(await connection.scalar(text("SELECT USER()"))) for connection in connections}

    async def main() -> list[set[str]]:
        return await asyncio.gather(*(users(namespace) for namespace in ["red", "blue"] * 2))

    assert asyncio.run(main()) == [{f"app@{RED}"}, {f"app@{BLUE}"}] * 2


@every_driver
@pytest.mark.netns("blue")
def test_a_pool_replaces_killed_connections_from_its_namespace(
    netns_async_engine: AsyncEngineFactory, netns_mysqld: MySQLServer, app: Account, driver: str
) -> None:
    async def main() -> None:
        engine = netns_async_engine("red", driver=driver, account=app, pool_pre_ping=True)
        for _ in range(2):
            netns_mysqld.execute(f"KILL {await ask(engine, 'SELECT CONNECTION_ID()')}")
            assert await asyncio.create_task(ask(engine, "SELECT USER()")) == f"app@{RED}"
        await engine.dispose()
        assert await ask(engine, "SELECT USER()") == f"app@{RED}"

    asyncio.run(main())


@every_driver
def test_an_engine_ends_with_its_loop(netns_async_engine: AsyncEngineFactory, driver: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine = netns_async_engine("blue", driver=driver, endpoint="red")
        assert asyncio.run(ask(engine, "SELECT USER()")) == f"blue_user@{BLUE}"  # and nobody disposes of the engine
        gc.collect()


def test_the_default_driver_is_the_first_that_is_installed(netns_async_engine: AsyncEngineFactory) -> None:
    assert netns_async_engine("red").url.render_as_string() == "mysql+asyncmy://red_user@192.0.2.2:3306/red_schema"


def test_an_engine_of_ones_own(netns: Network, netns_account: AccountFactory, netns_mysqld: MySQLServer) -> None:
    """The way for a project that makes its engine itself."""
    netns_account("app", host="%", password="p")

    def engine_in(namespace: str) -> AsyncEngine:
        place = netns_mysqld.endpoint(namespace)
        connect: Callable[..., Awaitable[Any]] = functools.partial(
            asyncmy.connect, host=place.address, port=place.port, user="app", password="p"
        )
        return create_async_engine("mysql+asyncmy://", async_creator=netns[namespace](connect))

    async def user(namespace: str) -> Any:
        engine = engine_in(namespace)
        try:
            return await ask(engine, "SELECT USER()")
        finally:
            await engine.dispose()

    async def main() -> list[Any]:
        return [*await asyncio.gather(user("red"), user("blue"))]

    assert asyncio.run(main()) == [f"app@{RED}", f"app@{BLUE}"]


def test_mysql_connector_aio_has_no_dialect(netns_async_engine: AsyncEngineFactory) -> None:
    with pytest.raises(ClientError, match=r"^SQLAlchemy has no asynchronous dialect that is known here for driver="):
        netns_async_engine("red", driver="mysql.connector.aio")


def test_a_driver_that_is_not_asynchronous_is_one_of_the_other_fixture(netns_async_engine: AsyncEngineFactory) -> None:
    with pytest.raises(ClientError, match=r"^driver='pymysql' is not asynchronous\n  do: netns_engine\(\.\.\.\), with"):
        netns_async_engine("red", driver="pymysql")


def test_what_would_open_connections_elsewhere_is_refused(netns_async_engine: AsyncEngineFactory) -> None:
    with pytest.raises(ClientError, match=r"^netns_async_engine takes no async_creator=: the fixture opens each"):
        netns_async_engine("red", async_creator=asyncmy.connect)
