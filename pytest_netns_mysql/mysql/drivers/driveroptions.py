"""Connection options: common names for every driver that is known here, translated to the driver's own names."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract
from mysql.connector.constants import CNX_POOL_ARGS, DEFAULT_CONFIGURATION

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.drivers.loaded import is_class_of, loaded

# The drivers' other names of an option, and the common name, which is mysql.connector's.
_ALIASES: Mapping[str, str] = {
    "username": "user",
    "passwd": "password",
    "db": "database",
    "schema": "database",
    "connect_timeout": "connection_timeout",
    "socket": "unix_socket",
    "local_infile": "allow_local_infile",
    "client_flag": "client_flags",
}
_C_LIBRARY_NAMES = {
    "connection_timeout": "connect_timeout",
    "allow_local_infile": "local_infile",
    "client_flags": "client_flag",
}
_MYSQLCLIENT_OPTIONS = (
    "host user password database port unix_socket conv connect_timeout compress init_command read_default_file "
    "read_default_group cursorclass use_unicode charset collation auth_plugin sql_mode client_flag ssl_mode ssl "
    "local_infile autocommit server_public_key_path read_timeout write_timeout"
)
_MARIADB_OPTIONS = (
    "host user password database port unix_socket compress connect_timeout read_timeout write_timeout "
    "local_infile init_command default_file default_group plugin_dir reconnect ssl ssl_key ssl_cert ssl_ca "
    "ssl_capath ssl_cipher ssl_crl ssl_crlpath ssl_verify_cert tls_version tls_fp tls_fp_list tls_peer_fp "
    "autocommit converter client_flag named_tuple dictionary pool_name pool_size pool_reset_connection "
    "pool_validation_interval"
)
_X_OPTIONS = (
    "host user password schema port socket routers auth use_pure connect_timeout connection_attributes "
    "compression compression_algorithms dns_srv pooling ssl_mode ssl_ca ssl_cert ssl_key ssl_crl tls_versions "
    "tls_ciphersuites"
)
Options = dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Driver:
    """A driver whose options are known.

    Attributes:
        name: The driver's name, for errors.
        option_names: Returns the names of the options that the driver takes.
        own_names: The driver's names of options, by the common names, if they differ.
        convert: Returns options in the driver's form, if the form differs.
    """

    name: str
    option_names: Callable[[], frozenset[str]]
    own_names: Mapping[str, str] = field(default_factory=dict)
    convert: Callable[[Options], Options] = dict

    @property
    def aliases(self) -> Mapping[str, str]:
        """The common names of options, by the other names that the driver's users may write."""
        # X DevAPI's connect_timeout is in milliseconds, connection_timeout in seconds.
        return {alias: name for alias, name in _ALIASES.items() if self is not _X or alias != "connect_timeout"}


def _connector_options() -> frozenset[str]:
    return frozenset({*DEFAULT_CONFIGURATION, *CNX_POOL_ARGS, "failover", "option_files", "option_groups"})


def _pymysql_options() -> frozenset[str]:
    import pymysql

    return frozenset(inspect.signature(pymysql.connections.Connection.__init__).parameters) - {"self"}


def _for_mysqlclient(options: Options) -> Options:
    """Return the options with those of TLS as mysqlclient takes them: a mode, and a mapping of files."""
    files = {key: options.pop(f"ssl_{key}") for key in ("ca", "cert", "key", "cipher") if f"ssl_{key}" in options}
    modes = {
        "ssl_disabled": ("PREFERRED", "DISABLED"),
        "ssl_verify_cert": (None, "VERIFY_CA"),
        "ssl_verify_identity": (None, "VERIFY_IDENTITY"),
    }
    for name, (off, on) in modes.items():
        if name in options and (mode := on if options.pop(name) else off) is not None:
            options["ssl_mode"] = mode
    return {**options, "ssl": files} if files else options


def _for_mariadb(options: Options) -> Options:
    if "ssl_disabled" in options:
        options["ssl"] = not options.pop("ssl_disabled")
    return options


def _for_x(options: Options) -> Options:
    if options.pop("ssl_disabled", False):
        options["ssl_mode"] = "disabled"
    if "connection_timeout" in options:
        options["connect_timeout"] = int(options.pop("connection_timeout") * 1000)  # milliseconds
    return options


