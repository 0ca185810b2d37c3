"""Single values of a topology: addresses, gateways, interface names, rates.

Each function returns the value that a text stands for, or None after it has added a fault.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Container
from ipaddress import ip_address, ip_interface, ip_network

from pytest_netns_mysql.topology.faults import Faults
from pytest_netns_mysql.topology.plan import LOOPBACK, Address, Interface, Subnet

# A name is shorter than IFNAMSIZ; in a name with % the kernel would replace the % by a number.
_INTERFACE = re.compile(r"(?!(?:\.|\.\.|lo)$)[!-$&-.0-9;-~]{1,15}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
UNITS = {
    "rate": {"bit": 1.0, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9, "bps": 8.0, "kbps": 8e3, "mbps": 8e6, "gbps": 8e9},
    "delay": {"us": 1e-6, "ms": 1e-3, "s": 1.0},
    "loss": {"%": 1.0},
}
"""The units of each kind of quantity, with their sizes; see tc(8)."""

EXAMPLES = {"rate": "10mbit", "delay": "20ms", "loss": "1%"}
_LARGEST = {"rate": 1e12, "delay": 3600.0, "loss": 100.0}  # bits a second, seconds, per cent
_MOST_HOSTS = 1000  # addresses of a subnet that are tried
_SHORTEST_IPV6_MTU = 1280  # bytes, RFC 8200


def usual(address: Interface) -> str:
    """Return the address with the most usual prefix length."""
    return f"{str(address.ip).partition('%')[0]}/{24 if address.version == 4 else 64}"


def read_address(text: str, key: str, faults: Faults) -> Interface | None:
    """Return an address that a host can have, with its prefix length."""
    try:
        address = ip_interface(text)
    except ValueError:
        faults.add(f"{text!r} is not an IP address with a prefix length", key, "write it as 192.0.2.2/24")
        return None
    if "/" not in text:
        faults.add(f"{text} has no prefix length", key, f"write {usual(address)}")
    elif reason := _special(address):
        example = "192.0.2.2/24" if address.version == 4 else "2001:db8::2/64"
        faults.add(f"{text} cannot be the address of a namespace: {reason}", key, f"write {example}, for example")
    elif not is_host(address.ip, address.network):
        faults.add(
            f"{text} is the address of the network itself or its broadcast address, which no host can have",
            key,
            f"write {address.network.network_address + 2}/{address.network.prefixlen}",
        )
    else:
        return address
    return None


def _special(address: Interface) -> str | None:
    for loopback in LOOPBACK:
        if loopback.version == address.version and address.network.overlaps(loopback.network):
            return f"its subnet overlaps the loopback's, {loopback.network}"
    if address.ip.is_multicast:
        return "it is a multicast address"
    if address.ip.is_unspecified or address == ip_interface("255.255.255.255"):
        return "it stands for every host"
    if address.version == 6 and (address.ip.is_link_local or "%" in str(address)):
        return "it needs the name of an interface, which addr/ns cannot express"
    return None


def is_host(wanted: Address, subnet: Subnet) -> bool:
    """Return True if a host of the subnet can have the address.

    In a subnet of one or two addresses a host can have any of them, see RFC 3021.
    """
    if wanted not in subnet:
        return False
    edges = (subnet.network_address, subnet.broadcast_address)[: 1 if subnet.version == 6 else 2]
    return subnet.num_addresses <= 2 or wanted not in edges


def first_other_host(address: Interface) -> Interface | None:
    """Return the first other host address of the subnet, or None if there is no other."""
    for host in address.network.hosts():
        if host != address.ip:
            return ip_interface(f"{host}/{address.network.prefixlen}")
    return None


def first_free(subnet: Subnet, taken: Container[Address]) -> Interface:
    """Return the first host address of a subnet that is not taken, or the subnet's own address if all are."""
    free = (host for host in itertools.islice(subnet.hosts(), _MOST_HOSTS) if host not in taken)
    return ip_interface(f"{next(free, subnet.network_address)}/{subnet.prefixlen}")


def read_gateway(text: str, own: list[Interface], key: str, faults: Faults) -> Interface | None:
    """Return a gateway, with the prefix length of the own address that is in the same subnet."""
    example = next((found for address in own if (found := first_other_host(address))), None)
    remedy = f"write {example.ip}" if example is not None else "leave it out"
    try:
        wanted = ip_address(text)
    except ValueError:
        faults.add(f"the gateway {text!r} must be an IP address without a prefix length", key, remedy)
        return None
    for address in own:
        if wanted != address.ip and is_host(wanted, address.network):
            return ip_interface(f"{wanted}/{address.network.prefixlen}")
    subnets = ", ".join(str(address.network) for address in own)
    faults.add(f"the gateway {text} must be another host of {subnets}", key, remedy)
    return None


