"""Where the topology has mysqld listen: its defaults, and the faults of what is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint, check, parse_list
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.model import Topology
from pytest_netns_mysql.topology.plan import Address, Plan


def bind_address(topology: Topology, plan: Plan, faults: Faults) -> tuple[str, ...]:
    """Return bind_address as written, or 127.0.0.1 and the first address of every namespace.

    Faults of it, of admin_address and of mysqlx_bind_address are noted.
    """
    server = topology.mysqld
    for key in ("admin_address", "mysqlx_bind_address"):
        value = getattr(server, key)
        if value is not None:
            _endpoints(value, plan, key, faults)
    if server.bind_address is not None:
        return _endpoints(server.bind_address, plan, "bind_address", faults)
    first = {name: addresses[0] for name, addresses in plan.addresses.items() if name != GLOBAL}
    return ("127.0.0.1", *(f"{one.ip}/{name}" for name, one in first.items() if not one.is_loopback))


def _endpoints(value: str | Sequence[str], plan: Plan, key: str, faults: Faults) -> tuple[str, ...]:
    place = faults.place(f"mysqld.{key}")
    endpoints: tuple[Endpoint, ...] = ()
    with faults.gathered():
        endpoints = parse_list(value, key=key, where=place)
    for endpoint in endpoints:
        with faults.gathered():
            _check(endpoint, plan, key, place)
    return tuple(map(str, endpoints))


def check_endpoints(value: str | Sequence[str], plan: Plan, key: str, where: str) -> list[Endpoint]:
    """Return the endpoints, host names of the topology as addresses.

    Raises EndpointError for the first that breaks a rule or exists nowhere in the plan.
    """
    endpoints = parse_list(value, key=key, where=where)
    for endpoint in endpoints:
        _check(endpoint, plan, key, where)
    return [one for endpoint in endpoints for one in by_address(endpoint, plan.hosts)]


def _check(endpoint: Endpoint, plan: Plan, key: str, where: str) -> None:
    for one in by_address(endpoint, plan.hosts):
        if one.namespace not in plan.external:  # whose addresses are known when it is entered
            check([one], plan.addresses, key=key, where=where)


def by_address(endpoint: Endpoint, hosts: Sequence[tuple[str, Address]]) -> list[Endpoint]:
    """Return the endpoint with the addresses of its host name, or as it is where the topology has no such name."""
    found = [address for name, address in hosts if name.lower() == endpoint.address.lower()]
    return [replace(endpoint, address=str(address)) for address in found] or [endpoint]
