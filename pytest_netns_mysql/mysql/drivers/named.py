"""Drivers that are known by name: each one a record, whose library is imported when a test uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.drivers import syncoptions

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.drivers.driver import Options, Place
    from pytest_netns_mysql.mysql.drivers.driveroptions import DriverOptions

Opener = Callable[["Place", "Options"], Any]


@dataclass(frozen=True, eq=False)
class NamedDriver:
    """A driver that ``netns_connect`` knows by name.

    Attributes:
        names: What ``driver=`` may be, the name that the docs use first.
        options: The options.
        opener: Imports the library, and returns the function that opens a connection by it from a namespace.
        requirement: What ``pip install`` installs.
        endpoint_kind: The kind of endpoint that the driver connects to.
        chooses_tls: True if this plugin decides about TLS, where the caller does not.
        sqlalchemy: The name of SQLAlchemy's dialect for the driver, or '' without one.
    """

    names: tuple[str, ...]
    options: DriverOptions
    opener: Callable[[], Opener]
    requirement: str
    endpoint_kind: str = "mysql"
    chooses_tls: bool = False
    sqlalchemy: str = ""
    has_known_options = True

    @property
    def label(self) -> str:
        """The driver's own name, for errors."""
        return self.options.label

    def with_common_names(self, options: Mapping[str, Any]) -> Options:
        """Return options by their common names; see ``SyncDriver``."""
        return self.options.with_common_names(options)

    def connect(self, namespace: Place, options: Mapping[str, Any]) -> Any:
        """Open a connection from a namespace; see ``SyncDriver``."""
        try:
            opener = self.opener()
            own = self.options.to_own(options, others=syncoptions.TAKERS)
        except ImportError as error:
            raise not_installed(self.names[0], self.requirement, error) from error
        return opener(namespace, own)


def not_installed(name: str, requirement: str, error: ImportError) -> ClientError:
    """Return the error for a driver whose library cannot be imported.

    Args:
        name: The driver's name, as ``driver=`` has it.
        requirement: What ``pip install`` installs.
        error: What the import raised.
    """
    missing = isinstance(error, ModuleNotFoundError)
    return ClientError(
        f"the driver {name} {'is not installed' if missing else 'cannot be imported'}",
        tried=[str(error)],
        remedies=[f"pip install {requirement}"],
    )


def _connector() -> Opener:
    from pytest_netns_mysql.mysql.drivers.connector import connect_by_connector

    def connect(namespace: Place, options: Options) -> Any:
        if options.get("use_pure") is False:  # as for mysql.connector.connect
            return C_EXTENSION.connect(namespace, options)
        return connect_by_connector(namespace, options)

    return connect


def _c_extension() -> Opener:
    from pytest_netns_mysql.mysql.drivers.cextension import connect_by_c_extension

    return connect_by_c_extension


def _pymysql() -> Opener:
    from pytest_netns_mysql.mysql.drivers.pymysql import connect_by_pymysql

    return connect_by_pymysql


def _mysqlclient() -> Opener:
    import MySQLdb

    return _by_function(MySQLdb.connect)


def _mariadb() -> Opener:
    import mariadb

    return _by_function(mariadb.connect)


def _x() -> Opener:
    from pytest_netns_mysql.mysql.drivers.x import xconnect

    return lambda namespace, options: xconnect(namespace, **options)


def _by_function(function: Callable[..., Any]) -> Opener:
    """Return an opener for a driver whose connections may open sockets in any of their methods."""
    from pytest_netns_mysql.mysql.drivers.reconnecting import keep_in_namespace

    def connect(namespace: Place, options: Options) -> Any:
        with namespace:
            connection = function(**options)
        return keep_in_namespace(connection, namespace, function)

    return connect


CONNECTOR = NamedDriver(
    ("mysql.connector",),
    syncoptions.CONNECTOR,
    _connector,
    "mysql-connector-python",
    chooses_tls=True,
    sqlalchemy="mysql+mysqlconnector",
)
C_EXTENSION = NamedDriver(
    ("mysql.connector.cext",),
    syncoptions.CONNECTOR,
    _c_extension,
    "mysql-connector-python, of a version whose C extension can be imported here",
    chooses_tls=True,
    sqlalchemy="mysql+mysqlconnector",
)
PYMYSQL = NamedDriver(
    ("pymysql",),
    syncoptions.PYMYSQL,
    _pymysql,
    "pytest-netns-mysql[pymysql]",
    chooses_tls=True,
    sqlalchemy="mysql+pymysql",
)
MYSQLCLIENT = NamedDriver(
    ("mysqldb", "mysqlclient", "MySQLdb"),
    syncoptions.MYSQLCLIENT,
    _mysqlclient,
    "mysqlclient",
    sqlalchemy="mysql+mysqldb",
)
MARIADB = NamedDriver(("mariadb",), syncoptions.MARIADB, _mariadb, "mariadb", sqlalchemy="mysql+mariadbconnector")
X = NamedDriver(("mysqlx",), syncoptions.X, _x, "pytest-netns-mysql[x]", endpoint_kind="mysqlx")

DRIVERS = (CONNECTOR, C_EXTENSION, PYMYSQL, MYSQLCLIENT, MARIADB, X)
"""All drivers that are known by name, the default first."""
