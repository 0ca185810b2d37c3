"""The options of the drivers for asyncio."""

from __future__ import annotations

import inspect
import ssl

from pytest_netns_mysql.mysql.drivers.driver import Options
from pytest_netns_mysql.mysql.drivers.driveroptions import DriverOptions

_OWN_NAMES = {
    "connection_timeout": "connect_timeout",
    "allow_local_infile": "local_infile",
    "client_flags": "client_flag",
}
POOL_OPTIONS = frozenset({"minsize", "maxsize", "pool_recycle", "echo"})
"""The options of aiomysql's and asyncmy's pools beside those of connections."""


def _aio_options() -> frozenset[str]:
    from mysql.connector.aio import MySQLConnection
    from mysql.connector.constants import CNX_POOL_ARGS

    parameters = inspect.signature(MySQLConnection.__init__).parameters
    return frozenset({*parameters, *CNX_POOL_ARGS, "use_pure"}) - {"self"}


def _aiomysql_options() -> frozenset[str]:
    import aiomysql

    return frozenset(inspect.signature(aiomysql.Connection.__init__).parameters) - {"self"}


def _asyncmy_options() -> frozenset[str]:
    import asyncmy

    return frozenset(inspect.signature(asyncmy.connect).parameters)


def _with_context(options: Options) -> Options:
    """Return the options with those of TLS as an SSLContext, by the names of mysql.connector."""
    is_disabled = options.pop("ssl_disabled", None)
    files = {key: options.pop(f"ssl_{key}", None) for key in ("ca", "cert", "key")}
    verifies_identity = bool(options.pop("ssl_verify_identity", False))
    verifies = bool(options.pop("ssl_verify_cert", False)) or verifies_identity
    if is_disabled or "ssl" in options or (is_disabled is None and not verifies and not any(files.values())):
        return options
    context = ssl.create_default_context(cafile=files["ca"])
    context.check_hostname = verifies_identity
    context.verify_mode = ssl.CERT_REQUIRED if verifies or files["ca"] else ssl.CERT_NONE
    if files["cert"]:
        context.load_cert_chain(files["cert"], files["key"])
    return {**options, "ssl": context}


AIO = DriverOptions("mysql.connector.aio", _aio_options, needs_timeout=True)
AIOMYSQL = DriverOptions(
    "aiomysql",
    _aiomysql_options,
    {**_OWN_NAMES, "database": "db"},
    _with_context,
    needs_timeout=True,
)
ASYNCMY = DriverOptions(
    "asyncmy",
    _asyncmy_options,
    _OWN_NAMES,
    _with_context,
)
AIOMYSQL_POOL = DriverOptions(
    "aiomysql", lambda: _aiomysql_options() | POOL_OPTIONS, AIOMYSQL.own_names, _with_context, needs_timeout=True
)
ASYNCMY_POOL = DriverOptions("asyncmy", lambda: _asyncmy_options() | POOL_OPTIONS, ASYNCMY.own_names, _with_context)
TAKERS = (AIO, AIOMYSQL, ASYNCMY)
"""Whose options are named in the error about an option that another driver does not take."""
