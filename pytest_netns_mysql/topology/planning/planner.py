"""Work out what a topology means: names, gateways and routes that are left out, and every fault at once."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from pytest_netns_mysql import arguments
from pytest_netns_mysql.endpoint import GLOBAL, name_fault
from pytest_netns_mysql.errors import in_short
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.keys import SHORTEST
from pytest_netns_mysql.topology.model import Description, Namespace, texts
from pytest_netns_mysql.topology.plan import Address, Masquerade, Plan, PortForward, Route
from pytest_netns_mysql.topology.planning import consistency, endpoints
from pytest_netns_mysql.topology.planning.links import Wiring
from pytest_netns_mysql.topology.planning.values import read_destination, read_host_and_port
from pytest_netns_mysql.topology.tomltext import toml_key


def plan(description: Description, faults: Faults | None = None) -> Plan:
    """Return the plan of a topology; ``faults`` are those of its file, which are told together with its own.

    Raises TopologyError, or EndpointError where an endpoint alone is wrong; several faults come as one error.
    """
    faults = Faults(description.source) if faults is None else faults
    if not description.namespaces:
        if faults.of_file:
            faults.check()
        faults.add(
            "the topology has no namespace",
            "namespaces",
            f"write {SHORTEST}",
        )
        faults.check()
    _check_names(description, faults)
    if GLOBAL in (*description.namespaces, *description.bridges):
        faults.check()  # every link to it would be misread
    wiring = Wiring(description, faults)
    bridges, veths = wiring.bridges(), wiring.veths()
    found = Plan(
        namespaces=tuple(description.namespaces),
        external={
            name: _text(one.external) for name, one in description.namespaces.items() if one.external is not None
        },
        bridges=bridges,
        veths=veths,
        forwarding=tuple(name for name, _, one in _routers(description) if one.forwarding),
    )
    consistency.check_wiring(found, wiring, faults)
    if faults.of_file:
        faults.check()  # what depends on the keys that are wrong would be wrong with them
    found = replace(found, hosts=_hosts(description, found, faults))
    routes = (*wiring.default_routes, *_routes(description, found, faults))
    masquerades = _masquerades(description, found, faults)
    forwards = _port_forwards(description, found, faults)
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
            reason = "it stands for the sandbox's own namespace" if name == GLOBAL else name_fault(name)
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


def _routers(description: Description) -> list[tuple[str, str, Namespace | Description]]:
    """Return what may route, as name, beginning of its keys, and description: ``global``'s stand at the top."""
    rest = [(name, f"namespaces.{toml_key(name)}.", one) for name, one in description.namespaces.items()]
    return [(GLOBAL, "", description), *rest]


def _routes(description: Description, found: Plan, faults: Faults) -> tuple[Route, ...]:
    routes = []
    for name, start, one in _routers(description):
        for destination, gateway in one.routes.items():
            key = f"{start}routes.{toml_key(destination)}"
            try:
                via = ip_address(gateway)
            except ValueError:
                faults.add(f"the gateway {gateway!r} is no IP address", key, "write it as 192.0.2.1")
                continue
            subnet = read_destination(destination, via, key, faults)
            if subnet is None:
                continue
            _check_gateway(name, via, found, key, faults)
            routes.append(Route(name, subnet, via))
    return tuple(routes)


def _check_gateway(name: str, via: Address, found: Plan, key: str, faults: Faults) -> None:
    own = [one for one in found.addresses[name] if not one.is_loopback]
    reachable = [one for one in own if via in one.network and via != one.ip]
    if not reachable:
        faults.add(
            f"the gateway {via} is in no subnet of {name}",
            key,
            f"name an address in {', '.join(str(one.network) for one in own) or 'a subnet: it has no address'}",
        )
    elif not any(via == one.ip for there, ones in found.addresses.items() if there != name for one in ones):
        faults.add(f"no namespace has the gateway {via}", key, "name an address that one of its neighbours has")


def _interfaces(name: str, found: Plan) -> list[str]:
    return [
        *(bridge.interface for bridge in found.bridges if bridge.namespace == name),
        *(end.interface for end in found.ends if end.namespace == name),
    ]


