"""The endpoints of two servers that would listen at the same place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpointkinds import ADDRESS_PARAMETERS
from pytest_netns_mysql.mysql.mysqld.listeners import port_taken

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.mysql.mysqld.instance import Instance


def check_unoccupied(server: Instance, others: Iterable[Instance]) -> None:
    """Raise EndpointError if one of the other servers listens at an endpoint of a server that has not started yet.

    The other servers may still be booting, so that the kernel does not know of their endpoints.
    """
    if not server._spec.check_endpoints:
        return  # mysqld itself is to refuse them
    running = [other for other in others if other.network is server.network and other.is_running]
    taken = [place for other in running for key in ADDRESS_PARAMETERS for place in other._endpoints_of(key)]
    for key in ADDRESS_PARAMETERS:
        for endpoint in server._endpoints_of(key):
            if any(_is_same_place(endpoint, place) for place in taken):
                raise port_taken(endpoint, key, server._spec._where)


def _is_same_place(endpoint: Endpoint, other: Endpoint) -> bool:
    if endpoint.namespace != other.namespace or endpoint.port != other.port:
        return False
    if endpoint.is_wildcard or other.is_wildcard:
        return bool(endpoint.families & other.families)
    return endpoint.ip == other.ip if endpoint.ip and other.ip else endpoint.address == other.address
