"""Connections from a namespace by any driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.drivers.driveroptions import has_tls_options
from pytest_netns_mysql.mysql.drivers.registry import find

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.drivers.driver import AnyDriver, Driver, Place, SyncDriver

_TLS_REQUIRED = 3159  # ER_SECURE_TRANSPORT_REQUIRED


def endpoint_kind(driver: Driver | None) -> str:
    """Return the kind of endpoint that a driver connects to: ``mysql`` or ``mysqlx``."""
    return find(driver).endpoint_kind


def connect(namespace: Place, driver: Driver | None = None, **options: Any) -> Any:
    """Open a connection from a namespace; sockets that the connection opens later are created there, too.

    Args:
        namespace: The namespace that the connection is opened from.
        driver: A driver's name, by default ``"mysql.connector"``, or any callable that takes the options and creates
            its socket before it returns.
        **options: The options of mysql.connector, for each driver that is known here, or the driver's own options.

    Raises:
        ClientError: There is no such driver, the driver is asynchronous or does not take an option, or its connections
            cannot be kept in a namespace.
    """
    return find(driver).connect(namespace, options)


def asks_for_tls(driver: AnyDriver, options: Mapping[str, Any]) -> bool | None:
    """Return True if ``connect_with_tls_if_required`` begins with TLS, or None if only the driver knows."""
    if "ssl_disabled" in options:
        return not options["ssl_disabled"]
    if not driver.chooses_tls:
        return True if driver.endpoint_kind == "mysqlx" and "ssl_mode" not in options else None
    return has_tls_options(options) or bool(options.get("password"))


def connect_with_tls_if_required(namespace: Place, driver: SyncDriver, options: Mapping[str, Any]) -> Any:
    """Open a connection, with TLS only if the password or the server requires TLS.

    TLS costs 20 to 40 ms, and there is nothing to hide without a password. Options for TLS, and drivers that decide
    themselves, are passed on as they are.

    Args:
        namespace: The namespace that the connection is opened from.
        driver: The driver.
        options: The driver's options, as for ``connect``.
    """
    if not driver.chooses_tls or has_tls_options(options):
        return driver.connect(namespace, options)
    try:
        return driver.connect(namespace, {"ssl_disabled": not options.get("password"), **options})
    except Exception as error:
        if not is_tls_required(error):
            raise
    return driver.connect(namespace, {"ssl_disabled": False, **options})


def is_tls_required(error: Exception) -> bool:
    """Return True for a server's refusal of a connection without TLS, by any driver."""
    return _TLS_REQUIRED in (getattr(error, "errno", None), *error.args[:1])
