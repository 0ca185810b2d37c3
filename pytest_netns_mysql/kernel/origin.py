"""The origin of a connection: the client address that the server sees."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any, cast

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.kernel.network import Network

_TIMEOUT = 5.0  # seconds


def origin(network: Network, name: str, endpoint: Endpoint) -> str:
    """Return the address that the server sees when a client connects to an endpoint.

    Without address translation the kernel's routes choose the address, and nothing is sent. With address translation a
    test connection is made to another port of the endpoint's address.

    Args:
        network: The network.
        name: The client's namespace.
        endpoint: Where the client connects.

    Raises:
        ClientError: The client cannot reach the endpoint.
    """
    plan = network.topology.plan
    if endpoint.ip is not None:  # an IPv4-mapped address becomes the IPv4 address
        endpoint = replace(endpoint, address=str(endpoint.ip))
    if not plan.has_nat or endpoint.is_loopback:
        return _routed_source(network[name], endpoint)
    for forward in plan.port_forwards:
        if (str(forward.address), forward.port) == (endpoint.address, endpoint.port):
            target = next(
                namespace
                for namespace, interfaces in plan.addresses.items()
                if forward.to in [interface.ip for interface in interfaces]
            )
            endpoint = Endpoint(str(forward.to), target, forward.to_port)
            break
    return _accepted_source(network[name], network[endpoint.namespace], endpoint)


def _routed_source(namespace: Namespace, endpoint: Endpoint) -> str:
    """Return the address of a connected UDP socket: connecting chooses a route and sends nothing, see udp(7)."""
    with namespace:
        family, address = _resolve(endpoint.address, endpoint.port)
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            try:
                sock.connect(address)
            except OSError as error:
                raise _unreachable(namespace, endpoint, error) from error
            return cast("str", sock.getsockname()[0])


def _accepted_source(client: Namespace, server: Namespace, endpoint: Endpoint) -> str:
    """Return the client address that a listening socket at the endpoint's address accepts."""
    with server:
        family, address = _resolve(endpoint.address, 0)
        listener = socket.socket(family, socket.SOCK_STREAM)
    with client:
        connecting = socket.socket(family, socket.SOCK_STREAM)
    with listener, connecting:
        listener.settimeout(_TIMEOUT)
        connecting.settimeout(_TIMEOUT)
        try:
            listener.bind(address)
            listener.listen()
            connecting.connect(listener.getsockname())
            accepted, source = listener.accept()
        except OSError as error:
            raise _unreachable(client, endpoint, error) from error
        accepted.close()
        return cast("str", source[0])


def _resolve(address: str, port: int) -> tuple[int, Any]:
    """Return family and socket address; a host name gives its first IPv4 address, where the server listens as well."""
    found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    family, *_, socket_address = min(found, key=lambda info: info[0] != socket.AF_INET)
    return family, socket_address


def _unreachable(namespace: Namespace, endpoint: Endpoint, error: OSError) -> ClientError:
    return ClientError(
        f"{namespace.name} cannot reach {endpoint}",
        tried=[str(error)],
        remedies=["connect to an endpoint of the same namespace", "add a route to the topology"],
    )