def read_destination(text: str, gateway: Address, key: str, faults: Faults) -> Subnet | None:
    """Return the destination of a route; ``default`` is every address of the gateway's family, see ip-route(8)."""
    if text == "default":
        return ip_network("0.0.0.0/0" if gateway.version == 4 else "::/0")
    try:
        subnet = ip_network(text)
    except ValueError as error:
        faults.add(
            f"{text!r} cannot be the destination of a route: {error}", key, "write default, or a CIDR as 10.0.0.0/8"
        )
        return None
    if subnet.version != gateway.version:
        faults.add(
            f"the route to {text} has a gateway of the other family, {gateway}",
            key,
            "write a gateway of the same family",
        )
        return None
    return subnet


def interface_fault(name: str) -> str | None:
    """Return why no interface can have this name, or None if the name is fine; see ip-link(8)."""
    if name in ("all", "default"):
        return f"/proc/sys/net/ipv4/conf/{name} stands for every interface"
    if _INTERFACE.fullmatch(name):
        return None
    return "a name has 1 to 15 ASCII characters, no slash, colon, percent sign or white space, and is not lo"


def read_mac(text: str | None, key: str, faults: Faults) -> str | None:
    """Return a MAC address in lower case; None for None."""
    if text is None:
        return None
    if not _MAC.fullmatch(text):
        faults.add(f"{text!r} is not a MAC address", key, "write it as 02:00:5e:00:53:01")
    elif int(text[:2], 16) & 1:
        faults.add(
            f"{text} is a multicast address, which no interface can have", key, "write an even first byte, such as 02"
        )
    elif not int(text.replace(":", ""), 16):
        faults.add(f"{text} cannot be the address of an interface", key, "write it as 02:00:5e:00:53:01")
    else:
        return text.lower()
    return None


def read_quantity(kind: str, text: str | None, key: str, faults: Faults) -> float | None:
    """Return a quantity that is written as in tc(8); None for None.

    Args:
        kind: ``rate`` is returned in bits a second, ``delay`` in seconds, ``loss`` in per cent.
        text: A number with a unit.
        key: The key that has the text.
        faults: The faults found so far.
    """
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([a-z%]+)", text.lower())
    units = UNITS[kind]
    if found is None or found[2] not in units:
        allowed = f"a number with one of {', '.join(units)}"
        faults.add(f"{text!r} is not a {kind}: it must be {allowed}", key, f"write {EXAMPLES[kind]!r}")
        return None
    value = float(found[1]) * units[found[2]]
    if value == 0 or value > _LARGEST[kind]:
        faults.add(f"{text!r} is out of range", key, f"write {EXAMPLES[kind]!r}, or leave it out")
        return None
    return value


def check_mtu(mtu: int | None, addresses: tuple[Interface, ...], key: str, faults: Faults) -> None:
    """Add a fault for an MTU that is too small for the addresses of the same interface."""
    if mtu is not None and mtu < _SHORTEST_IPV6_MTU and any(address.version == 6 for address in addresses):
        faults.add(f"an MTU of {mtu} bytes is too small for IPv6", key, f"write {_SHORTEST_IPV6_MTU} or more")


def read_host_and_port(text: str, key: str, faults: Faults, *, default: str | None = None) -> tuple[str, int] | None:
    """Return the address and the port of ``192.0.2.2:3306`` or ``[2001:db8::2]:3306``.

    Args:
        text: An address and a port.
        key: The key that has the text.
        faults: The faults found so far.
        default: The address if the text is a port alone; None if that is a fault.
    """
    found = re.fullmatch(r"(?:(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[^:\[\]]+)):)?(?P<port>[0-9]{1,5})", text)
    address = None if found is None else found["v6"] or found["v4"] or default
    if found is None or address is None or not 0 < int(found["port"]) < 65536 or not _is_address(address, default):
        faults.add(
            f"{text!r} is {'not' if default is None else 'neither a port nor'} an address with a port",
            key,
            "write it as 172.17.0.2:3306 or [2001:db8::2]:3306",
        )
        return None
    return address, int(found["port"])


def _is_address(text: str, default: str | None) -> bool:
    if text == default:
        return True
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
