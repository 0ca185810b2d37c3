"""What a topology means: the names, gateways and routes that are left out, and all faults at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address
from typing import NamedTuple

from pytest_netns_mysql import arguments
from pytest_netns_mysql.endpoint import GLOBAL, name_fault
from pytest_netns_mysql.errors import in_short
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.keys import SHORTEST
from pytest_netns_mysql.topology.model import Description, Namespace, texts
from pytest_netns_mysql.topology.plan import Address, Masquerade, Plan, PortForward, Route
from pytest_netns_mysql.topology.planning import consistency, endpoints
from pytest_netns_mysql.topology.planning.interfaces import Wiring
from pytest_netns_mysql.topology.planning.values import read_destination, read_host_and_port
from pytest_netns_mysql.topology.tomltext import toml_key


class _Router(NamedTuple):
    """A namespace that may forward: its name, the start of its keys in a file, and what the topology says of it."""

    name: str
    start: str
    section: Namespace | Description


def plan(description: Description, faults: Faults | None = None) -> Plan:
    """Return the plan of a topology.

    Args:
        description: The topology.
        faults: The faults that were found when its file was read; they are raised together with those of the plan.

    Raises:
        TopologyError: If the topology has faults. Several faults are one error.
        EndpointError: If the only fault is an endpoint.
    """
    faults = Faults(description.source) if faults is None else faults
    if not description.namespaces:
        if faults.of_file:
            faults.check()
        faults.add("the topology has no namespace", "namespaces", f"write {SHORTEST}")
        faults.check()
    _check_names(description, faults)
    if GLOBAL in (*description.namespaces, *description.bridges):
        faults.check()  # every link to global would be misread
    wiring = Wiring(description, faults)
    bridges, veths = wiring.bridges(), wiring.veths()
    found = Plan(
        namespaces=tuple(description.namespaces),
        external={
            name: _text(namespace.external)
            for name, namespace in description.namespaces.items()
            if namespace.external is not None
        },
        bridges=bridges,
        veths=veths,
        forwarding=tuple(router.name for router in _routers(description) if router.section.forwarding),
    )
    consistency.check_wiring(found, wiring, faults)
    if faults.of_file:
        faults.check()  # further faults would only follow from those of the file
    found = replace(found, hosts=_hosts(description, found, faults))
    routes = (*wiring.default_routes, *_routes(description, found, faults))
    forwards = _port_forwards(description, found, faults)
    masquerades = _masquerades(description, found, forwards, faults)
    consistency.check_published_loopback(found, forwards, masquerades, faults)
    found = replace(found, routes=routes, masquerades=masquerades, port_forwards=forwards)
    _check_external(description, faults)
    found = replace(found, bind_address=endpoints.bind_address(description, found, faults))
    faults.check()
    return found


def _text(external: str | int) -> str:
    return external if isinstance(external, str) else in_short(external)


def _check_names(description: Description, faults: Faults) -> None:
    for table, names in (("namespaces", description.namespaces), ("bridges", description.bridges)):
        for name in names:
            reason = "that is the sandbox's own namespace" if name == GLOBAL else name_fault(name)
            if reason:
                faults.add(
                    f"a {table[:-1]} cannot be called {name!r}: {reason}", f"{table}.{toml_key(name)}", "rename it"
                )
    for name in description.bridges:
        if name in description.namespaces:
            faults.add(
                f"a namespace and a bridge are both called {name}: to = {name!r} could mean either",
                f"namespaces.{toml_key(name)} and bridges.{toml_key(name)}",
                "rename one of them",
            )


def _routers(description: Description) -> list[_Router]:
    """Return the namespaces that may forward; the keys of ``global`` are at the top level of a file."""
    return [
        _Router(GLOBAL, "", description),
        *(
            _Router(name, f"namespaces.{toml_key(name)}.", namespace)
            for name, namespace in description.namespaces.items()
        ),
    ]


def _routes(description: Description, found: Plan, faults: Faults) -> tuple[Route, ...]:
    routes = []
    for name, start, section in _routers(description):
        for destination, gateway in section.routes.items():
            key = f"{start}routes.{toml_key(destination)}"
            try:
                via = ip_address(gateway)
            except ValueError:
                faults.add(f"the gateway {gateway!r} is not an IP address", key, "write it as 192.0.2.1")
                continue
            subnet = read_destination(destination, via, key, faults)
            if subnet is None:
                continue
            _check_gateway(name, via, found, key, faults)
            routes.append(Route(name, subnet, via))
    return tuple(routes)


def _check_gateway(name: str, via: Address, found: Plan, key: str, faults: Faults) -> None:
    own = [address for address in found.addresses[name] if not address.is_loopback]
    if not any(via in address.network and via != address.ip for address in own):
        subnets = ", ".join(str(address.network) for address in own)
        faults.add(
            f"the gateway {via} is in no subnet of {name}",
            key,
            f"write an address in {subnets}" if own else f"give {name} an address",
        )
        return
    others = [address for there, addresses in found.addresses.items() if there != name for address in addresses]
    if not any(via == address.ip for address in others):
        faults.add(f"no namespace has the gateway's address {via}", key, "write an address of a neighbour")


def _interfaces(name: str, found: Plan) -> list[str]:
    return [
        *(bridge.interface for bridge in found.bridges if bridge.namespace == name),
        *(end.interface for end in found.ends if end.namespace == name),
    ]


def _masquerades(
    description: Description, found: Plan, forwards: tuple[PortForward, ...], faults: Faults
) -> tuple[Masquerade, ...]:
    rules: list[Masquerade] = []
    for name, start, section in _routers(description):
        if section.masquerade is False:
            continue
        if section.masquerade is True:
            rules.append(Masquerade(name, None))
        else:
            known = _interfaces(name, found)
            for interface in texts(section.masquerade):
                if interface not in known:
                    faults.add(
                        f"{name} has no interface {interface!r} to masquerade at",
                        f"{start}masquerade",
                        f"write one of {', '.join(known)}, or true for all" if known else f"give {name} a link",
                    )
                rules.append(Masquerade(name, interface))
        if not section.forwarding and not _publishes_to_itself(name, forwards):
            faults.add(
                f"{name} has masquerade, but does not forward",
                f"{start}masquerade",
                f"write {start}forwarding = true",
            )
    return tuple(rules)


def _port_forwards(description: Description, found: Plan, faults: Faults) -> tuple[PortForward, ...]:
    rules: list[PortForward] = []
    for name, start, section in _routers(description):
        for published, behind in section.publish.items():
            key = f"{start}publish.{toml_key(published)}"
            here = read_host_and_port(published, key, faults, default="")
            there = read_host_and_port(behind, key, faults)
            if here is None or there is None:
                continue
            to = ip_address(there[0])
            own = [address.ip for address in found.addresses[name] if not address.is_loopback]
            wanted = [ip_address(here[0])] if here[0] else [ip for ip in own if ip.version == to.version]
            # The kernel sends nothing out that comes from ::1, whatever is translated.
            own += [ip for ip in wanted if ip.version == 4 and ip.is_loopback]
            if not set(wanted) <= set(own) or not wanted or any(ip.version != to.version for ip in wanted):
                faults.add(
                    f"{name} has no address {here[0] or f'of IPv{to.version}'} to publish {there[0]} at",
                    key,
                    f"write one of {', '.join(map(str, own))}, of the same family"
                    if own
                    else f"give {name} an address",
                )
                continue
            if not any(to == address.ip for addresses in found.addresses.values() for address in addresses):
                faults.add(f"no namespace has the address {to}", key, "write an address of the topology")
            rules += [PortForward(name, ip, here[1], to, there[1]) for ip in wanted]
        if section.publish and not section.forwarding and not _publishes_to_itself(name, rules):
            faults.add(
                f"{name} has publish, but does not forward", f"{start}publish", f"write {start}forwarding = true"
            )
    return tuple(rules)


def _publishes_to_itself(name: str, rules: Iterable[PortForward]) -> bool:
    """Return True if a namespace has published ports for its own connections, which are not forwarded.

    ``global``, where tests without a marker run, may have them at any address; others at the loopback.
    """
    return any(rule.namespace == name and (name == GLOBAL or rule.address.is_loopback) for rule in rules)


def _hosts(description: Description, found: Plan, faults: Faults) -> tuple[tuple[str, Address], ...]:
    named: list[tuple[str, str, Address]] = []
    for name, addresses in description.hosts.items():
        for text in texts(addresses):
            key = f"hosts.{toml_key(name)}"
            try:
                named.append((key, name, ip_address(text)))
            except ValueError:
                faults.add(f"{text!r} is not an IP address", key, "write it as 192.0.2.2, without a prefix length")
    for owner, namespace in description.namespaces.items():
        own = [address for address in found.addresses[owner] if not address.is_loopback]
        first = {address.version: address for address in reversed(own)}
        for name in texts(namespace.hosts):
            key = f"namespaces.{toml_key(owner)}.hosts"
            if not own and namespace.external is None:
                faults.add(f"{owner} has no address for the host name {name}", key, f"give {owner} an address")
            named += [(key, name, address.ip) for _, address in sorted(first.items())]
    consistency.check_host_names(named, faults)
    return tuple((name, address) for _, name, address in named)


def _check_external(description: Description, faults: Faults) -> None:
    for name, namespace in description.namespaces.items():
        if namespace.external is None:
            continue
        changes = {
            "links": namespace.links,
            "routes": namespace.routes,
            "masquerade": namespace.masquerade is not False,
            "forwarding": namespace.forwarding,
            "publish": namespace.publish,
            "hosts": namespace.hosts,
        }
        given = [key for key, value in changes.items() if value]
        if given:
            faults.add(
                f"{name} is an external namespace, which is never changed: it cannot have {', '.join(given)}",
                f"namespaces.{toml_key(name)}",
                "remove these keys, or remove external to have a namespace created",
            )
        external = _text(namespace.external)
        if external.strip() in ("", ".", "..") or not arguments.is_line(external) or external.startswith("-"):
            faults.add(
                f"{in_short(namespace.external)} cannot be an existing namespace",
                f"namespaces.{toml_key(name)}.external",
                "write a name under /run/netns, a path, or a pid",
            )
