"""The origin of a connection: the client address that the server sees."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any, cast

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ClientError
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace
from pytest_netns_mysql.kernel.network import Network

_TIMEOUT = 5.0  # seconds


def origin(network: Network, name: str, endpoint: Endpoint) -> str:
    """Return the address that the server sees when a client connects to an endpoint.

    Without address translation the kernel's routes choose the address, and nothing is sent. With address translation a
    test connection is made to another port of the endpoint's address. If a fault that a test caused is in the way, the
    address is the only one that the namespace has, so that the client gets the driver's own error.

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
    is_published = (endpoint.address, endpoint.port) in [(str(rule.address), rule.port) for rule in plan.port_forwards]
    if not plan.has_nat or (endpoint.is_loopback and not is_published):
        try:
            return _routed_source(network[name], endpoint)
        except ClientError as error:
            return _source_without_fault(network, network[name], endpoint, error)
    for forward in plan.port_forwards:
        if (str(forward.address), forward.port) == (endpoint.address, endpoint.port):
            target = next(
                namespace
                for namespace, interfaces in plan.addresses.items()
                if forward.to in [interface.ip for interface in interfaces]
            )
            endpoint = Endpoint(str(forward.to), target, forward.to_port)
            break
    if _is_cut_off(network, name, endpoint):
        raise _unreachable(network[name], endpoint, OSError("no namespace forwards, and they share no network"))
    try:
        return _accepted_source(network[name], network[endpoint.namespace], endpoint)
    except ClientError as error:
        raise error._with_tried(*_faults(network, network[name])) from error.__cause__


def _is_cut_off(network: Network, name: str, endpoint: Endpoint) -> bool:
    """Return True if a client cannot reach an address since nobody forwards; a connection would run into a timeout."""
    plan = network.topology.plan
    if plan.forwarding or plan.external or endpoint.ip is None or endpoint.is_wildcard or endpoint.namespace == name:
        return False
    own, of_global = network[name].addresses, plan.addresses[GLOBAL]
    return not any(endpoint.ip in address.network for address in own if not address.is_loopback) and not any(
        endpoint.ip == address.ip for address in of_global
    )


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


def _source_without_fault(network: Network, client: Namespace, endpoint: Endpoint, error: ClientError) -> str:
    """Return the only address that a client can have; raise the error if it has several, or if there is no fault."""
    faults = _faults(network, client)
    version = 6 if ":" in endpoint.address else 4
    own = [interface for interface in client.addresses if interface.version == version and not interface.is_loopback]
    if faults and len(own) == 1:
        return str(own[0].ip)
    raise error._with_tried(*faults) from error.__cause__


def _faults(network: Network, client: Namespace) -> list[str]:
    """Return a line for each fault in force that concerns a client."""
    return [
        f"a fault is in force: {fault.what}" for fault in network.fault_log.in_force if client.name in fault.namespaces
    ]


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
