"""Asynchronous SQLAlchemy engines whose connections are opened in a namespace."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ClientError, in_short
from pytest_netns_mysql.mysql.clients.asyncclients import open_async
from pytest_netns_mysql.mysql.clients.engines import Disposal, connect_options, no_sqlalchemy, refuse_creators, url_of
from pytest_netns_mysql.mysql.drivers.asyncnamed import DRIVERS
from pytest_netns_mysql.mysql.drivers.asyncregistry import find_async
from pytest_netns_mysql.mysql.drivers.registry import is_sync

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncEngine

    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.mysql.clients.account import Account
    from pytest_netns_mysql.mysql.clients.clients import Clients
    from pytest_netns_mysql.mysql.drivers.driver import Driver

_FIXTURE = "netns_async_engine"
_WITH_DIALECT = tuple(each for each in DRIVERS if each.sqlalchemy)


def make_async_engine(
    clients: Clients,
    namespace: str | None,
    *,
    account: Account | None = None,
    endpoint: Endpoint | str | None = None,
    driver: Driver | None = None,
    connect_args: Mapping[str, Any] | None = None,
    **options: Any,
) -> AsyncEngine:
    """Return an engine that is disposed with the clients; the arguments are those of the fixture netns_async_engine.

    Raises:
        ClientError: An argument is wrong, or SQLAlchemy or a driver is not installed.
    """
    refuse_creators(namespace, options, fixture=_FIXTURE)
    chosen = _installed_driver() if driver is None else driver
    names = " or ".join(f'"{each.name}"' for each in _WITH_DIALECT)
    if is_sync(chosen):
        raise ClientError(
            f"driver={chosen!r} is not asynchronous",
            remedies=["netns_engine(...), without await", f"or use {names}"],
        )
    found = find_async(chosen)
    dialect = getattr(found, "sqlalchemy", "")
    if not dialect:
        raise ClientError(
            f"SQLAlchemy has no asynchronous dialect that is known here for driver={in_short(driver)}",
            remedies=[f"use {names}", "or netns_engine(...), whose default is mysql.connector"],
        )
    try:
        from sqlalchemy import event
        from sqlalchemy.ext.asyncio import create_async_engine
    except ImportError as error:
        raise no_sqlalchemy(_FIXTURE) from error
    target = clients.target(found, namespace, account, endpoint, connect_options(connect_args), fixture=_FIXTURE)

    async def connect(*_: Any, **own: Any) -> Any:
        full = target.with_options(found.with_common_names(own))
        held = await open_async(clients.server, full, chosen, clients.end_later)
        return held.connection

    def add_creator(_dialect: object, _record: object, _arguments: object, own: dict[str, Any]) -> None:
        own["async_creator_fn"] = connect

    try:
        engine = create_async_engine(url_of(target, dialect), **options)
    except ModuleNotFoundError as error:
        raise ClientError(
            f"{_FIXTURE} needs {error.name}, which is not installed",
            remedies=[f"pip install pytest-netns-mysql[sqlalchemy] {found.label}"],
        ) from error
    event.listen(engine.sync_engine, "do_connect", add_creator)
    # The connections are closed with their event loop, each by itself.
    clients.end_later(Disposal(engine.sync_engine, close_connections=False))
    return engine


def _installed_driver() -> str:
    """Return the first driver with a dialect that is installed, or raise ClientError."""
    for each in _WITH_DIALECT:
        if find_spec(each.requirement) is not None:
            return each.name
    raise ClientError(
        "netns_async_engine needs an asynchronous driver, and none is installed that SQLAlchemy has a dialect for",
        tried=[each.name for each in _WITH_DIALECT],
        remedies=[f"pip install {each.requirement}" for each in _WITH_DIALECT],
    )
