"""The published ports of a project: ``ports``, by which ``global`` reaches services as the host does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from pytest_netns_mysql.topology.compose.findings import Section, is_address, is_number
from pytest_netns_mysql.topology.compose.members import Service
from pytest_netns_mysql.topology.compose.segments import Segment
from pytest_netns_mysql.topology.compose.yamltext import Table, Value
from pytest_netns_mysql.topology.plan import Address

_FIRST_RANDOM = 32768  # where Docker's own choice of a port begins
_MOST_PORTS = 100  # in a range
_SHORT = re.compile(
    r"(?:(?:\[(?P<v6>[^\]]*)\]|(?P<v4>[0-9]+(?:\.[0-9]+){3})):)?(?:(?P<published>[0-9]+(?:-[0-9]+)?)?:)?(?P<target>[0-9]+(?:-[0-9]+)?)"
    r"(?:/(?P<protocol>[a-z]+))?"
)
_ANY = {"": (4, 6), "0.0.0.0": (4,), "::": (6,)}  # noqa: S104 - read, not bound
"""What stands for all addresses of the host, each with the families."""

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Port:
    """A published port.

    Attributes:
        host_ip: The address of the host; empty for all.
        published: The ports of the host, of which a container takes the first free one; empty for any.
        target: The port of the container.
    """

    host_ip: str
    published: range
    target: int


class Publisher:
    """The table of published ports, filled service by service.

    Attributes:
        table: ``address:port`` behind the host, by ``address:port`` of the host.
        interfaces: The bridges behind which published services are.
    """

    def __init__(self, segments: dict[str, Segment]) -> None:
        """Begin without a port.

        Args:
            segments: The networks, whose gateways are the host's addresses.
        """
        self.table: dict[str, str] = {}
        self.interfaces: dict[str, None] = {}
        self._owners: dict[str, str] = {}
        self._addresses = [gateway for segment in segments.values() for gateway in segment.gateways.values()]
        self._is_single = len(segments) == 1

    def publish(self, service: Service, *, is_database: bool) -> None:
        """Publish the ports of a service.

        Args:
            service: The service.
            is_database: Whether a port that cannot be published is a fault; it is a note for other services.
        """
        ports = list(dict.fromkeys(_ports(service.section)))  # two forms may say the same
        if ports and not service.members:
            service.section.findings.note(
                f"the ports of {service.name} are not published: it has no network of its own"
            )
            return
        for port in ports:
            for container in service.containers:
                self._publish(service, container, port, is_database=is_database)

    def _publish(self, service: Service, container: str, port: Port, *, is_database: bool) -> None:
        way_out = service.way_out(4) or service.way_out(6)
        if way_out is None:
            service.section.findings.note(
                f"port {port.target} of {service.name} is not published: all of its networks are internal"
            )
            return
        host_ip = port.host_ip or way_out.segment.host_ip or ""
        hosts = self._hosts(host_ip)
        if not hosts:
            what = f"{service.name} is published at {host_ip}, which global does not have"
            if is_database:
                service.section.fault(
                    what,
                    "ports",
                    f"write {_LOOPBACK}, or leave the address out",
                    tried=[f"global has {', '.join([_LOOPBACK, *map(str, self._addresses)])}"],
                )
            else:
                service.section.findings.note(f"not published: {what}")
        published = self._free(port, hosts)
        if hosts and published is None:
            taken = (self._owners.get(_joined(host, port.published[0])) for host in hosts)
            first = next(owner for owner in taken if owner is not None)
            service.section.fault(
                f"port {port.published[0]} is published twice: by {first} and by {container}",
                "ports",
                "change one of them",
            )
        for host in hosts if published is not None else ():
            behind, by = service.address(container, host.version), service.way_out(host.version)
            if behind is not None and by is not None and published is not None:
                self._owners[_joined(host, published)] = container
                self.table[_joined(host, published)] = _joined(behind, port.target)
                self.interfaces[by.segment.interface] = None

    def _hosts(self, host_ip: str) -> list[Address]:
        """Return the addresses of ``global`` at which a port is published; none if it lacks the one that is given."""
        loopback = ip_address(_LOOPBACK)
        if host_ip in _ANY:
            return [address for address in (loopback, *self._addresses) if address.version in _ANY[host_ip]]
        wanted = ip_address(host_ip)
        if wanted.version == 4 and wanted.is_loopback:
            return [wanted]
        return [wanted] if wanted in self._addresses else []

    def _free(self, port: Port, hosts: list[Address]) -> int | None:
        """Return the first port that no container has at one of the addresses, or None if all are taken."""
        ports = port.published or range(_FIRST_RANDOM, 65536)
        return next(
            (number for number in ports if not any(_joined(host, number) in self._owners for host in hosts)), None
        )


def _joined(address: Address, port: int) -> str:
    return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"


def _ports(section: Section) -> Iterator[Port]:
    """Yield the published TCP ports of a service; others are noted, and wrong ones become faults."""
    items = section.items("ports")
    for number, (item, mark) in enumerate(zip(items, items.marks, strict=True)):
        path = f"{section.place('ports')}[{number}]"
        found = _short(item) if isinstance(item, str) else _long(item, path, section)
        if found is None:
            section.findings.fault(
                f"{path} is not a published port" + (f": {item!r}" if isinstance(item, str) else ""),
                mark,
                path,
                "write it as 3307:3306 or 127.0.0.1:3307:3306",
            )
            continue
        host_ip, published, target, protocol = found
        if protocol != "tcp":
            section.findings.not_used(f"ports of {protocol}", section.path.removeprefix("services."))
            continue
        ports = list(_pairs(host_ip, published, target))
        if not ports or len(ports) > _MOST_PORTS:
            section.findings.fault(
                f"{path} publishes {'no port' if not ports else f'{len(ports)} ports'}",
                mark,
                path,
                f"write ranges of the same length, of at most {_MOST_PORTS} ports from 1 to 65535",
            )
            continue
        yield from ports


def _short(text: str) -> tuple[str, str, str, str] | None:
    found = _SHORT.fullmatch(text.strip())
    if found is None:
        return None
    host_ip = found["v6"] if found["v6"] is not None else found["v4"]
    return _checked(host_ip or "", found["published"] or "0", found["target"], found["protocol"] or "tcp")


def _long(item: Value, path: str, section: Section) -> tuple[str, str, str, str] | None:
    if not isinstance(item, Table):
        return None
    entry = Section(item, path, section.findings)
    owner = section.path.removeprefix("services.")
    used, not_used = ("target", "published", "host_ip", "protocol"), ("mode", "name", "app_protocol")
    entry.check_keys(used, not_used, owner, "a port", "ports.")
    return _checked(
        entry.text("host_ip") or "",
        entry.text("published") or "0",
        entry.text("target") or "",
        entry.text("protocol") or "tcp",
    )


def _checked(host_ip: str, published: str, target: str, protocol: str) -> tuple[str, str, str, str] | None:
    if host_ip and not is_address(host_ip):
        return None
    return host_ip, published, target, protocol


def _pairs(host_ip: str, published: str, target: str) -> Iterator[Port]:
    """Yield the ports of two ranges; a range on the host of a single port is where Docker takes the first free one."""
    there, here = _range(target), _range(published)
    if there is None or here is None or there[0] < 1:
        return
    targets = range(there[0], there[1] + 1)[: _MOST_PORTS + 1]
    hosts = range(here[0], here[1] + 1)
    if here == (0, 0):
        yield from (Port(host_ip, range(0), target) for target in targets)
    elif there[0] == there[1]:
        yield Port(host_ip, hosts, there[0])
    elif here[1] - here[0] == there[1] - there[0]:
        yield from (Port(host_ip, hosts[at : at + 1], target) for at, target in enumerate(targets))


def _range(text: str) -> tuple[int, int] | None:
    first, _, last = text.partition("-")
    if not is_number(first) or not is_number(last or first):
        return None
    found = int(first), int(last or first)
    return found if 0 <= found[0] <= found[1] < 65536 else None
