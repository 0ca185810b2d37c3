"""SQLModel and pandas: both take an engine of SQLAlchemy, whose connections come from its namespace."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from typing import Any

import pandas
import pymysql
import pytest
import sqlmodel
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from pytest_netns_mysql import AccountFactory, EngineFactory, MySQLServer, Network

pytestmark = [pytest.mark.live, pytest.mark.as_user]
RED = "app@192.0.2.2"


class Thing(sqlmodel.SQLModel, table=True):  # type: ignore[call-arg,misc,unused-ignore]
    """A thing that the shop sells."""

    id: int | None = sqlmodel.Field(default=None, primary_key=True)
    name: str = sqlmodel.Field(max_length=20)


@pytest.fixture(params=["netns_engine", "creator"])
def engine(
    request: pytest.FixtureRequest, netns: Network, netns_engine: EngineFactory, netns_account: AccountFactory
) -> Iterator[Any]:
    """An engine whose connections come from red."""
    account = netns_account("app", host="192.0.2.2", schema="shop")
    if request.param == "netns_engine":
        yield netns_engine("red", account=account, driver="pymysql", pool_pre_ping=True)
        return
    connect = functools.partial(pymysql.connect, host="192.0.2.2", user="app", database="shop")
    engine = sqlmodel.create_engine("mysql+pymysql://", creator=netns["red"](connect), pool_pre_ping=True)
    yield engine
    engine.dispose()


def origin(session: Any) -> str:
    return str(session.exec(text("SELECT USER()")).one()[0])


@pytest.mark.netns("blue")
def test_sessions_of_sqlmodel(engine: Any, netns_mysqld: MySQLServer) -> None:
    sqlmodel.SQLModel.metadata.create_all(engine)
    with sqlmodel.Session(engine) as session:
        session.add(Thing(name="teapot"))
        session.commit()
        assert [thing.name for thing in session.exec(sqlmodel.select(Thing))] == ["teapot"]
        assert origin(session) == RED
        (number,) = session.exec(text("SELECT CONNECTION_ID()")).one()
        netns_mysqld.execute(f"KILL {number}")
        with pytest.raises(OperationalError):
            origin(session)
        session.rollback()
        assert origin(session) == RED


@pytest.mark.netns("blue")
def test_the_growth_of_the_pool_in_threads(engine: Any) -> None:
    found: list[str] = []
    meet = threading.Barrier(3, timeout=30)

    def run() -> None:
        with sqlmodel.Session(engine) as session:
            session.connection()
            meet.wait()
            found.append(origin(session))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [RED] * 3


@pytest.mark.netns("blue")
def test_pandas_reads_and_writes(engine: Any) -> None:
    pandas.DataFrame({"name": ["teapot", "kettle"]}).to_sql("thing_names", engine, index=False)
    assert pandas.read_sql("SELECT COUNT(*) AS n FROM thing_names", engine)["n"].tolist() == [2]
    assert pandas.read_sql("SELECT USER() AS user", engine)["user"].tolist() == [RED]
    with engine.connect() as connection:
        assert pandas.read_sql(text("SELECT USER() AS user"), connection)["user"].tolist() == [RED]
