"""What the fixtures that are factories take and give; not imported in a run, which this would cost a millisecond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.mysql.clients.accounts import Account
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.drivers.connect import Driver
    from pytest_netns_mysql.mysql.server import MySQLServer


class AccountFactory(Protocol):
    """Make an account that is dropped when the test ends."""

    def __call__(
        self,
        user: str,
        *,
        host: str | None = None,
        password: str = "",
        grants: str | Sequence[str] = (),
        schema: str | None = None,
        require: str = "",
        server: MySQLServer | None = None,
    ) -> Account:
        """Make ``user@host``.

        ``host`` is a pattern as in CREATE USER, by default the origin of this test's namespace. ``grants``, one or
        several, are what stands between GRANT and TO, such as ``SELECT ON shop.*``. A ``schema`` is made with the
        account, which owns it. ``require`` is what stands behind REQUIRE, such as ``X509``. ``server`` is by default
        netns_mysqld. Raises ClientError for an argument that cannot be, or that the server refuses.
        """
        ...


class ConnectFactory(Protocol):
    """Open a connection that is closed when the test ends."""

    def __call__(
        self,
        namespace: str | None = None,
        *,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        driver: Driver | None = None,
        server: MySQLServer | None = None,
        **options: Any,
    ) -> Any:
        """Connect from ``namespace``, by default this test's, to ``server``, by default netns_mysqld.

        ``account`` is by default the namespace's own, such as 'red_user'@'192.0.2.2' with its schema selected;
        ``endpoint`` an endpoint, or the namespace whose endpoint it is, by default the nearest; ``driver``
        ``"mysql.connector"``, ``"pymysql"``, ``"mysqlx"`` or a connect function that is not asynchronous; ``options``
        are the driver's. With ``driver="mysqlx", pooling={...}`` it is an X DevAPI client. Whatever the driver opens
        later is born in the namespace, too. Raises ClientError for a wrong argument, and what the driver raises.
        """
        ...


class ArgvFactory(Protocol):
    """Make the command line of one of MySQL's client programs."""

    def __call__(
        self,
        program: str,
        *arguments: str,
        namespace: str | None = None,
        account: Account | None = None,
        endpoint: Endpoint | str | None = None,
        server: MySQLServer | None = None,
    ) -> list[str]:
        """Return the argv of ``program``, such as ``"mysql"``, that connects as ``account`` to ``endpoint``.

        Both are as for netns_connect, ``server`` too. They stand in a private option file, removed when the test ends:
        no password is on the command line. ``arguments`` follow.

        Wherever the argv is run in the test, the program stands in ``namespace``, by default the test's own. ``mysql``
        and ``mysqlxtest`` get ``--network-namespace``; any other program is started by a launcher that enters.

        Raises ClientError for a wrong argument, ServerNotFoundError where there is no such program.
        """
        ...


class StartFactory(Protocol):
    """Start a server that is ended when the test ends."""

    def __call__(
        self,
        *,
        bind_address: str | Sequence[str] | None = None,
        admin_address: str | None = None,
        mysqlx_bind_address: str | Sequence[str] | None = None,
        options: Mapping[str, OptionValue] | None = None,
        check_endpoints: bool = True,
        require_mysqlx: bool = True,
        drop_capabilities: str | Sequence[str] = (),
    ) -> MySQLServer:
        """Return the running server; the arguments are those of factories.mysqld.

        Raises EndpointError, SettingError, and ServerStartError where mysqld does not come up.
        """
        ...