_CONNECTOR = _Driver("mysql.connector", _connector_options)
_PYMYSQL = _Driver("PyMySQL", _pymysql_options, _C_LIBRARY_NAMES)
_MYSQLCLIENT = _Driver(
    "mysqlclient", lambda: frozenset(_MYSQLCLIENT_OPTIONS.split()), _C_LIBRARY_NAMES, _for_mysqlclient
)
_MARIADB = _Driver("mariadb", lambda: frozenset(_MARIADB_OPTIONS.split()), _C_LIBRARY_NAMES, _for_mariadb)
_X = _Driver("X DevAPI", lambda: frozenset(_X_OPTIONS.split()), {"database": "schema", "unix_socket": "socket"}, _for_x)
_BY_NAME = {None: _CONNECTOR, "mysql.connector": _CONNECTOR, "pymysql": _PYMYSQL, "mysqlx": _X}


def has_known_options(driver: object) -> bool:
    """Return True if the options of a driver are known here, so that common names can be used."""
    return _find(driver)[0] is not None


def with_common_names(driver: object, options: Mapping[str, Any]) -> Options:
    """Return options by their common names, such as ``database`` for ``db``; unchanged for an unknown driver.

    Args:
        driver: What ``connect`` was given.
        options: The options, by common names or the driver's own.

    Raises:
        ClientError: An option is given twice, by two names.
    """
    known, _ = _find(driver)
    if known is None:
        return dict(options)
    given: dict[str, tuple[str, Any]] = {}
    for name, value in options.items():
        common = known.aliases.get(name, name)
        if common in given:
            raise ClientError(
                f"{common} is given twice, as {given[common][0]}= and as {name}=",
                where=f"options of {known.name}",
                remedies=[f"write {common}= only"],
            )
        given[common] = (name, value)
    return {common: value for common, (_, value) in given.items()}


def to_driver_options(driver: object, options: Mapping[str, Any]) -> Options:
    """Return options by the driver's own names and in its form; unchanged for an unknown driver.

    Args:
        driver: What ``connect`` was given.
        options: The options, by common names or the driver's own.

    Raises:
        ClientError: The driver does not take an option, or an option is given twice.
    """
    known, is_driver_itself = _find(driver)
    if known is None:
        return dict(options)
    converted = known.convert(with_common_names(driver, options))
    own = {known.own_names.get(name, name): value for name, value in converted.items()}
    if is_driver_itself:  # a class derived from the driver's may take more
        for name in own.keys() - known.option_names():
            raise _unknown_option(known, name)
    return own


def _unknown_option(driver: _Driver, name: str) -> ClientError:
    allowed = {*driver.option_names(), *_common_names(driver)}
    takers = [other.name for other in (_CONNECTOR, _PYMYSQL, _X) if other is not driver and _takes(other, name)]
    similar = [] if takers else difflib.get_close_matches(name, allowed, n=1)
    return ClientError(
        f"{driver.name} takes no option {name}=" + (f", an option of {' and '.join(takers)}" if takers else ""),
        where=f"options of {driver.name}",
        tried=[f"its options are {', '.join(sorted(allowed))}"],
        remedies=[
            *(f"write {option}=" for option in similar),
            f"leave {name}= out, or pass a driver that takes it: driver=...",
        ],
    )


def _takes(driver: _Driver, name: str) -> bool:
    try:
        return name in driver.option_names()
    except ImportError:
        return False


def _common_names(driver: _Driver) -> Iterator[str]:
    """Yield the common names of options for which the driver has other names."""
    names = driver.option_names()
    yield from (name for name in driver.own_names if driver.own_names[name] in names)
    tls = ("ssl_disabled", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity")
    yield from (name for name in tls if names >= {*driver.convert({name: True})})


def _find(driver: object) -> tuple[_Driver | None, bool]:
    """Return the known driver, or None, and True for the driver itself, False for a class derived from its class."""
    if driver is None or isinstance(driver, str):
        return _BY_NAME.get(driver), True
    functions = {
        _CONNECTOR: mysql.connector.connect,
        _PYMYSQL: loaded("pymysql", "connect"),
        _MYSQLCLIENT: loaded("MySQLdb", "connect"),
        _MARIADB: loaded("mariadb", "connect"),
        _X: loaded("mysqlx", "get_session"),
    }
    return next(((known, True) for known, function in functions.items() if function is driver), (_base(driver), False))


def _base(driver: object) -> _Driver | None:
    bases = {
        _CONNECTOR: MySQLConnectionAbstract,
        _PYMYSQL: loaded("pymysql.connections", "Connection"),
        _MYSQLCLIENT: loaded("MySQLdb.connections", "Connection"),
    }
    return next((known for known, base in bases.items() if is_class_of(driver, base)), None)
