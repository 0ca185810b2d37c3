"""Read a topology from a preset, a TOML file or a Python mapping, and check it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.resources import files
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import msgspec

from pytest_netns_mysql.endpoint import GLOBAL, check, name_fault, parse_list
from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology.model import Interface, Link, Mysqld, Topology

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LONGEST_INTERFACE = 15  # IFNAMSIZ less its NUL


class _NamespaceTable(msgspec.Struct, forbid_unknown_fields=True):
    address: str
    gateway: str | None = None
    interface: str | None = None
    outer_interface: str | None = None


class _MysqldTable(msgspec.Struct, forbid_unknown_fields=True):
    bind_address: list[str] | str | None = None


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    namespaces: dict[str, str | _NamespaceTable]
    forwarding: bool = True
    mysqld: _MysqldTable = msgspec.field(default_factory=_MysqldTable)


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
    path = (base or Path.cwd()) / choice
    if path.suffix != ".toml" or not path.is_file():
        raise TopologyError(
            f"there is no topology {choice!r}",
            tried=[f"presets: {', '.join(presets())}", f"file: {path}"],
            remedies=["name a preset, or a TOML file that exists"],
        )
    return _decode(path.read_text("utf-8"), name=path.stem, source=str(path))


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
    try:
        document = msgspec.convert(data, _Document)
    except msgspec.ValidationError as error:
        raise TopologyError(
            f"{error}",
            where=source,
            remedies=['the shortest topology is: [namespaces] and below it red = "192.0.2.2/24"'],
        ) from error
    if not document.namespaces:
        raise TopologyError(
            "the topology has no namespace", where=f"{source}: [namespaces]", remedies=['add one: red = "192.0.2.2/24"']
        )
    links = tuple(
        _link(key, value, number, f"{source}: namespaces.{key}")
        for number, (key, value) in enumerate(document.namespaces.items())
    )
    _check_links(links, source)
    bind_address = document.mysqld.bind_address
    topology = Topology(
        name,
        links,
        document.forwarding,
        Mysqld(None if bind_address is None else _texts(bind_address)),
        source,
    )
    where = f"{source}: mysqld.bind_address"
    check(parse_list(topology.bind_address, where=where), topology.addresses, where=where)
    return topology


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return tuple(value.split(",")) if isinstance(value, str) else tuple(value)


def _link(name: str, value: str | _NamespaceTable, number: int, where: str) -> Link:
    table = _NamespaceTable(value) if isinstance(value, str) else value
    reason = "it stands for the sandbox's own namespace" if name == GLOBAL else name_fault(name)
    if reason:
        raise TopologyError(f"a namespace cannot be called {name!r}: {reason}", where=where, remedies=["rename it"])
    address = _host(table.address, f"{where}.address" if table.gateway else where)
    if table.gateway is None:
        gateway = _first_other_host(address)
    else:
        gateway = _host(f"{table.gateway}/{address.network.prefixlen}", f"{where}.gateway")
        if gateway.network != address.network or gateway.ip == address.ip:
            raise TopologyError(
                f"the gateway {gateway.ip} is no other address of {address.network}",
                where=f"{where}.gateway",
                remedies=[f"write {_first_other_host(address).ip}"],
            )
    inner = _interface(table.interface, f"vpeer-{name}", f"vpeer{number}")
    outer = _interface(table.outer_interface, f"veth-{name}", f"veth{number}")
    for interface in (inner, outer):
        if not 0 < len(interface.encode()) <= _LONGEST_INTERFACE or set(interface) & set("/: \t\n"):
            raise TopologyError(
                f"an interface cannot be called {interface!r}: 1 to {_LONGEST_INTERFACE} bytes, "
                "and no slash, colon or white space",
                where=where,
                remedies=["shorten it, or leave it out: a name is made then"],
            )
    return Link(name, address, gateway, inner, outer)


def _interface(written: str | None, name: str, short: str) -> str:
    if written is not None:
        return written
    return name if len(name.encode()) <= _LONGEST_INTERFACE else short


def _host(text: str, where: str) -> Interface:
    try:
        address = ip_interface(text)
    except ValueError as error:
        raise TopologyError(
            f"{text!r} is no address with a prefix length: {error}", where=where, remedies=["write it as 192.0.2.2/24"]
        ) from error
    network = address.network
    wide = network.max_prefixlen - network.prefixlen
    if wide < 1:
        raise TopologyError(
            f"{text} leaves no room for a gateway", where=where, remedies=["give a prefix length, such as /24"]
        )
    last = network.broadcast_address if address.version == 4 and wide > 1 else None
    if (wide > 1 and address.ip == network.network_address) or address.ip == last:
        raise TopologyError(
            f"{text} is the network's own or its broadcast address, no host can have it",
            where=where,
            remedies=[f"write {network.network_address + 2}/{network.prefixlen}"],
        )
    return address


def _first_other_host(address: Interface) -> Interface:
    for host in address.network.hosts():
        if host != address.ip:
            return ip_interface(f"{host}/{address.network.prefixlen}")
    raise AssertionError  # a network with room for a gateway has two hosts


def _check_links(links: tuple[Link, ...], source: str) -> None:
    for position, link in enumerate(links):
        for other in links[:position]:
            where = f"{source}: namespaces.{link.namespace} and namespaces.{other.namespace}"
            if link.address.version == other.address.version and link.address.network.overlaps(other.address.network):
                raise TopologyError(
                    f"{link.namespace} and {other.namespace} are both in {other.address.network}",
                    where=where,
                    remedies=["give each its own subnet: global could not tell them apart"],
                )
            if link.outer_interface == other.outer_interface:
                raise TopologyError(
                    f"two interfaces of global are called {link.outer_interface}",
                    where=where,
                    remedies=["set outer_interface of one of them"],
                )


