"""Where a topology has mysqld listen: its defaults, and the faults of what is written."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint, check, parse_list
from pytest_netns_mysql.endpointkinds import ADMIN_ENDPOINT, MYSQL_ENDPOINT, MYSQLX_ENDPOINT
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.model import Description
from pytest_netns_mysql.topology.plan import Plan


def bind_address(description: Description, plan: Plan, faults: Faults) -> tuple[str, ...]:
    """Return bind_address as written, or 127.0.0.1 and the first address of every namespace.

    What is wrong with any of the three addresses is added to ``faults``.
    """
    mysqld = description.mysqld
    for kind in (ADMIN_ENDPOINT, MYSQLX_ENDPOINT):
        value = getattr(mysqld, kind.parameter)
        if value is not None:
            _read(value, plan, kind.parameter, faults)
    if mysqld.bind_address is not None:
        return tuple(map(str, _read(mysqld.bind_address, plan, MYSQL_ENDPOINT.parameter, faults)))
    first = {name: addresses[0] for name, addresses in plan.addresses.items() if name != GLOBAL}
    return ("127.0.0.1", *(f"{address.ip}/{name}" for name, address in first.items() if not address.is_loopback))


def _read(value: str | Sequence[str], plan: Plan, key: str, faults: Faults) -> tuple[Endpoint, ...]:
    place = faults.place(f"mysqld.{key}")
    endpoints: tuple[Endpoint, ...] = ()
    with faults.gathered():
        endpoints = parse_list(value, key=key, where=place)
    for endpoint in endpoints:
        with faults.gathered():
            check_planned([endpoint], plan, key, place)
    return endpoints


def check_endpoints(value: str | Sequence[str], plan: Plan, key: str, where: str) -> tuple[Endpoint, ...]:
    """Return the endpoints of a parameter.

    Args:
        value: The parameter's value: a comma list, or a sequence of ``addr/ns``.
        plan: The plan whose namespaces and addresses there are.
        key: The parameter's name, for messages.
        where: Where the value is written, for messages.

    Raises:
        EndpointError: For the first endpoint that breaks a rule or exists nowhere in the plan.
    """
    endpoints = parse_list(value, key=key, where=where)
    check_planned(endpoints, plan, key, where)
    return endpoints


def check_planned(endpoints: Sequence[Endpoint], plan: Plan, key: str, where: str) -> None:
    """Raise EndpointError for the first endpoint that exists nowhere in the plan.

    The addresses of external namespaces are not known before they are entered, and not checked here.
    """
    check(endpoints, plan.addresses, hosts=plan.hosts, unknown=plan.external, key=key, where=where)
