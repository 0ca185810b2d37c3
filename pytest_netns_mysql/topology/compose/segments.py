"""The networks of a compose project: each a bridge, with the addresses that its members get."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.topology.compose.findings import Findings, Section
from pytest_netns_mysql.topology.compose.knownkeys import NETWORK_NOT_USED, NETWORK_USED
from pytest_netns_mysql.topology.compose.yamltext import Table
from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.model import Bridge
from pytest_netns_mysql.topology.plan import Address, Subnet
from pytest_netns_mysql.topology.planning.values import interface_fault, is_host, read_address

DEFAULT, DOCKER0 = "default", "docker0"
"""The names of the network of services that name none, and of Docker's own."""

_DOCKER0_SUBNET = "172.17.0.0/16"
_DRIVERS = ("bridge", "default", "")
_NAME_OPTION = "com.docker.network.bridge.name"
_MTU_OPTION = "com.docker.network.driver.mtu"
_HOST_IP_OPTION = "com.docker.network.bridge.host_binding_ipv4"
_OPTIONS = (_NAME_OPTION, _MTU_OPTION, _HOST_IP_OPTION)
_MATTER = ("com.docker.network.bridge.enable_icc", "com.docker.network.bridge.gateway_mode_ipv4")
_LONGEST = 15 - len("br-")  # characters of an interface's name


class Segment:
    """A network of a project.

    Attributes:
        name: The name in the file.
        bridge: The name of the bridge in the topology.
        interface: The name of the bridge's interface in ``global``.
        docker_name: The name that Docker gives the network.
        is_external: Whether it is made elsewhere.
        is_dockers: Whether this is Docker's own network, which has no host names.
        internal: Whether members have no default route by it.
        mtu: In bytes, or None.
        host_ip: Where ports are published that name no address, or None.
        subnets: The subnets, of one family each.
        gateways: The gateway of each subnet, which the bridge has.
    """

    def __init__(self, name: str, section: Section) -> None:
        """Read nothing yet."""
        self.name: str = name
        self.bridge: str = name
        self.section = section
        self.interface = ""
        self.docker_name: str = name
        self.is_external = self.is_dockers = False
        self.internal = False
        self.mtu: int | None = None
        self.host_ip: str | None = None
        self.is_given: set[int] = set()
        self.subnets: dict[int, Subnet] = {}
        self.gateways: dict[int, Address] = {}
        self._ranges: dict[int, Subnet] = {}
        self._taken: dict[Address, str] = {}
        self._free: dict[int, Iterator[Address]] = {}

    def add_subnet(self, subnet: Subnet, gateway: Address | None = None, range_: Subnet | None = None) -> None:
        """Add a subnet.

        Args:
            subnet: The subnet.
            gateway: The address of the bridge, by default the first host address, in the range if there is one.
            range_: Where members get their addresses from, by default the subnet.
        """
        version = subnet.version
        self.subnets[version] = subnet
        first = (range_ or subnet).network_address
        self.gateways[version] = gateway or (first if is_host(first, subnet) else first + 1)
        self.take(self.gateways[version], "the gateway")
        if range_ is not None:
            self._ranges[version] = range_

    def take(self, address: Address, owner: str) -> str | None:
        """Reserve an address; return who has it already, or None."""
        first = self._taken.setdefault(address, owner)
        return None if first == owner else first

    def next_address(self, version: int, owner: str) -> Address | None:
        """Return the next free address for a member, or None if there is none left."""
        if version not in self._free:
            given = self._ranges.get(version)
            self._free[version] = iter(self.subnets[version].hosts() if given is None else given)
        for address in self._free[version]:
            if address not in self._taken and is_host(address, self.subnets[version]):
                self._taken[address] = owner
                return address
        return None

    def with_length(self, address: Address) -> str:
        """Return an address with the prefix length of its subnet."""
        return f"{address}/{self.subnets[address.version].prefixlen}"

    def as_bridge(self) -> Bridge:
        """Return the bridge, which has the gateways' addresses."""
        gateways = [self.with_length(gateway) for gateway in self.gateways.values()]
        return Bridge(gateways, interface=self.interface, mtu=self.mtu)


