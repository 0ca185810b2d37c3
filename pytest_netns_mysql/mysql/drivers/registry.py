"""The driver that ``driver=`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import ClientError, in_short
from pytest_netns_mysql.mysql.drivers.named import C_EXTENSION, CONNECTOR, DRIVERS

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.drivers.driver import Driver, SyncDriver

_BY_NAME = {name: driver for driver in DRIVERS for name in driver.names}

ASYNCIO_DRIVERS = ("mysql.connector.aio", "asyncmy", "aiomysql")
"""The names of the drivers for asyncio, which are listed here so that no run imports them."""


def find(driver: Driver | None) -> SyncDriver:
    """Return a driver by its name, or the driver of a function; by default mysql.connector.

    Raises:
        ClientError: There is no such driver, or the driver is asynchronous.
    """
    if driver is None:
        return CONNECTOR
    if isinstance(driver, str):
        if driver not in _BY_NAME:
            raise _unknown(driver)
        return _BY_NAME[driver]
    if callable(driver):
        from pytest_netns_mysql.mysql.drivers.functions import of_function

        return of_function(driver)
    raise _unknown(driver)


def is_sync(driver: object) -> bool:
    """Return True for the name, and for the connect function, of a driver that is known not to be asynchronous."""
    if isinstance(driver, str):
        return driver in _BY_NAME
    from pytest_netns_mysql.mysql.drivers.functions import of_function

    return callable(driver) and (known := of_function(driver)).has_known_options and not known.is_derived


def _unknown(driver: object) -> ClientError:
    names = [f'"{each.names[0]}"' for each in DRIVERS]
    if isinstance(driver, str) and driver in ASYNCIO_DRIVERS:
        return ClientError(
            f"driver={driver!r} is asynchronous: netns_connect opens connections without an event loop",
            remedies=[f"await netns_connect_async(..., driver={driver!r})", f"or use one of {', '.join(names)}"],
        )
    installs = [f'"{each.names[0]}": pip install {each.requirement}' for each in DRIVERS if each is not C_EXTENSION]
    return ClientError(
        f"there is no driver {in_short(driver)}",
        tried=[f"the drivers are {', '.join(names)}", *installs],
        remedies=[
            f"use {', '.join(names[:-1])} or {names[-1]}",
            "or pass the connect function of any other driver: driver=its_module.connect",
        ],
    )
