"""Where mysqld listens, with the ports: those of the topology's options, else the server's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_netns_mysql.endpoint import Endpoint, parse
from pytest_netns_mysql.optionnames import without_loose
from pytest_netns_mysql.topology.model import OptionValue, Topology, texts


@dataclass(frozen=True)
class Listener:
    """Name one endpoint and the parameter that it comes from; ``remark`` is empty for the usual one."""

    parameter: str
    endpoint: Endpoint
    remark: str = ""

    @property
    def place(self) -> str:
        """Return address and port as a URL has them."""
        address = self.endpoint.address
        return f"{f'[{address}]' if ':' in address else address}:{self.endpoint.port}"

    @property
    def line(self) -> str:
        """Return the listener as a line inside its namespace."""
        return " ".join(filter(None, ("mysqld", self.remark, self.place)))


def listeners(topology: Topology) -> list[Listener]:
    """Return the endpoints of bind_address, then those of admin_address and mysqlx_bind_address that are written."""
    server = topology.mysqld
    admin = () if server.admin_address is None else (server.admin_address,)
    kinds = (
        ("bind_address", topology.bind_address, "port", 3306, ""),
        ("admin_address", admin, "admin_port", 33062, "admin"),
        ("mysqlx_bind_address", texts(server.mysqlx_bind_address or ()), "mysqlx_port", 33060, "X"),
    )
    found = []
    for parameter, values, option, default, remark in kinds:
        port = _port(server.options, option, default)
        for value in values:
            endpoint = parse(value, key=parameter)
            found.append(Listener(parameter, Endpoint(endpoint.address, endpoint.namespace, port), remark))
    return found


def _port(options: Mapping[str, OptionValue], wanted: str, default: int) -> int:
    for name, value in options.items():
        if without_loose(name) == wanted and str(value).isdecimal():
            return int(str(value))
    return default
