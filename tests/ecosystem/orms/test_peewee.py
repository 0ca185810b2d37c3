"""peewee: the connections of a bound database come from its namespace, in each thread, after a reconnect too."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import peewee
import pytest
from playhouse.mysql_ext import MySQLConnectorDatabase
from playhouse.pool import PooledMySQLDatabase
from playhouse.pwasyncio import AsyncMySQLDatabase

from pytest_netns_mysql import AccountFactory, MySQLServer, Network, SettingError
from pytest_netns_mysql.peewee import bound

pytestmark = [pytest.mark.live, pytest.mark.as_user]
RED = "app@192.0.2.2"
KINDS = [peewee.MySQLDatabase, PooledMySQLDatabase, MySQLConnectorDatabase]


def origin(database: Any) -> str:
    return str(database.execute_sql("SELECT USER()").fetchone()[0])


def kill(database: Any, server: MySQLServer) -> None:
    (number,) = database.execute_sql("SELECT CONNECTION_ID()").fetchone()
    server.execute(f"KILL {number}")


@pytest.fixture(params=KINDS)
def database(
    request: pytest.FixtureRequest, netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory
) -> Iterator[Any]:
    """A database that is bound to red; the test stands in blue."""
    netns_account("app", host="%", schema="shop")
    endpoint = netns_mysqld.endpoint("red")
    made = request.param("shop", user="app", host=endpoint.address, port=endpoint.port)
    with bound(made, netns["red"]):
        yield made


@pytest.mark.netns("blue")
def test_a_connection_comes_back_from_there(database: Any, netns_mysqld: MySQLServer) -> None:
    assert origin(database) == RED
    database.close()
    assert origin(database) == RED
    kill(database, netns_mysqld)
    with pytest.raises((peewee.OperationalError, peewee.InterfaceError)):
        origin(database)
    database.close()
    assert origin(database) == RED


@pytest.mark.netns("blue")
def test_a_ping_that_reconnects(netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    netns_account("app", host="%", schema="shop")
    made = peewee.MySQLDatabase("shop", user="app", host="192.0.2.2", read_timeout=10)
    with bound(made, netns["red"]):
        origin(made)
        kill(made, netns_mysqld)
        # Some versions of PyMySQL reconnect in the ping by which peewee asks.
        if not made.is_connection_usable():
            made.connection().connect()
        assert origin(made) == RED


@pytest.mark.netns("blue")
def test_threads_and_the_growth_of_a_pool(database: Any) -> None:
    found: list[str] = []
    meet = threading.Barrier(4, timeout=30)

    def run() -> None:
        with database.connection_context():
            meet.wait()  # so that each thread has a connection of its own
            found.append(origin(database))

    threads = [threading.Thread(target=run) for _ in range(4)]
    with ExitStack() as stack:
        for thread in threads:
            thread.start()
            stack.callback(thread.join)
    assert found == [RED] * 4


def test_a_database_is_bound_and_released(netns: Network, netns_account: AccountFactory) -> None:
    netns_account("app", host="%", schema="shop")
    database = peewee.MySQLDatabase("shop", user="app", host="192.0.2.2")
    for name, expected in {"red": RED, "blue": "app@198.51.100.2"}.items():
        with bound(database, netns[name]):
            assert origin(database) == expected
        assert database.is_closed()
    assert type(database) is peewee.MySQLDatabase
    assert origin(database) == "app@192.0.2.1"
    database.close()


def test_a_gather_over_red_and_blue_while_both_pools_grow(
    netns: Network, netns_mysqld: MySQLServer, netns_account: AccountFactory
) -> None:
    netns_account("app", host="%", schema="shop")
    names = ("red", "blue")
    databases = [AsyncMySQLDatabase("shop", user="app", host=netns_mysqld.endpoint(name).address) for name in names]

    async def user(database: Any) -> str:
        cursor = await database.aexecute_sql("SELECT USER(), SLEEP(0.05)")
        return str(cursor.fetchone()[0])

    async def main() -> list[str]:
        try:
            return await asyncio.gather(*(user(database) for database in databases * 3))
        finally:
            for database in databases:
                with pytest.raises(SettingError, match="has a pool already"), bound(database, netns["red"]):
                    pass
                await database.close_pool()

    with bound(databases[0], netns["red"]), bound(databases[1], netns["blue"]):
        assert asyncio.run(main()) == [RED, "app@198.51.100.2"] * 3


def test_another_kind_of_database_is_refused(netns: Network) -> None:
    with pytest.raises(SettingError) as error, bound(peewee.SqliteDatabase(":memory:"), netns["red"]):
        pass
    assert str(error.value).startswith("bound() takes a MySQLDatabase of peewee, got <peewee.SqliteDatabase object at ")


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_blocks_the_inner_one_counts(netns: Network, netns_account: AccountFactory, kind: Any) -> None:
    netns_account("app", host="%", schema="shop")
    database = kind("shop", user="app", host="192.0.2.2")
    with bound(database, netns["red"]):
        with bound(database, netns["blue"]):
            assert origin(database) == "app@198.51.100.2"
        assert origin(database) == RED
    assert type(database) is kind


def test_a_proxy_is_refused_with_the_way_to_its_database(netns: Network) -> None:
    with pytest.raises(SettingError) as error, bound(peewee.DatabaseProxy(), netns["red"]):
        pass
    assert str(error.value).endswith("\n  do: of a DatabaseProxy, pass its database: proxy.obj")


def test_the_name_of_a_namespace_is_refused(netns: Network) -> None:
    name: Any = "blue"
    database = peewee.MySQLDatabase("shop")
    with pytest.raises(SettingError) as error, bound(database, name):
        pass
    assert str(error.value) == (
        "bound() takes a namespace, got 'blue'\n  where: pytest_netns_mysql.peewee\n  do: pass netns[\"blue\"]"
    )


def test_a_transaction_that_is_open_at_the_end(netns: Network, netns_account: AccountFactory) -> None:
    netns_account("app", host="%", schema="shop")
    database = peewee.MySQLDatabase("shop", user="app", host="192.0.2.2")
    with ExitStack() as stack:
        with pytest.raises(peewee.OperationalError, match="while transaction is open"), bound(database, netns["red"]):
            stack.enter_context(database.atomic())
        assert type(database) is peewee.MySQLDatabase
    database.close()
