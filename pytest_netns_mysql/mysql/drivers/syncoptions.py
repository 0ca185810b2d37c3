"""The options of the drivers that are not asynchronous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mysql.connector.constants import CNX_POOL_ARGS, DEFAULT_CONFIGURATION

from pytest_netns_mysql.mysql.drivers.driveroptions import ALIASES, DriverOptions

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.drivers.driver import Options

_C_LIBRARY_NAMES = {
    "connection_timeout": "connect_timeout",
    "allow_local_infile": "local_infile",
    "client_flags": "client_flag",
}
_MYSQLCLIENT_OPTIONS = (
    "host user password database port unix_socket conv connect_timeout compress init_command read_default_file "
    "read_default_group cursorclass use_unicode charset collation auth_plugin sql_mode client_flag multi_statements "
    "ssl_mode ssl local_infile autocommit binary_prefix server_public_key_path read_timeout write_timeout"
)
_MARIADB_OPTIONS = (
    "host user password database port unix_socket compress connect_timeout read_timeout write_timeout "
    "local_infile init_command default_file default_group plugin_dir reconnect ssl ssl_key ssl_cert ssl_ca "
    "ssl_capath ssl_cipher ssl_crl ssl_crlpath ssl_verify_cert tls_version tls_fp tls_fp_list tls_peer_fp "
    "autocommit converter client_flag named_tuple dictionary pool_name pool_size pool_reset_connection "
    "pool_validation_interval"
)
# Since 2.0, see the class Configuration of its pure-Python implementation.
_MARIADB_2_OPTIONS = (
    "binary cache_prep_stmts character_encoding max_allowed_packet native_object pipeline prep_stmt_cache_size "
    "query_timeout read_only socket_timeout"
)
_X_OPTIONS = (
    "host user password schema port socket routers auth use_pure connect_timeout connection_attributes "
    "compression compression_algorithms dns_srv pooling ssl_mode ssl_ca ssl_cert ssl_key ssl_crl tls_versions "
    "tls_ciphersuites"
)


def _connector_options() -> frozenset[str]:
    return frozenset({*DEFAULT_CONFIGURATION, *CNX_POOL_ARGS, "failover", "option_files", "option_groups"})


def _pymysql_options() -> frozenset[str]:
    import inspect

    import pymysql

    return frozenset(inspect.signature(pymysql.connections.Connection.__init__).parameters) - {"self"}


def _for_mysqlclient(options: Options) -> Options:
    """Return the options with those of TLS as mysqlclient takes them: a mode, and a mapping of files."""
    files = {key: options.pop(f"ssl_{key}") for key in ("ca", "cert", "key", "cipher") if f"ssl_{key}" in options}
    # Where mysqlclient was built with MariaDB's C library, PREFERRED is no TLS.
    modes = {
        "ssl_disabled": ("REQUIRED", "DISABLED"),
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


CONNECTOR = DriverOptions("mysql.connector", _connector_options, needs_timeout=True)
PYMYSQL = DriverOptions("PyMySQL", _pymysql_options, _C_LIBRARY_NAMES)
MYSQLCLIENT = DriverOptions(
    "mysqlclient",
    lambda: frozenset(_MYSQLCLIENT_OPTIONS.split()),
    _C_LIBRARY_NAMES,
    _for_mysqlclient,
    needs_timeout=True,
)
MARIADB = DriverOptions(
    "mariadb",
    lambda: frozenset(f"{_MARIADB_OPTIONS} {_MARIADB_2_OPTIONS}".split()),
    _C_LIBRARY_NAMES,
    _for_mariadb,
    needs_timeout=True,
)
X = DriverOptions(
    "X DevAPI",
    lambda: frozenset(_X_OPTIONS.split()),
    {"database": "schema", "unix_socket": "socket"},
    _for_x,
    # X DevAPI's connect_timeout is in milliseconds, connection_timeout in seconds.
    {alias: name for alias, name in ALIASES.items() if alias != "connect_timeout"},
)
TAKERS = (CONNECTOR, PYMYSQL, X)
"""Whose options are named in the error about an option that another driver does not take."""