def read_segment(name: str, section: Section) -> Segment:
    """Return a network as its section describes it, with the subnets that are given."""
    section.check_keys(NETWORK_USED, NETWORK_NOT_USED, f"network {name}", "a network")
    segment = Segment(name, section)
    external = section.table.get("external")
    segment.is_external = isinstance(external, Table) or (external is not None and section.switch("external"))
    if segment.is_external:
        section.findings.note(f"the external network {name} was read as a bridge with nothing of other projects on it")
    driver = section.text("driver")
    if driver is not None and driver not in _DRIVERS:
        section.fault(
            f"the network {name} has the driver {driver}",
            "driver",
            "write driver: bridge in a file of your own that is merged over this one",
            tried=["supported: bridge"],
        )
    segment.internal = section.switch("internal")
    _read_options(segment, section)
    _read_ipam(segment, section)
    return segment


def _read_options(segment: Segment, section: Section) -> None:
    options = section.section("driver_opts")
    if options is None:
        return
    for key in options.table:
        if key in _MATTER:
            options.fault(f"{options.place(key)} is not supported", key, "remove it, by !reset for example")
        elif key not in _OPTIONS:
            options.findings.not_used(f"driver_opts.{key}", f"network {segment.name}")
    segment.interface = options.text(_NAME_OPTION) or ""
    if segment.interface and (why := interface_fault(segment.interface)):
        options.fault(f"a bridge cannot be called {segment.interface!r}: {why}", _NAME_OPTION, "write br-shop")
        segment.interface = ""
    if _MTU_OPTION in options:
        mtu = options.number(_MTU_OPTION, default=1500, least=1280)
        segment.mtu = mtu if mtu < 65536 else None
    segment.host_ip = options.address(_HOST_IP_OPTION)


def _read_ipam(segment: Segment, section: Section) -> None:
    wants = {4: section.switch("enable_ipv4", default=True), 6: section.switch("enable_ipv6")}
    segment.is_given = {version for version, wanted in wants.items() if wanted}
    ipam = section.section("ipam")
    if ipam is None:
        return
    ipam.check_keys(("config", "driver"), ("options",), f"network {segment.name}", "ipam", "ipam.")
    if (ipam.text("driver") or "default") != "default":
        ipam.fault(f"{ipam.place('driver')} is not supported", "driver", "write driver: default")
    items = ipam.items("config")
    for number, (item, mark) in enumerate(zip(items, items.marks, strict=True)):
        path = f"{ipam.place('config')}[{number}]"
        if isinstance(item, Table):
            _read_config(segment, Section(item, path, section.findings), wants)
        else:
            section.findings.fault(f"{path} must be a mapping", mark, path, "write - subnet: 172.28.0.0/16")


def _read_config(segment: Segment, config: Section, wants: dict[int, bool]) -> None:
    config.check_keys(("subnet", "gateway", "ip_range", "aux_addresses"), (), "", "an entry of ipam.config")
    subnet = _network(config, "subnet")
    if subnet is None:
        if "subnet" not in config:
            config.fault(f"{config.place()} has no subnet", "", "write subnet: 172.28.0.0/16")
        return
    version = subnet.version
    if not wants[version]:
        reason = f"enable_ipv{version} is {'not true' if version == 6 else 'false'}"
        config.findings.note(f"the subnet {subnet} of the network {segment.name} was not used: {reason}")
        return
    if version in segment.subnets:
        config.fault(
            f"the network {segment.name} has two subnets of IPv{version}", "subnet", f"keep {segment.subnets[version]}"
        )
        return
    first = f"{subnet.network_address + 1}/{subnet.prefixlen}" if subnet.num_addresses > 3 else ""
    if not first or read_address(first, "", Faults("")) is None:
        config.fault(f"{subnet} cannot be the subnet of a bridge", "subnet", "write 172.28.0.0/16, for example")
        return
    gateway, range_ = _host(config, "gateway", subnet), _network(config, "ip_range")
    if range_ is not None and (range_.version != version or not _is_within(range_, subnet)):
        config.fault(f"the range {range_} is not within {subnet}", "ip_range", "write a part of the subnet")
        range_ = None
    segment.add_subnet(subnet, gateway, range_)
    reserved = config.section("aux_addresses")
    for name in reserved.table if reserved is not None else ():
        address = None if reserved is None else _host(reserved, name, subnet)
        if address is not None:
            segment.take(address, f"aux_addresses.{name}")


