"""SQLAlchemy engines by the drivers that every environment of the tests has; tests/ecosystem has the others."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from pytest_netns_mysql import AsyncEngineFactory, ClientError, EngineFactory, MySQLServer

pytestmark = [pytest.mark.live, pytest.mark.oldest_python]

RED, BLUE = "192.0.2.2", "198.51.100.2"


@pytest.mark.netns("blue")
@pytest.mark.parametrize("driver", [None, "pymysql"])
def test_a_pool_grows_and_reconnects_from_its_namespace(
    netns_engine: EngineFactory, netns_mysqld: MySQLServer, driver: str | None
) -> None:
    engine = netns_engine("red", driver=driver, pool_size=1, pool_pre_ping=True)
    with engine.connect() as first, engine.connect() as second:
        assert {each.scalar(text("SELECT USER()")) for each in (first, second)} == {f"red_user@{RED}"}
        kept = second.scalar(text("SELECT CONNECTION_ID()"))  # it is returned first, and the pool keeps one
    netns_mysqld.execute(f"KILL {kept}")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT USER()")) == f"red_user@{RED}"


def test_red_and_blue_at_once(netns_async_engine: AsyncEngineFactory) -> None:
    async def user(namespace: str) -> object:
        async with netns_async_engine(namespace, driver="aiomysql").connect() as connection:
            return await connection.scalar(text("SELECT USER()"))

    async def main() -> list[object]:
        return [*await asyncio.gather(user("red"), user("blue"))]

    assert asyncio.run(main()) == [f"red_user@{RED}", f"blue_user@{BLUE}"]


def test_a_url_is_refused(netns_engine: EngineFactory) -> None:
    with pytest.raises(ClientError, match=r"^the first argument of netns_engine is a namespace, not the URL mysql://x"):
        netns_engine("mysql://x")
