"""Connections from a namespace by asynchronous drivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.drivers.connect import is_tls_required
from pytest_netns_mysql.mysql.drivers.driveroptions import has_tls_options

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
    from pytest_netns_mysql.mysql.drivers.driver import AsyncDriver


async def connect_async_with_tls_if_required(
    namespace: Namespace, driver: AsyncDriver, options: Mapping[str, Any]
) -> Any:
    """Open a connection as ``connect_with_tls_if_required`` does, by an asynchronous driver."""
    if not driver.chooses_tls or has_tls_options(options):
        return await driver.connect(namespace, options)
    try:
        return await driver.connect(namespace, {"ssl_disabled": not options.get("password"), **options})
    except Exception as error:
        if not is_tls_required(error):
            raise
    return await driver.connect(namespace, {"ssl_disabled": False, **options})