def _is_within(inner: Subnet, outer: Subnet) -> bool:
    return inner.network_address in outer and inner.broadcast_address in outer


def _network(section: Section, key: str) -> Subnet | None:
    text = section.text(key, "172.28.0.0/16")
    if text is None:
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        section.fault(f"{text!r} is not a subnet", key, "write it as 172.28.0.0/16")
        return None


def _host(section: Section, key: str, subnet: Subnet) -> Address | None:
    text = section.text(key, str(next(iter(subnet.hosts()))))
    if text is None:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        address = None
    if address is None or not is_host(address, subnet):
        section.fault(f"{text!r} is not the address of a host in {subnet}", key, f"write {next(iter(subnet.hosts()))}")
        return None
    return address


def complete(segments: dict[str, Segment], services: set[str], findings: Findings) -> None:
    """Give each network the subnets that are left out, a bridge's name and an interface.

    The subnets are those that Docker takes by default, in the order of the file: 172.18.0.0/16 and so on.

    Args:
        segments: The networks that services use, by name.
        services: The names of the namespaces, which bridges cannot have.
        findings: Takes faults.
    """
    given = [(segment, subnet) for segment in segments.values() for subnet in segment.subnets.values()]
    for (segment, subnet), (other, another) in itertools.combinations(given, 2):
        if subnet.version == another.version and subnet.overlaps(another):
            findings.fault(
                f"the subnets of the networks {segment.name} ({subnet}) and {other.name} ({another}) overlap",
                other.section.mark("ipam"),
                f"networks.{other.name}.ipam",
                "give each network a subnet of its own",
            )
    taken = [subnet for _, subnet in given]
    # The subnets of a pool do not overlap, and what does not fit one network fits none after it.
    dockers = _without_overlaps(iter([ip_network(_DOCKER0_SUBNET)]), taken)
    pools = {version: _without_overlaps(_pool(version), taken) for version in (4, 6)}
    for segment in segments.values():
        for version in sorted(segment.is_given - segment.subnets.keys()):
            free = next(dockers if segment.is_dockers else pools[version], None)
            if free is None:
                segment.section.fault(f"there is no subnet left for the network {segment.name}", "", "write ipam")
                continue
            segment.add_subnet(free)
    _name_bridges(segments, services)


def _without_overlaps(subnets: Iterator[Subnet], taken: list[Subnet]) -> Iterator[Subnet]:
    return (new for new in subnets if not any(new.version == old.version and new.overlaps(old) for old in taken))


def _pool(version: int) -> Iterator[Subnet]:
    if version == 6:
        yield from (IPv6Network(f"fd00:0:0:{number:x}::/64") for number in range(1, 4096))
        return
    yield from (IPv4Network(f"172.{number}.0.0/16") for number in range(18, 32))
    yield from IPv4Network("192.168.0.0/16").subnets(new_prefix=20)
    yield from IPv4Network("10.0.0.0/8").subnets(new_prefix=16)


def _name_bridges(segments: dict[str, Segment], services: set[str]) -> None:
    names = {GLOBAL, *services}
    given: dict[str, Segment] = {}
    for segment in segments.values():
        first = given.setdefault(segment.interface, segment) if segment.interface else segment
        if first is not segment:
            segment.section.fault(
                f"the networks {first.name} and {segment.name} have bridges of the same name, {segment.interface}",
                "driver_opts",
                f"change {_NAME_OPTION} of one of them",
            )
    interfaces = {*given}
    for segment in segments.values():
        segment.bridge = _unused(segment.name, f"{segment.name}-network", names)
        names.add(segment.bridge)
        if not segment.interface:
            short = re.sub(r"[^A-Za-z0-9_.-]", "", segment.name)[:_LONGEST]
            segment.interface = _unused(f"br-{short}", f"br-{short[: _LONGEST - 3]}", interfaces)
            interfaces.add(segment.interface)


def _unused(wanted: str, other: str, taken: set[str]) -> str:
    numbered = (f"{other}{number or ''}" for number in itertools.count())
    return next(name for name in (wanted, *itertools.islice(numbered, len(taken) + 2)) if name not in taken)
