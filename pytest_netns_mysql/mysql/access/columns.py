"""The columns of a matrix of logins: the places that clients connect from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ClientError, EndpointError
from pytest_netns_mysql.mysql.access.explanation import Origin

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance


@dataclass(frozen=True)
class Column:
    """A place that clients connect from.

    Attributes:
        label: The namespace, followed by the family of addresses where the namespace can use both: ``red IPv6``.
        namespace: The namespace.
        endpoint: The endpoint that its clients connect to, or None if there is none.
        origin: The client's address and name, as the server sees them.
    """

    label: str
    namespace: str
    endpoint: Endpoint | None
    origin: Origin


def columns_of(server: Instance) -> Iterator[Column]:
    """Yield the columns: one for each namespace, or one for each family by which it reaches the server."""
    for name in server.network:
        try:
            nearest = server.endpoint_for(name)
        except EndpointError:
            yield Column(name, name, None, Origin(""))
            continue
        other = _of_other_family(server, name, nearest)
        family = _family(nearest)
        yield Column(name if other is None else f"{name} IPv{family}", name, nearest, Origin(""))
        if other is not None:
            yield Column(f"{name} IPv{_family(other)}", name, other, Origin(""))


def _of_other_family(server: Instance, namespace: str, nearest: Endpoint) -> Endpoint | None:
    """Return the endpoint by which a namespace reaches the server with its other family of addresses, or None."""
    if nearest.ip is None:
        return None
    known = [place for endpoint in server.endpoints for place in _places(server, endpoint)]

    def distance(place: Endpoint) -> tuple[bool, bool]:
        return place.namespace != nearest.namespace, place.is_loopback != nearest.is_loopback

    for place in sorted(known, key=distance):
        is_own_loopback = not place.is_loopback or place.namespace == namespace
        if is_own_loopback and _family(place) != _family(nearest) and _is_reached(server, namespace, place):
            return place
    return None


def _places(server: Instance, endpoint: Endpoint) -> list[Endpoint]:
    """Return an endpoint by its addresses: a wildcard stands for every address of ``global``, a name for none."""
    if endpoint.is_wildcard:
        interfaces = server.network[GLOBAL].addresses
        return [
            replace(endpoint, address=str(interface.ip), namespace=GLOBAL)
            for interface in interfaces
            if interface.version in endpoint.families
        ]
    return [] if endpoint.ip is None else [endpoint]


def _is_reached(server: Instance, namespace: str, endpoint: Endpoint) -> bool:
    try:
        server.origin(namespace, endpoint)
    except ClientError:
        return False
    return True


def _family(endpoint: Endpoint) -> int:
    return 4 if endpoint.ip is None else endpoint.ip.version
