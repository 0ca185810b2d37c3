"""The address that the other side sees a connection come from: its origin."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any, cast

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.kernel.network import Network

_PATIENCE = 5.0  # seconds


def origin(network: Network, name: str, endpoint: Endpoint) -> str:
    """Return the address that ``endpoint`` sees when a client of the namespace ``name`` connects to it.

    Without address translation it is the one that the kernel's routes choose. With it, a connection is made to a port
    beside the endpoint's, and its other end is asked. Raises ClientError where there is no way.
    """
    plan = network.topology.plan
    if endpoint.ip is not None:  # in the spelling of IPv4 where it is an IPv4-mapped address
        endpoint = replace(endpoint, address=str(endpoint.ip))
    if not plan.has_nat or endpoint.is_loopback:
        return _chosen(network[name], endpoint)
    for forward in plan.port_forwards:
        if (str(forward.address), forward.port) == (endpoint.address, endpoint.port):
            there = next(one for one, own in plan.addresses.items() if forward.to in [address.ip for address in own])
            endpoint = Endpoint(str(forward.to), there, forward.to_port)
            break
    return _met(network[name], network[endpoint.namespace], endpoint)


def _chosen(namespace: Namespace, endpoint: Endpoint) -> str:
    """Return the address that a socket gets; nothing is sent: connecting a UDP socket asks for a route, see udp(7)."""
    with namespace:
        kind, place = _resolved(endpoint.address, endpoint.port)
        with socket.socket(kind, socket.SOCK_DGRAM) as sock:
            try:
                sock.connect(place)
            except OSError as error:
                raise _no_way(namespace, endpoint, error) from error
            return cast("str", sock.getsockname()[0])


def _met(client: Namespace, server: Namespace, endpoint: Endpoint) -> str:
    """Return the address that a listener at the endpoint's address meets."""
    with server:
        kind, place = _resolved(endpoint.address, 0)
        listener = socket.socket(kind, socket.SOCK_STREAM)
    with client:
        caller = socket.socket(kind, socket.SOCK_STREAM)
    with listener, caller:
        listener.settimeout(_PATIENCE)
        caller.settimeout(_PATIENCE)
        try:
            listener.bind(place)
            listener.listen()
            caller.connect(listener.getsockname())
            met, other_end = listener.accept()
        except OSError as error:
            raise _no_way(client, endpoint, error) from error
        met.close()
        return cast("str", other_end[0])


def _resolved(address: str, port: int) -> tuple[int, Any]:
    """Return the family and the socket address: of a host name the first IPv4 one, where the server listens, too."""
    found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    kind, *_, place = min(found, key=lambda one: one[0] != socket.AF_INET)
    return kind, place


def _no_way(namespace: Namespace, endpoint: Endpoint, error: OSError) -> ClientError:
    return ClientError(
        f"there is no way from {namespace.name} to {endpoint}",
        tried=[str(error)],
        remedies=["connect to an endpoint of the same namespace", "add a route to the topology"],
    )
