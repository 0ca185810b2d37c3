"""SQLAlchemy engines: each connection of a pool is opened in its namespace, whoever asks for it and when."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymysql
import pytest
import sqlalchemy
from sqlalchemy import Engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from pytest_netns_mysql import (
    Account,
    AccountFactory,
    ClientError,
    EngineFactory,
    MySQLServer,
    Network,
)

pytestmark = pytest.mark.live

RED, BLUE = "192.0.2.2", "198.51.100.2"
DRIVERS = ["mysql.connector", "mysql.connector.cext", "pymysql", "mysqldb", "mariadb"]
every_driver = pytest.mark.parametrize("driver", DRIVERS)


class Base(DeclarativeBase):  # type: ignore[misc,unused-ignore]
    """The tables of these tests."""


class Item(Base):
    """A row of the table items."""

    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sqlalchemy.String(20))


@pytest.fixture
def app(netns_account: AccountFactory) -> Account:
    """An account that may come from anywhere."""
    return netns_account("app", host="%", password="pässword")


def user(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT USER()")))


def number(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT CONNECTION_ID()")) or 0)


@every_driver
def test_an_engine_has_a_fresh_account_and_schema(netns_engine: EngineFactory, driver: str) -> None:
    engine = netns_engine("blue", driver=driver, endpoint="red")
    assert user(engine) == f"blue_user@{BLUE}"
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Item(id=1, name="nail"))
        session.commit()
        # A row that is found and not changed counts, as the dialect asks for it.
        found: Any = session.execute(sqlalchemy.update(Item).values(name="nail"))
        assert found.rowcount == 1


@every_driver
@pytest.mark.netns("blue")
def test_a_pool_grows_from_its_namespace_in_any_thread(
    netns_engine: EngineFactory, netns: Network, app: Account, driver: str
) -> None:
    engines = {name: netns_engine(name, driver=driver, account=app, pool_size=1) for name in ("red", "blue")}

    def users(name: str) -> set[str]:
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(engines[name].connect()) for _ in range(2)]
            return {str(connection.scalar(text("SELECT USER()"))) for connection in connections}

    with netns["red"], ThreadPoolExecutor(2) as pool:
        assert [*pool.map(users, ["red", "blue"] * 2)] == [{f"app@{RED}"}, {f"app@{BLUE}"}] * 2


@pytest.mark.parametrize("driver", [each for each in DRIVERS if each != "mariadb"])
@pytest.mark.netns("blue")
def test_a_pool_replaces_killed_connections_from_its_namespace(
    netns_engine: EngineFactory, netns_mysqld: MySQLServer, app: Account, driver: str
) -> None:
    engine = netns_engine("red", driver=driver, account=app, pool_pre_ping=True)
    for _ in range(2):
        netns_mysqld.execute(f"KILL {number(engine)}")
        assert user(engine) == f"app@{RED}"


def test_sqlalchemy_does_not_take_the_errors_of_mariadb_2_for_a_lost_connection(
    netns_engine: EngineFactory, netns_mysqld: MySQLServer, app: Account
) -> None:
    """What docs/howto/sqlalchemy.md says of this pair; where this fails, the pair has become better."""
    engine = netns_engine("red", driver="mariadb", account=app, pool_pre_ping=True)
    netns_mysqld.execute(f"KILL {number(engine)}")
    with pytest.raises(sqlalchemy.exc.OperationalError, match="Socket error"):
        user(engine)
    engine.dispose()
    assert user(engine) == f"app@{RED}"


@every_driver
@pytest.mark.netns("blue")
def test_a_pool_replaces_invalid_connections_from_its_namespace(
    netns_engine: EngineFactory, app: Account, driver: str
) -> None:
    engine = netns_engine("red", driver=driver, account=app)
    with engine.connect() as connection:
        first = connection.scalar(text("SELECT CONNECTION_ID()"))
        connection.invalidate()
        connection.rollback()
        assert connection.scalar(text("SELECT USER()")) == f"app@{RED}"
        assert connection.scalar(text("SELECT CONNECTION_ID()")) != first


def test_an_engine_ends_with_its_test(netns_engine: EngineFactory, app: Account) -> None:
    engine = netns_engine("red", account=app)
    connection = engine.connect()  # nobody closes it
    assert connection.scalar(text("SELECT USER()")) == f"app@{RED}"
    assert engine.url.render_as_string() == "mysql+mysqlconnector://app@192.0.2.2:3306"


def test_the_function_of_a_known_driver(netns_engine: EngineFactory) -> None:
    engine = netns_engine("red", driver=pymysql.connect, connect_args={"connect_timeout": 3})
    assert engine.dialect.driver == "pymysql"
    assert user(engine) == f"red_user@{RED}"


@pytest.mark.netns_mysqld(flavor="mysql")  # MariaDB has no certificates here
def test_options_of_the_driver_count_before_those_of_the_dialect(
    netns_engine: EngineFactory, netns_account: AccountFactory
) -> None:
    safe = netns_account("safe", host="%", password="p", require="SSL")
    assert user(netns_engine("red", account=safe)) == f"safe@{RED}"
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="Access denied for user 'safe'"):
        user(netns_engine("red", account=safe, connect_args={"ssl_disabled": True}))
    own = netns_engine("blue", connect_args={"user": "safe", "password": "p", "ssl_disabled": False})
    assert user(own) == f"safe@{BLUE}"
    assert own.url.username == "safe"


def test_an_engine_of_ones_own(netns: Network, netns_account: AccountFactory, netns_mysqld: MySQLServer) -> None:
    """The way for a project that makes its engine itself."""
    netns_account("app", host=RED, password="p")
    place = netns_mysqld.endpoint("red")

    def connect() -> Any:
        return pymysql.connect(host=place.address, port=place.port, user="app", password="p")

    engine = sqlalchemy.create_engine("mysql+pymysql://", creator=netns["red"](connect))
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            assert connection.scalar(text("SELECT USER()")) == f"app@{RED}"
    engine.dispose()


@pytest.mark.parametrize("option", ["creator", "url", "pool"])
def test_what_would_open_connections_elsewhere_is_refused(netns_engine: EngineFactory, option: str) -> None:
    with pytest.raises(ClientError, match=rf"^netns_engine takes no {option}=: the fixture opens each") as error:
        netns_engine("red", **{option: pymysql.connect})
    assert "creator=netns['red'](connect)" in str(error.value)


def test_a_url_is_refused(netns_engine: EngineFactory) -> None:
    with pytest.raises(ClientError, match=r"is a namespace, not the URL mysql\+pymysql://u@h/: an engine made by a"):
        netns_engine("mysql+pymysql://u@h/")


@pytest.mark.parametrize("driver", ["mysqlx", lambda **_: None], ids=["mysqlx", "function"])
def test_a_driver_without_a_dialect(netns_engine: EngineFactory, driver: Any) -> None:
    with pytest.raises(ClientError, match=r"^netns_engine knows no dialect of SQLAlchemy for driver=") as error:
        netns_engine("red", driver=driver)
    assert 'do: use "mysql.connector", "mysql.connector.cext", "pymysql", "mysqldb" or "mariadb"' in str(error.value)


@pytest.mark.parametrize("driver", ["asyncmy", "aiomysql"])
def test_an_asynchronous_driver_is_one_of_the_other_fixture(netns_engine: EngineFactory, driver: str) -> None:
    with pytest.raises(ClientError, match=rf"^driver='{driver}' is asynchronous: netns_engine makes engines") as error:
        netns_engine("red", driver=driver)
    assert "do: netns_async_engine(...)\n" in str(error.value)


def test_connect_args_that_are_not_a_dictionary(netns_engine: EngineFactory) -> None:
    wrong: Any = 3
    with pytest.raises(ClientError, match=r"^connect_args must be a dictionary of the driver's options, got 3\n  do: "):
        netns_engine("red", connect_args=wrong)
