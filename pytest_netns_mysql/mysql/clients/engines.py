"""SQLAlchemy engines whose connections are opened in a namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ClientError, in_short
from pytest_netns_mysql.mysql.drivers.named import DRIVERS
from pytest_netns_mysql.mysql.drivers.registry import ASYNCIO_DRIVERS, find

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.mysql.clients.account import Account
    from pytest_netns_mysql.mysql.clients.clients import Clients
    from pytest_netns_mysql.mysql.clients.target import Target
    from pytest_netns_mysql.mysql.drivers.driver import Driver

_FIXTURE = "netns_engine"
_CREATORS = ("url", "creator", "async_creator", "pool")


@dataclass
class Disposal:
    """What disposes of an engine at the end of a test."""

    engine: Engine
    close_connections: bool = True

    def close(self) -> None:
        """Dispose of the engine, with the connections that its pool has."""
        self.engine.dispose(close=self.close_connections)


def make_engine(
    clients: Clients,
    namespace: str | None,
    *,
    account: Account | None = None,
    endpoint: Endpoint | str | None = None,
    driver: Driver | None = None,
    connect_args: Mapping[str, Any] | None = None,
    **options: Any,
) -> Engine:
    """Return an engine that is disposed with the clients; the arguments are those of the fixture netns_engine.

    Raises:
        ClientError: An argument is wrong, or SQLAlchemy is not installed.
    """
    refuse_creators(namespace, options, fixture=_FIXTURE)
    names = [f'"{each.names[0]}"' for each in DRIVERS if each.sqlalchemy]
    if isinstance(driver, str) and driver in ASYNCIO_DRIVERS:
        raise ClientError(
            f"driver={driver!r} is asynchronous: {_FIXTURE} makes engines without an event loop",
            remedies=["netns_async_engine(...)", f"or use {', '.join(names[:-1])} or {names[-1]}"],
        )
    found = find(driver)
    dialect = getattr(getattr(found, "base", found), "sqlalchemy", "")
    if not dialect:
        raise ClientError(
            f"{_FIXTURE} knows no dialect of SQLAlchemy for driver={in_short(driver)}",
            remedies=[f"use {', '.join(names[:-1])} or {names[-1]}"],
        )
    try:
        from sqlalchemy import create_engine, event
    except ImportError as error:
        raise no_sqlalchemy(_FIXTURE) from error
    target = clients.target(found, namespace, account, endpoint, connect_options(connect_args), fixture=_FIXTURE)
    engine = create_engine(url_of(target, dialect), **options)

    def connect(_dialect: object, _record: object, _arguments: object, own: dict[str, Any]) -> Any:
        # The dialect's own options are kept: rowcount depends on a flag, for example.
        return clients.open(target.with_options(found.with_common_names(own)), driver)

    event.listen(engine, "do_connect", connect)
    clients.end_later(Disposal(engine))
    return engine


def refuse_creators(namespace: object, options: Mapping[str, Any], *, fixture: str) -> None:
    """Raise ClientError for a URL, and for an option that would open connections elsewhere than in the namespace."""
    for name in _CREATORS:
        if name in options:
            raise ClientError(
                f"{fixture} takes no {name}=: the fixture opens each connection itself, in its namespace",
                remedies=[
                    f"leave {name}= out; account=, endpoint= and driver= say what a URL says",
                    "or make the engine yourself: "
                    "sqlalchemy.create_engine('mysql+pymysql://', creator=netns['red'](connect))",
                ],
            )
    if isinstance(namespace, str) and "://" in namespace:
        raise ClientError(
            f"the first argument of {fixture} is a namespace, not the URL {namespace}: an engine made by a URL opens "
            "its connections from wherever a test or thread stands",
            remedies=[
                f'{fixture}("red", driver=..., account=..., endpoint=...)',
                "or make the engine yourself: sqlalchemy.create_engine(url, creator=netns['red'](connect))",
            ],
        )


def connect_options(connect_args: object) -> dict[str, Any]:
    """Return the options of the driver; raise ClientError if the argument is not a dictionary of them."""
    if connect_args is None:
        return {}
    if isinstance(connect_args, Mapping):
        return dict(connect_args)
    raise ClientError(
        f"connect_args must be a dictionary of the driver's options, got {in_short(connect_args)}",
        remedies=["write connect_args={'connection_timeout': 3}, for example"],
    )


def url_of(target: Target, dialect: str) -> URL:
    """Return the URL of an engine, without the password."""
    from sqlalchemy import URL

    return URL.create(
        dialect,
        username=target.options.get("user"),
        host=target.endpoint.address,
        port=target.endpoint.port,
        database=target.options.get("database"),
    )


def no_sqlalchemy(fixture: str) -> ClientError:
    """Return the error for SQLAlchemy that is not installed."""
    return ClientError(
        f"{fixture} needs SQLAlchemy, which is not installed", remedies=["pip install pytest-netns-mysql[sqlalchemy]"]
    )
