"""The host names of a project: services, containers, aliases, links and extra hosts.

Docker has names of each network, and some of a single container. A sandbox has one file of names for all its
namespaces, so a name has all the addresses that it has anywhere; glibc takes an address on a network of the client
first. A name that would lead elsewhere for others is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

from pytest_netns_mysql.topology.compose.findings import Section
from pytest_netns_mysql.topology.compose.members import Service
from pytest_netns_mysql.topology.compose.yamltext import Items, Mark, Table

_HOST_NAME = re.compile(r"(?=.{1,255}$)(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_HOST_GATEWAY = "host-gateway"


class Names:
    """The host names of a project, each with its addresses."""

    def __init__(self) -> None:
        """Begin without a name."""
        self._addresses: dict[str, dict[str, None]] = {}
        self._spellings: dict[str, str] = {}
        self._private: dict[str, tuple[str, frozenset[str]]] = {}

    def add(self, name: str, addresses: Iterable[str]) -> None:
        """Add a name that every container of a network has; several containers may share it."""
        spelling = self._spellings.setdefault(name.lower(), name)
        self._addresses.setdefault(spelling, {}).update(dict.fromkeys(addresses))

    def add_private(self, name: str, addresses: Iterable[str], owner: str, section: Section, key: str) -> None:
        """Add a name that one service alone has; it is a fault if it leads elsewhere for others."""
        ordered = [*addresses]
        wanted = frozenset(ordered)
        first, known = self._private.setdefault(name.lower(), (owner, wanted))
        shared = frozenset(self._addresses.get(self._spellings.get(name.lower(), name), ()))
        if known != wanted or not shared <= wanted | known:
            others = ", ".join(sorted((known if known != wanted else shared) - wanted)) or "another address"
            section.fault(
                f"{name} means {', '.join(sorted(wanted)) or 'nothing'} for {owner}, and {others} for others "
                f"({first if known != wanted else 'the network'})",
                key,
                "give the names different spellings: all namespaces of a sandbox share one file of host names",
            )
            return
        self.add(name, ordered)

    def all(self) -> dict[str, list[str]]:
        """Return the addresses of each name."""
        return {name: list(addresses) for name, addresses in self._addresses.items() if addresses}


def host_names(services: dict[str, Service], project: str) -> dict[str, list[str]]:
    """Return the addresses of each host name of a project."""
    names = Names()
    for service in services.values():
        for container, own in service.containers.items():
            everywhere = [str(address) for member, found in own for address in found if not member.segment.is_dockers]
            for name in _own_names(service, container, project):
                names.add(name, everywhere)
            for member, found in own:
                for alias in member.section.texts("aliases"):
                    if _is_name(alias, member.section, "aliases"):
                        names.add(alias, map(str, found))
    for service in services.values():
        _add_links(service, services, names)
        _add_extra_hosts(service, names)
    return names.all()


def _own_names(service: Service, container: str, project: str) -> list[str]:
    """Return the names of a container: its service's, its own, and that of its namespace."""
    number = service.names.index(container) + 1
    given = service.section.text("container_name")
    wanted = [service.name, container, given or f"{project}-{service.name}-{number}"]
    found = [name for name in dict.fromkeys(wanted) if _HOST_NAME.fullmatch(name)]
    if given is not None and given not in found:
        _is_name(given, service.section, "container_name")
    return found


def _is_name(name: str, section: Section, key: str) -> bool:
    if _HOST_NAME.fullmatch(name):
        return True
    section.fault(f"{name!r} is not a valid host name", key, "write it as db.shop.test")
    return False


def _add_links(service: Service, services: dict[str, Service], names: Names) -> None:
    for text in service.section.texts("links"):
        other, _, alias = text.partition(":")
        if other not in services:
            service.section.fault(f"there is no service {other!r} to link to", "links", "remove the link")
        elif alias and _is_name(alias, service.section, "links"):
            found = services[other].containers.values()
            addresses = [str(address) for own in found for _, several in own for address in several]
            names.add_private(alias, addresses, service.name, service.section, "links")


def _add_extra_hosts(service: Service, names: Names) -> None:
    """Add the names of ``extra_hosts``; ``host-gateway`` is the address of ``global`` on the service's networks."""
    gateways = [
        str(gateway)
        for member in service.members
        for version, gateway in member.segment.gateways.items()
        if member is service.way_out(version)
    ]
    section = service.section
    private: dict[str, list[str]] = {}  # a name may have an address of each family
    for name, address, mark in _extra_hosts(section):
        if not _HOST_NAME.fullmatch(name):
            section.findings.fault(
                f"{name!r} is not a valid host name", mark, section.place("extra_hosts"), "correct it"
            )
        elif address == _HOST_GATEWAY:
            names.add(name, gateways)
        else:
            try:
                found = str(ip_address(address.removeprefix("[").removesuffix("]")))
            except ValueError:
                section.findings.fault(
                    f"{address!r} is not an IP address", mark, section.place("extra_hosts"), "write it as 192.0.2.2"
                )
                continue
            private.setdefault(name, []).append(found)
    for name, addresses in private.items():
        names.add_private(name, addresses, service.name, section, "extra_hosts")


def _extra_hosts(section: Section) -> list[tuple[str, str, Mark]]:
    """Return the name, the address and the place of each of ``name=address``, ``name:address``, or a mapping."""
    value = section.table.get("extra_hosts")
    found = []
    if isinstance(value, Table):
        for name, addresses in value.items():
            several = addresses if isinstance(addresses, Items) else [addresses]
            found += [(name, text, value.marks[name]) for text in several if isinstance(text, str)]
        return found
    for text in section.texts("extra_hosts"):
        name, separator, address = text.partition("=")
        if not separator:
            name, _, address = text.partition(":")
        found.append((name.strip(), address.strip(), section.mark("extra_hosts")))
    return found
