"""The services of a compose project: each a namespace, or several, with its addresses on the project's networks."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from ipaddress import ip_address

from pytest_netns_mysql.endpoint import GLOBAL, name_fault
from pytest_netns_mysql.topology.compose.findings import Findings, Section
from pytest_netns_mysql.topology.compose.knownkeys import (
    DEPLOY_NOT_USED,
    DEPLOY_USED,
    MEMBER_NOT_USED,
    MEMBER_USED,
    SERVICE_NOT_USED,
    SERVICE_USED,
)
from pytest_netns_mysql.topology.compose.segments import DEFAULT, Segment
from pytest_netns_mysql.topology.compose.yamltext import Table
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.model import Link, Namespace
from pytest_netns_mysql.topology.plan import Address
from pytest_netns_mysql.topology.planning.values import interface_fault, is_host, read_mac

BRIDGE = "bridge"
"""The mode that means Docker's own network."""

BRIDGE_KEY = f"network_mode: {BRIDGE}"
"""The key of Docker's own network, which no network of a file can have."""

_MOST_REPLICAS = 64
_OF_SERVICE, _OF_CONTAINER = "service:", "container:"


@dataclass
class Member:
    """A service on one network.

    Attributes:
        segment: The network.
        section: The service's entry for the network.
        order: What decides on the number of the interface: the priority, then the name.
        gateway_order: What decides on the default route.
    """

    segment: Segment
    section: Section
    order: tuple[int, str]
    gateway_order: tuple[int, int, str]


