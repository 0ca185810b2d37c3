"""The asynchronous driver that ``driver=`` of ``netns_connect_async`` names."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import ClientError, in_short
from pytest_netns_mysql.mysql.drivers.asyncnamed import AIO, DRIVERS
from pytest_netns_mysql.mysql.drivers.registry import is_sync

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.drivers.driver import AsyncDriver, Driver

_BY_NAME = {driver.name: driver for driver in DRIVERS}


def find_async(driver: Driver | None) -> AsyncDriver:
    """Return an asynchronous driver by its name, or the driver of a function; by default mysql.connector.aio.

    Raises:
        ClientError: There is no such driver, or the driver is not asynchronous.
    """
    if driver is None:
        return AIO
    if isinstance(driver, str) and driver in _BY_NAME:
        return _BY_NAME[driver]
    if not isinstance(driver, str) and callable(driver) and not is_sync(driver):
        from pytest_netns_mysql.mysql.drivers.asyncfunctions import of_async_function

        return of_async_function(driver)
    names = [f'"{each.name}"' for each in DRIVERS]
    remedies = [
        f"use {', '.join(names[:-1])} or {names[-1]}",
        "or pass the connect function of another asynchronous driver: driver=its_module.connect",
    ]
    if is_sync(driver):
        written = repr(driver) if isinstance(driver, str) else "..."
        raise ClientError(
            f"driver={in_short(driver)} is not asynchronous",
            remedies=[f"netns_connect(..., driver={written}), without await", *remedies],
        )
    raise ClientError(
        f"there is no asynchronous driver {in_short(driver)}",
        tried=[
            f"the drivers are {', '.join(names)}",
            *(f'"{each.name}": pip install {each.requirement}' for each in DRIVERS),
        ],
        remedies=remedies,
    )


def check_event_loop(driver: AsyncDriver) -> None:
    """Raise ClientError for a driver of asyncio where no event loop of asyncio runs."""
    if not driver.needs_asyncio:
        return
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        trio = sys.modules.get("trio")
        where = "trio runs here" if trio is not None and trio.lowlevel.in_trio_run() else "none runs here"
        raise ClientError(
            f"{driver.label} needs an event loop of asyncio, and {where}",
            remedies=[
                "run the test by asyncio: with pytest-asyncio, or with anyio's backend asyncio",
                'or connect in a thread: await anyio.to_thread.run_sync(netns_connect, "red")',
            ],
        ) from None
