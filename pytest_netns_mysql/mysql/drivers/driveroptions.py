"""The options of connections: the same names for every driver that is known, in the driver's own words."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import mysql.connector
from mysql.connector.abstracts import MySQLConnectionAbstract
from mysql.connector.constants import CNX_POOL_ARGS, DEFAULT_CONFIGURATION

from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.mysql.drivers.keeping import loaded

# What drivers call an option, by the name that is the same for all of them here: mysql.connector's.
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
_OF_C_LIBRARIES = {
    "connection_timeout": "connect_timeout",
    "allow_local_infile": "local_infile",
    "client_flags": "client_flag",
}
_OF_MYSQLCLIENT = (
    "host user password database port unix_socket conv connect_timeout compress init_command read_default_file "
    "read_default_group cursorclass use_unicode charset collation auth_plugin sql_mode client_flag ssl_mode ssl "
    "local_infile autocommit server_public_key_path read_timeout write_timeout"
)
_OF_MARIADB = (
    "host user password database port unix_socket compress connect_timeout read_timeout write_timeout local_infile "
    "init_command default_file default_group plugin_dir reconnect ssl ssl_key ssl_cert ssl_ca ssl_capath ssl_cipher "
    "ssl_crl ssl_crlpath ssl_verify_cert tls_version tls_fp tls_fp_list tls_peer_fp autocommit converter client_flag "
    "named_tuple dictionary pool_name pool_size pool_reset_connection pool_validation_interval"
)
_OF_X = (
    "host user password schema port socket routers auth use_pure connect_timeout connection_attributes compression "
    "compression_algorithms dns_srv pooling ssl_mode ssl_ca ssl_cert ssl_key ssl_crl tls_versions tls_ciphersuites"
)
Options = dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Driver:
    """A driver whose options are known.

    Attributes:
        name: What people call it.
        known: Returns the names of the options that it takes.
        own_names: What it calls an option, by the common name, where that is another.
        convert: Changes options that it takes in another form.
    """

    name: str
    known: Callable[[], frozenset[str]]
    own_names: Mapping[str, str] = field(default_factory=dict)
    convert: Callable[[Options], Options] = dict

    @property
    def aliases(self) -> Mapping[str, str]:
        """The other names of options. One that the driver means in another way is none: X DevAPI's milliseconds."""
        return {key: name for key, name in _ALIASES.items() if self is not _X or key != "connect_timeout"}


def _of_connector() -> frozenset[str]:
    return frozenset({*DEFAULT_CONFIGURATION, *CNX_POOL_ARGS, "failover", "option_files", "option_groups"})


def _of_pymysql() -> frozenset[str]:
    import pymysql

    return frozenset(inspect.signature(pymysql.connections.Connection.__init__).parameters) - {"self"}


def _for_mysqlclient(options: Options) -> Options:
    """Return the options with TLS as mysqlclient takes it: a mode, and a mapping of files."""
    modes = {"ssl_disabled": ("PREFERRED", "DISABLED"), "ssl_verify_cert": (None, "VERIFY_CA")}
    found = {key: options.pop(f"ssl_{key}") for key in ("ca", "cert", "key", "cipher") if f"ssl_{key}" in options}
    for name, (off, on) in {**modes, "ssl_verify_identity": (None, "VERIFY_IDENTITY")}.items():
        if name in options and (mode := on if options.pop(name) else off) is not None:
            options["ssl_mode"] = mode
    return {**options, "ssl": found} if found else options


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


_CONNECTOR = _Driver("mysql.connector", _of_connector)
_PYMYSQL = _Driver("PyMySQL", _of_pymysql, _OF_C_LIBRARIES)
_MYSQLCLIENT = _Driver("mysqlclient", lambda: frozenset(_OF_MYSQLCLIENT.split()), _OF_C_LIBRARIES, _for_mysqlclient)
_MARIADB = _Driver("mariadb", lambda: frozenset(_OF_MARIADB.split()), _OF_C_LIBRARIES, _for_mariadb)
_X = _Driver("X DevAPI", lambda: frozenset(_OF_X.split()), {"database": "schema", "unix_socket": "socket"}, _for_x)
_BY_NAME = {None: _CONNECTOR, "mysql.connector": _CONNECTOR, "pymysql": _PYMYSQL, "mysqlx": _X}


