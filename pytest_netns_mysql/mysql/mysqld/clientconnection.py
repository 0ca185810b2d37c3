"""The connection of a client to a server, from a namespace; each attempt is kept for reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ClientError, in_short
from pytest_netns_mysql.mysql.drivers.connect import asks_for_tls, connect_with_tls_if_required
from pytest_netns_mysql.mysql.drivers.registry import find
from pytest_netns_mysql.mysql.mysqld.attempts import Attempt

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.drivers.driver import AnyDriver, Driver
    from pytest_netns_mysql.mysql.mysqld.access import ServerAccess
    from pytest_netns_mysql.mysql.mysqld.serverfacts import ServerFacts


def connect_client(
    server: ServerFacts,
    access: ServerAccess,
    namespace: str | None,
    endpoint: Endpoint | None,
    driver: Driver | None,
    options: dict[str, Any],
) -> Any:
    """Open a connection from a namespace; the arguments are those of ``Connectable.connect``.

    Args:
        server: The server.
        access: The access to the server.
        namespace: The namespace that the connection comes from, by default ``global``.
        endpoint: The endpoint to connect to, by default the nearest one.
        driver: The driver, by default mysql.connector.
        options: The driver's options.
    """
    __tracebackhide__ = True
    found = find(driver)
    options = found.with_common_names(options)
    name = namespace if namespace is not None else GLOBAL
    settings, attempt = _prepare(server, name, endpoint, driver or "mysql.connector", found, options)
    with server._attempts.noting(attempt), access.raise_if_server_died():
        connection = connect_with_tls_if_required(server.network[name], found, settings)
    _note(attempt, connection, access)
    return connection


async def connect_client_async(
    server: ServerFacts,
    access: ServerAccess,
    namespace: str,
    endpoint: Endpoint | None,
    driver: Driver | None,
    options: dict[str, Any],
) -> Any:
    """Open a connection from a namespace by an asynchronous driver; the arguments are those of ``connect_client``."""
    __tracebackhide__ = True
    from pytest_netns_mysql.mysql.drivers.asyncconnect import connect_async_with_tls_if_required
    from pytest_netns_mysql.mysql.drivers.asyncregistry import check_event_loop, find_async

    found = find_async(driver)
    check_event_loop(found)
    options = found.with_common_names(options)
    settings, attempt = _prepare(server, namespace, endpoint, driver or "mysql.connector.aio", found, options)
    with server._attempts.noting(attempt), access.raise_if_server_died():
        connection = await connect_async_with_tls_if_required(server.network[namespace], found, settings)
    _note(attempt, connection, access)
    return connection


def _prepare(
    server: ServerFacts,
    namespace: str,
    endpoint: Endpoint | None,
    driver: Driver,
    found: AnyDriver,
    options: dict[str, Any],
) -> tuple[dict[str, Any], Attempt]:
    """Return the options with the host and the port, and the attempt for reports."""
    place = server.endpoint_for(namespace, found.endpoint_kind) if endpoint is None else endpoint
    if not isinstance(place, Endpoint):
        raise ClientError(
            f"endpoint must be an endpoint, got {in_short(endpoint)}", remedies=["pass netns_mysqld.endpoint('red')"]
        )
    settings = {"host": place.address, "port": place.port, **server._dialect.common(driver, options), **options}
    attempt = Attempt(namespace, _target(server, place, settings), str(options.get("user", "nobody")), _name(driver))
    attempt.uses_tls = asks_for_tls(found, settings)
    return settings, attempt


def _note(attempt: Attempt, connection: Any, access: ServerAccess) -> None:
    number = access.clients.note(connection, f"{attempt.user} from {attempt.namespace}")
    attempt.note_connection(connection, number)
    attempt.uses_tls = getattr(connection, "is_secure", attempt.uses_tls)


def _target(server: ServerFacts, endpoint: Endpoint, settings: dict[str, Any]) -> Endpoint:
    """Return the endpoint, or the place that the driver's options name in its stead."""
    host, port = str(settings["host"]), settings["port"]
    if host == endpoint.address and port == endpoint.port:
        return endpoint
    places = (name for name, each in server.network.items() if host in [str(own.ip) for own in each.addresses])
    return Endpoint(host, next(places, endpoint.namespace), port if isinstance(port, int) else endpoint.port)


def _name(driver: Driver) -> str:
    if isinstance(driver, str):
        return driver
    named = driver if hasattr(driver, "__qualname__") else type(driver)  # the repr of a partial has its arguments
    return f"{named.__module__}.{named.__qualname__}"
