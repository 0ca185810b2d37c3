"""Read a topology from a preset, a TOML file or a Python mapping, and check it."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Mapping
from importlib.resources import files
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface
from pathlib import Path
from typing import Any

from pytest_netns_mysql.endpoint import GLOBAL, check, name_fault, parse_list
from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology.document import NamespaceTable, read
from pytest_netns_mysql.topology.model import LOOPBACK, Interface, Link, Mysqld, Topology

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# A name the kernel takes is at most IFNAMSIZ less its NUL, and % would have it choose a number.
_INTERFACE = re.compile(r"(?!(?:\.|\.\.|lo)$)[!-$&-.0-9;-~]{1,15}")


def presets() -> tuple[str, ...]:
    """Return the names of the topologies that ship with the plugin."""
    folder = files("pytest_netns_mysql.topology") / "presets"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir()))


def load(choice: str, *, base: Path | None = None) -> Topology:
    """Read the preset or the TOML file that ``choice`` names; a file is sought from ``base``.

    Raises TopologyError or EndpointError, naming the file and the key.
    """
    if choice in presets():
        text = (files("pytest_netns_mysql.topology") / "presets" / f"{choice}.toml").read_text("utf-8")
        return _decode(text, name=choice, source=f"preset {choice}")
    path = (base or Path.cwd()) / os.path.expanduser(choice)  # noqa: PTH111 - Path's own raises for an unknown ~user
    if not os.path.isfile(path) or path.suffix != ".toml":  # noqa: PTH113 - Path's own raises for a long name
        raise _not_found(choice, path)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TopologyError(
            f"the topology file cannot be read: {error}", where=str(path), remedies=["let it be readable, in UTF-8"]
        ) from error
    return _decode(text, name=path.stem, source=str(path))


def _not_found(choice: str, path: Path) -> TopologyError:
    near = difflib.get_close_matches(choice, presets(), n=1)
    remedies = [f"write {name}" for name in near] or ["name a preset, or a TOML file that exists"]
    if os.path.isfile(path):  # noqa: PTH113
        remedies = [f"rename it to {path.stem}.toml: a topology's file is known by that ending"]
    return TopologyError(
        f"there is no topology {choice!r}",
        tried=[f"presets: {', '.join(presets())}", f"file: {path}"],
        remedies=remedies,
    )


def _decode(text: str, *, name: str, source: str) -> Topology:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TopologyError(f"this is not TOML: {error}", where=source, remedies=["mend that line"]) from error
    return from_mapping(data, name=name, source=source)


def from_mapping(data: Mapping[str, Any], *, name: str = "topology", source: str = "Python") -> Topology:
    """Build a topology from the mapping that a TOML file would give.

    Raises TopologyError or EndpointError, naming the key.
    """
    document = read(data, source)
    links = tuple(_link(key, table, number) for number, (key, table) in enumerate(document.namespaces.items()))
    _check_links(links, source)
    where = f"{source}: mysqld.bind_address"
    written = document.bind_address
    mysqld = Mysqld(None if written is None else tuple(map(str, parse_list(written, where=where))))
    topology = Topology(name, links, document.forwarding, mysqld, source)
    check(parse_list(topology.bind_address, where=where), topology.addresses, where=where)
    return topology


def _link(name: str, table: NamespaceTable, number: int) -> Link:
    reason = "it stands for the sandbox's own namespace" if name == GLOBAL else name_fault(name)
    if reason:
        raise TopologyError(
            f"a namespace cannot be called {name!r}: {reason}", where=table.where, remedies=["rename it"]
        )
    address = _host(table.address, table.where_address)
    gateway = _first_other_host(address)
    if table.gateway is not None:
        gateway = _gateway(table.gateway, address, gateway, f"{table.where}.gateway")
    return Link(
        name,
        address,
        gateway,
        _interface(table.interface, f"vpeer-{name}", f"vpeer{number}", f"{table.where}.interface"),
        _interface(table.outer_interface, f"veth-{name}", f"veth{number}", f"{table.where}.outer_interface"),
    )


def _interface(written: str | None, name: str, short: str, where: str) -> str:
    if written is None:
        return name if _INTERFACE.fullmatch(name) else short
    if not _INTERFACE.fullmatch(written):
        raise TopologyError(
            f"an interface cannot be called {written!r}: 1 to 15 ASCII characters, no slash, colon, percent sign or "
            "white space, and not lo",
            where=where,
            remedies=[f"write {short}, or leave it out: a name is made then"],
        )
    return written


def _host(text: str, where: str) -> Interface:
    try:
        address = ip_interface(text)
    except ValueError:
        raise TopologyError(
            f"{text!r} is no IP address with a prefix length", where=where, remedies=["write it as 192.0.2.2/24"]
        ) from None
    usual = f"{str(address.ip).partition('%')[0]}/{24 if address.version == 4 else 64}"
    if "/" not in text:
        raise TopologyError(f"{text} has no prefix length", where=where, remedies=[f"write {usual}"])
    network = address.network
    if network.num_addresses == 1:
        raise TopologyError(f"{text} leaves no room for a gateway", where=where, remedies=[f"write {usual}"])
    if reason := _special(address):
        example = "192.0.2.2/24" if address.version == 4 else "2001:db8::2/64"
        raise TopologyError(
            f"{text} is no address for a namespace: {reason}", where=where, remedies=[f"write {example}, for example"]
        )
    if not _is_host(address.ip, address):
        raise TopologyError(
            f"{text} is the network's own or its broadcast address, no host can have it",
            where=where,
            remedies=[f"write {network.network_address + 2}/{network.prefixlen}"],
        )
    return address


def _special(address: Interface) -> str | None:
    for loopback in LOOPBACK:
        if loopback.version == address.version and address.network.overlaps(loopback.network):
            return f"its subnet overlaps the loopback's, {loopback.network}"
    if address.ip.is_multicast:
        return "it is a multicast address"
    if address.version == 6 and (address.ip.is_link_local or "%" in str(address)):
        return "it needs its interface's name beside it, and addr/ns has no place for that"
    return None


def _gateway(text: str, address: Interface, example: Interface, where: str) -> Interface:
    try:
        wanted = ip_address(text)
    except ValueError:
        raise TopologyError(
            f"the gateway {text!r} is no IP address, which stands without a prefix length",
            where=where,
            remedies=[f"write {example.ip}"],
        ) from None
    if wanted == address.ip or not _is_host(wanted, address):
        raise TopologyError(
            f"the gateway {text} is no other host of {address.network}", where=where, remedies=[f"write {example.ip}"]
        )
    return ip_interface(f"{wanted}/{address.network.prefixlen}")


def _is_host(wanted: IPv4Address | IPv6Address, address: Interface) -> bool:
    """Tell whether a host of the subnet can have ``wanted``; in a subnet of two both can, see RFC 3021."""
    network = address.network
    if wanted not in network:
        return False
    edges = (network.network_address, network.broadcast_address)[: 1 if address.version == 6 else 2]
    return network.num_addresses == 2 or wanted not in edges


def _first_other_host(address: Interface) -> Interface:
    for host in address.network.hosts():
        if host != address.ip:
            return ip_interface(f"{host}/{address.network.prefixlen}")
    raise AssertionError  # a network with room for a gateway has two hosts


def _check_links(links: tuple[Link, ...], source: str) -> None:
    for position, link in enumerate(links):
        for other in links[:position]:
            where = f"{source}: namespaces.{other.namespace} and namespaces.{link.namespace}"
            subnets = other.address.network, link.address.network
            if link.address.version == other.address.version and link.address.network.overlaps(other.address.network):
                raise TopologyError(
                    f"the subnets of {other.namespace} ({subnets[0]}) and {link.namespace} ({subnets[1]}) overlap",
                    where=where,
                    remedies=["give each its own subnet: global could not tell them apart"],
                )
            if link.outer_interface == other.outer_interface:
                raise TopologyError(
                    f"two interfaces of global are called {link.outer_interface}",
                    where=where,
                    remedies=["set outer_interface of one of them"],
                )
