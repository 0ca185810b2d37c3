"""A server that clients connect to: as the administrator, or from a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.mysql.mysqld.serverfacts import ServerFacts

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.mysql.drivers.driver import Driver
    from pytest_netns_mysql.mysql.mysqld.administrator import Administrator


class Connectable(ServerFacts):
    """A server that clients connect to."""

    _administrator: Administrator

    def connect(
        self,
        namespace: str | None = None,
        *,
        endpoint: Endpoint | None = None,
        driver: Driver | None = None,
        **options: Any,
    ) -> Any:
        """Open a connection: as the administrator by the private socket, or from a namespace as ``user``.

        Without a password the connection does not use TLS unless TLS is asked for (``ssl_disabled=False``) or
        required: there is nothing to hide, and TLS costs 40 ms.

        Args:
            namespace: The namespace that the connection comes from; without it and ``endpoint``, the administrator's.
            endpoint: The endpoint to connect to, by default the nearest one.
            driver: The driver, by default mysql.connector.
            options: mysql.connector's options for any driver (user, password, database, connection_timeout,
                autocommit, ssl_ca and others), or the driver's own.

        Returns:
            The driver's connection, which the caller closes.

        Raises:
            ServerGoneError: mysqld does not run.
            ClientError: The options do not fit the driver; the driver raises its own errors beside that.
        """
        if namespace is None and endpoint is None:
            return self._administrator.connect(driver, **options)
        from pytest_netns_mysql.mysql.mysqld.clientconnection import connect_client

        self._access.check_running()
        self._administrator.drop_spare()
        return connect_client(self, self._access, namespace, endpoint, driver, options)

    async def connect_async(
        self,
        namespace: str,
        *,
        endpoint: Endpoint | None = None,
        driver: Driver | None = None,
        **options: Any,
    ) -> Any:
        """Open a connection from a namespace as ``user``, by an asynchronous driver.

        Whatever the connection opens later is opened in the namespace, too. TLS is used as by ``connect``.

        Args:
            namespace: The namespace that the connection comes from.
            endpoint: The endpoint to connect to, by default the nearest one.
            driver: The driver, by default mysql.connector.aio.
            options: As for ``connect``.

        Returns:
            The driver's connection, which the caller closes.

        Raises:
            ServerGoneError: mysqld does not run.
            ClientError: The options do not fit the driver; the driver raises its own errors beside that.
        """
        from pytest_netns_mysql.mysql.mysqld.clientconnection import connect_client_async

        self._access.check_running()
        self._administrator.drop_spare()
        return await connect_client_async(self, self._access, namespace, endpoint, driver, options)