def _masquerades(description: Description, found: Plan, faults: Faults) -> tuple[Masquerade, ...]:
    rules: list[Masquerade] = []
    for name, start, one in _routers(description):
        if one.masquerade is True:
            rules.append(Masquerade(name, None))
        elif one.masquerade is not False:
            known = _interfaces(name, found)
            for interface in texts(one.masquerade):
                if interface not in known:
                    faults.add(
                        f"{name} has no interface {interface!r} to masquerade at",
                        f"{start}masquerade",
                        f"write one of {', '.join(known) or 'none, it has none'}, or true for all",
                    )
                rules.append(Masquerade(name, interface))
        if one.masquerade is not False and not one.forwarding:
            faults.add(
                f"{name} masquerades what it forwards, and it does not forward",
                f"{start}masquerade",
                f"write {start}forwarding = true",
            )
    return tuple(rules)


def _port_forwards(description: Description, found: Plan, faults: Faults) -> tuple[PortForward, ...]:
    rules: list[PortForward] = []
    for name, start, one in _routers(description):
        for published, behind in one.publish.items():
            key = f"{start}publish.{toml_key(published)}"
            here = read_host_and_port(published, key, faults, default="")
            there = read_host_and_port(behind, key, faults)
            if here is None or there is None:
                continue
            to = ip_address(there[0])
            own = [address.ip for address in found.addresses[name] if not address.is_loopback]
            wanted = [ip_address(here[0])] if here[0] else [ip for ip in own if ip.version == to.version]
            if not set(wanted) <= set(own) or not wanted or any(ip.version != to.version for ip in wanted):
                faults.add(
                    f"{name} has no address {here[0] or f'of IPv{to.version}'} to publish {there[0]} at",
                    key,
                    f"name one of {', '.join(map(str, own)) or 'none, it has none'}, of the same family",
                )
                continue
            if not any(to == address.ip for ones in found.addresses.values() for address in ones):
                faults.add(f"no namespace has the address {to}", key, "name an address of the topology")
            rules += [PortForward(name, ip, here[1], to, there[1]) for ip in wanted]
        if one.publish and not one.forwarding:
            faults.add(
                f"{name} publishes ports, and it does not forward",
                f"{start}publish",
                f"write {start}forwarding = true",
            )
    return tuple(rules)


def _hosts(description: Description, found: Plan, faults: Faults) -> tuple[tuple[str, Address], ...]:
    named: list[tuple[str, str, Address]] = []
    for name, addresses in description.hosts.items():
        for text in texts(addresses):
            key = f"hosts.{toml_key(name)}"
            try:
                named.append((key, name, ip_address(text)))
            except ValueError:
                faults.add(f"{text!r} is no IP address", key, "write it as 192.0.2.2, without a prefix length")
    for owner, one in description.namespaces.items():
        own = {one.version: one for one in reversed(found.addresses[owner]) if not one.is_loopback}
        for name in texts(one.hosts):
            key = f"namespaces.{toml_key(owner)}.hosts"
            if not own and one.external is None:
                faults.add(f"{owner} has no address that {name} could stand for", key, "give it one")
            named += [(key, name, address.ip) for _, address in sorted(own.items())]
    consistency.check_host_names(named, faults)
    return tuple((name, address) for _, name, address in named)


def _check_external(description: Description, faults: Faults) -> None:
    for name, one in description.namespaces.items():
        if one.external is None:
            continue
        unchanged = {"links": one.links, "routes": one.routes, "masquerade": one.masquerade is not False}
        more = {"forwarding": one.forwarding, "publish": one.publish, "hosts": one.hosts}
        wanted = [key for key, value in (unchanged | more).items() if value]
        if wanted:
            faults.add(
                f"{name} is external, entered and never changed, so it takes no {', '.join(wanted)}",
                f"namespaces.{toml_key(name)}",
                "remove these, or remove external to have a namespace made",
            )
        external = _text(one.external)
        if external.strip() in ("", ".", "..") or not arguments.is_line(external) or external.startswith("-"):
            faults.add(
                f"{in_short(one.external)} is no namespace that exists",
                f"namespaces.{toml_key(name)}.external",
                "write a name under /run/netns, a path, or a pid",
            )
