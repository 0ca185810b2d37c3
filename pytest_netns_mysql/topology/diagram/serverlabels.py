"""The endpoints of mysqld in drawings, with the ports of the topology's options, or the default ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pytest_netns_mysql.endpoint import Endpoint, parse_list
from pytest_netns_mysql.endpointkinds import ENDPOINT_KINDS, MYSQL_ENDPOINT, EndpointKind
from pytest_netns_mysql.optionnames import base_name
from pytest_netns_mysql.topology.model import OptionValue
from pytest_netns_mysql.topology.topology import Topology


@dataclass(frozen=True)
class ServerLabel:
    """One endpoint in a drawing.

    Attributes:
        kind: The kind of endpoint.
        endpoint: The endpoint with its port.
    """

    kind: EndpointKind
    endpoint: Endpoint

    @property
    def place(self) -> str:
        """Address and port as in a URL."""
        address = self.endpoint.address
        return f"{f'[{address}]' if ':' in address else address}:{self.endpoint.port}"

    @property
    def line(self) -> str:
        """The endpoint as a line inside its namespace."""
        return " ".join(filter(None, ("mysqld", self.kind.label, self.place)))


def server_labels(topology: Topology) -> list[ServerLabel]:
    """Return the endpoints of bind_address, then those of admin_address and mysqlx_bind_address."""
    labels = []
    for kind in ENDPOINT_KINDS:
        value = topology.bind_address if kind is MYSQL_ENDPOINT else getattr(topology.mysqld, kind.parameter)
        if not value:
            continue
        port = _port(topology.mysqld.options, kind)
        endpoints = parse_list(value, key=kind.parameter)
        labels += [ServerLabel(kind, replace(endpoint, port=port)) for endpoint in endpoints]
    return labels


def _port(options: Mapping[str, OptionValue], kind: EndpointKind) -> int:
    for name, value in options.items():
        if base_name(name) == kind.port_option and str(value).isdecimal():
            return int(str(value))
    return kind.default_port
