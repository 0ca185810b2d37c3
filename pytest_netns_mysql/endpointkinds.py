"""The kinds of endpoints of a server: option, port option and default port of each."""

from __future__ import annotations

from typing import NamedTuple


class EndpointKind(NamedTuple):
    """A kind of endpoint that a server has; see the manual, "Connection Interfaces".

    Attributes:
        name: What ``MySQLServer.endpoint`` calls the kind.
        parameter: mysqld's parameter for the addresses.
        port_option: mysqld's option for the port.
        default_port: The port where the option is not given.
        label: What tells the kind from the usual one in drawings.
    """

    name: str
    parameter: str
    port_option: str
    default_port: int
    label: str


MYSQL_ENDPOINT = EndpointKind("mysql", "bind_address", "port", 3306, "")
ADMIN_ENDPOINT = EndpointKind("admin", "admin_address", "admin_port", 33062, "admin")
MYSQLX_ENDPOINT = EndpointKind("mysqlx", "mysqlx_bind_address", "mysqlx_port", 33060, "X")
ENDPOINT_KINDS = (MYSQL_ENDPOINT, ADMIN_ENDPOINT, MYSQLX_ENDPOINT)
ADDRESS_PARAMETERS = tuple(kind.parameter for kind in ENDPOINT_KINDS)