def is_known(driver: object) -> bool:
    """Return True if the options of a driver are known, and common names can be used."""
    return _find(driver)[0] is not None


def named(driver: object, options: Mapping[str, Any]) -> Options:
    """Return options by their common names, such as ``database`` for ``db``; of an unknown driver as they are.

    Raises:
        ClientError: One option is given twice, by two names.
    """
    known, _ = _find(driver)
    if known is None:
        return dict(options)
    found: dict[str, tuple[str, Any]] = {}
    for name, value in options.items():
        common = known.aliases.get(name, name)
        if common in found:
            raise ClientError(
                f"{common} is given twice, as {found[common][0]}= and as {name}=",
                where=f"options of {known.name}",
                remedies=[f"write {common}= alone"],
            )
        found[common] = (name, value)
    return {common: value for common, (_, value) in found.items()}


def translated(driver: object, options: Mapping[str, Any]) -> Options:
    """Return options as a driver takes them; of an unknown driver as they are.

    Args:
        driver: What ``connect`` was given.
        options: The options, by common names or the driver's own.

    Raises:
        ClientError: The driver takes no such option, or one is given twice.
    """
    known, is_itself = _find(driver)
    if known is None:
        return dict(options)
    converted = known.convert(named(driver, options))
    own = {known.own_names.get(name, name): value for name, value in converted.items()}
    if is_itself:  # a class derived from the driver's may take more
        for name in own.keys() - known.known():
            raise _unknown(known, name, {*known.known(), *_common(known)})
    return own


def _unknown(driver: _Driver, name: str, allowed: set[str]) -> ClientError:
    others = [other.name for other in (_CONNECTOR, _PYMYSQL, _X) if other is not driver and _is_of(other, name)]
    near = [] if others else difflib.get_close_matches(name, allowed, n=1)
    return ClientError(
        f"{driver.name} takes no option {name}=" + (f", which is one of {' and '.join(others)}" if others else ""),
        where=f"options of {driver.name}",
        tried=[f"it takes {', '.join(sorted(allowed))}"],
        remedies=[*(f"write {one}=" for one in near), f"leave {name}= out, or pass a driver that takes it: driver=..."],
    )


def _is_of(driver: _Driver, name: str) -> bool:
    try:
        return name in driver.known()
    except ImportError:
        return False


def _common(driver: _Driver) -> Iterator[str]:
    """Yield the common names that a driver takes in its own words."""
    yield from (name for name in driver.own_names if driver.own_names[name] in driver.known())
    tls = ("ssl_disabled", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity")
    yield from (name for name in tls if driver.known() >= {*driver.convert({name: True})})


def _find(driver: object) -> tuple[_Driver | None, bool]:
    """Return the driver that is meant, if its options are known, and whether it is the driver itself."""
    if driver is None or isinstance(driver, str):
        return _BY_NAME.get(driver), True
    functions = {
        _CONNECTOR: mysql.connector.connect,
        _PYMYSQL: loaded("pymysql", "connect"),
        _MYSQLCLIENT: loaded("MySQLdb", "connect"),
        _MARIADB: loaded("mariadb", "connect"),
        _X: loaded("mysqlx", "get_session"),
    }
    return next(((known, True) for known, function in functions.items() if function is driver), _derived(driver))


def _derived(driver: object) -> tuple[_Driver | None, bool]:
    made: object = driver.func if isinstance(driver, functools.partial) else driver
    bases = {
        _CONNECTOR: MySQLConnectionAbstract,
        _PYMYSQL: loaded("pymysql.connections", "Connection"),
        _MYSQLCLIENT: loaded("MySQLdb.connections", "Connection"),
    }
    if not isinstance(made, type):
        return None, False
    for known, base in bases.items():
        if base is not None and issubclass(made, base):
            return known, False
    return None, False