@dataclass
class Service:
    """A service.

    Attributes:
        name: The name in the file.
        section: What the file says of it.
        mode: ``network_mode``: host, none, bridge, ``service:NAME``; empty for the networks of the project.
        replicas: How many containers it has.
        members: Its networks, in the order of its interfaces.
        containers: The addresses of each container by the name of its namespace, with the networks.
    """

    name: str
    section: Section
    mode: str = ""
    replicas: int = 1
    members: list[Member] = field(default_factory=list)
    containers: dict[str, list[tuple[Member, list[Address]]]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The names of its namespaces: the service's own, or numbered ones for several containers."""
        if self.replicas == 1:
            return [self.name]
        return [f"{self.name}-{number}" for number in range(1, self.replicas + 1)]

    @property
    def has_namespaces(self) -> bool:
        """True if it has namespaces of its own."""
        return self.mode != "host" and not self.mode.startswith(_OF_SERVICE)

    def way_out(self, version: int) -> Member | None:
        """Return the network with the default route of a family: by ``gw_priority``, families and Docker's name."""
        able = [member for member in self.members if not member.segment.internal and version in member.segment.gateways]
        return min(able, key=lambda member: member.gateway_order, default=None)

    def address(self, container: str, version: int) -> Address | None:
        """Return the address at which others reach a container: on the network of the default route, else the first."""
        way_out = self.way_out(version)
        found = [
            (member is not way_out, number, address)
            for number, (member, addresses) in enumerate(self.containers[container])
            for address in addresses
            if address.version == version
        ]
        return min(found, key=lambda entry: entry[:2])[2] if found else None


def read_service(name: str, section: Section) -> Service:
    """Return a service with its mode and its number of containers; its networks are not read yet."""
    section.check_keys(SERVICE_USED, SERVICE_NOT_USED, name, "a service")
    service = Service(name, section, section.text("network_mode") or "")
    reason = "that is the sandbox's own namespace" if name == GLOBAL else name_fault(name)
    if reason:
        section.fault(f"a service cannot be called {name!r} here: {reason}", "", "rename it in a copy of the file")
    deploy = section.section("deploy")
    replicas = section.number("scale", default=1, least=0)
    if deploy is not None:
        deploy.check_keys(DEPLOY_USED, DEPLOY_NOT_USED, name, "deploy", "deploy.")
        replicas = deploy.number("replicas", default=replicas, least=0)
    if replicas > _MOST_REPLICAS:
        section.fault(f"{name} has {replicas} containers", "", f"write {_MOST_REPLICAS} or fewer")
        replicas = 1
    service.replicas = replicas
    if replicas > 1 and "container_name" in section:
        section.fault(
            f"{name} has {replicas} containers, and a name for one alone", "container_name", "remove container_name"
        )
    _check_mode(service)
    return service


def _check_mode(service: Service) -> None:
    mode, section = service.mode, service.section
    if mode.startswith(_OF_CONTAINER):
        section.fault(
            f"network_mode: {mode} names a container that is not part of the topology",
            "network_mode",
            "write network_mode: service:NAME, with a service of this file",
        )
    elif mode not in ("", "host", "none", BRIDGE) and not mode.startswith(_OF_SERVICE):
        section.fault(
            f"network_mode: {mode} is not supported",
            "network_mode",
            "name a network under networks",
            tried=["supported: bridge, host, none, service:NAME"],
        )
        service.mode = "none"
    if mode and "networks" in section:
        section.fault(f"{service.name} has network_mode and networks", "networks", "keep one of them")


def check_shared(services: dict[str, Service], findings: Findings) -> None:
    """Check the services that stand in the namespace of another, or in ``global``, and note where they stand."""
    for service in services.values():
        if service.mode == "host":
            findings.note(f"{service.name} has network_mode: host: its place is the namespace global")
        if not service.mode.startswith(_OF_SERVICE):
            continue
        other = service.mode.removeprefix(_OF_SERVICE)
        if other not in services or other == service.name:
            service.section.fault(
                f"{service.name} has the network of {other!r}, which is no other service that is active",
                "network_mode",
                "write one of these",
                tried=[", ".join(name for name in services if name != service.name) or "there is no other service"],
            )
        else:
            findings.note(f"{service.name} has the network of {other}: its place is the namespace {other}")


def read_members(service: Service, segments: dict[str, Segment]) -> None:
    """Read the networks of a service."""
    section = service.section
    if service.mode == BRIDGE:
        service.members = [
            _member(segments[BRIDGE_KEY], Section(Table(section.mark("network_mode")), "", section.findings))
        ]
        return
    networks = section.section("networks")
    entries = list(networks.sections()) if networks is not None else []
    if not entries:
        entries = [(DEFAULT, Section(Table(section.mark()), section.place("networks.default"), section.findings))]
    for name, entry in entries:
        if name not in segments:
            continue
        entry.check_keys(MEMBER_USED, MEMBER_NOT_USED, service.name, "a service's network", "networks.")
        service.members.append(_member(segments[name], entry))
    service.members.sort(key=lambda member: member.order)


def _member(segment: Segment, entry: Section) -> Member:
    return Member(
        segment,
        entry,
        (-entry.number("priority"), segment.name),
        (-entry.number("gw_priority"), -sum(segment.is_given), segment.docker_name),
    )


def give_static_addresses(service: Service) -> None:
    """Reserve the addresses that a service has by the file."""
    for member in service.members:
        for version, key in ((4, "ipv4_address"), (6, "ipv6_address")):
            if (text := member.section.text(key)) is not None:
                _reserve(service, member, text, version, key)


def _reserve(service: Service, member: Member, text: str, version: int, key: str) -> None:
    segment, section = member.segment, member.section
    subnet = segment.subnets.get(version)
    try:
        address = ip_address(text)
    except ValueError:
        section.fault(f"{text!r} is not an IP address", key, "write it as 172.28.0.10")
        return
    if service.replicas > 1:
        section.fault(f"{service.name} has {service.replicas} containers, and one address", key, "remove the address")
    elif subnet is None or segment.section.table.get("ipam") is None:
        section.fault(
            f"{service.name} has a fixed address on the network {segment.name}, which has no subnet of its own",
            key,
            f"write networks.{segment.name}.ipam.config with a subnet, as Docker requires"
            + (", and enable_ipv6: true" if version == 6 else ""),
        )
    elif not is_host(address, subnet):
        section.fault(f"{text} is not the address of a host in {subnet}", key, f"write an address in {subnet}")
    elif owner := segment.take(address, service.name):
        section.fault(f"{text} is given twice on the network {segment.name}: {owner} has it", key, "write another")


def give_addresses(service: Service) -> None:
    """Give each container of a service its addresses: the fixed ones, else the next free ones."""
    for container in service.names if service.has_namespaces else ():
        own: list[tuple[Member, list[Address]]] = []
        for member in service.members:
            addresses = []
            for version in sorted(member.segment.subnets):
                text = member.section.table.get(f"ipv{version}_address")
                address: Address | None = None
                if isinstance(text, str):
                    try:
                        address = ip_address(text)
                    except ValueError:
                        continue  # a fault by now
                else:
                    address = member.segment.next_address(version, container)
                if address is None:
                    member.section.fault(
                        f"there is no address left on the network {member.segment.name} for {container}",
                        "",
                        "write a wider subnet or ip_range",
                    )
                elif address in member.segment.subnets[version]:
                    addresses.append(address)
            own.append((member, addresses))
        service.containers[container] = own


def namespace(service: Service, container: str) -> Namespace:
    """Return the namespace of a container, with a link to each of its networks."""
    links = []
    names = _interfaces(service)
    for number, (member, addresses) in enumerate(service.containers[container]):
        segment = member.segment
        gateways = [str(gateway) for version, gateway in segment.gateways.items() if service.way_out(version) is member]
        mac = member.section.text("mac_address") or (service.section.text("mac_address") if number == 0 else None)
        links.append(
            Link(
                [segment.with_length(address) for address in addresses],
                to=segment.bridge,
                gateway=gateways or False,
                interface=names[number],
                mac=_mac(service, member, mac),
                mtu=segment.mtu,
            )
        )
    return Namespace(tuple(links))


def _interfaces(service: Service) -> list[str]:
    """Return the names of a service's interfaces: given ones, and ``eth0`` and so on, without a name twice."""
    given: list[str] = []
    for member in service.members:
        name = member.section.text("interface_name") or ""
        why = interface_fault(name) if name else None
        if why or (name and name in given):
            member.section.fault(
                f"an interface of {service.name} cannot be called {name!r}: {why or 'another one is'}",
                "interface_name",
                "write another name",
            )
        given.append("" if why or name in given else name)
    free = (name for number in itertools.count() if (name := f"eth{number}") not in given)
    return [name or next(free) for name in given]


def _mac(service: Service, member: Member, text: str | None) -> str | None:
    faults = Faults("")
    if text is None or (found := read_mac(text.replace("-", ":"), "", faults)) is not None:
        return None if text is None else found
    owner = member.section if "mac_address" in member.section else service.section
    owner.fault(f"{text!r} cannot be a MAC address", "mac_address", "write it as 02:42:ac:12:00:02")
    return None
