"""A topology as plain data: namespaces and their links, bridges, host names, and where mysqld listens.

Values are kept as they are written; ``Topology.plan`` is what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import arguments
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import TopologyError

if TYPE_CHECKING:
    from pytest_netns_mysql.topology.plan import Interface, Plan

Texts = str | Sequence[str]
OptionValue = str | int | float | bool | None


@dataclass(frozen=True)
class Link:
    """Join a namespace by a veth pair to ``global``, to another namespace, or to a bridge; see veth(4).

    Shape: ``to`` names the other side. ``address`` is one or several CIDRs of this side. ``gateway`` is what the
    default route goes to, one for each family, False for none; by default the other side, where that is ``global``,
    a bridge with an address or a router, and with True in any case.
    ``outer_address`` is what the other side gets, False for none; by default the gateway, or the first other host
    address of the subnet. A port of a bridge has none. ``mtu`` is in bytes, ``rate`` as tc(8) has it (``10mbit``),
    ``delay`` too (``20ms``), ``loss`` in per cent (``1%``); the three hold for what leaves this side.
    """

    address: Texts = ()
    to: str = GLOBAL
    gateway: Texts | bool | None = None
    interface: str | None = None
    mac: str | None = None
    mtu: int | None = None
    rate: str | None = None
    delay: str | None = None
    loss: str | None = None
    outer_address: Texts | bool | None = None
    outer_interface: str | None = None
    outer_mac: str | None = None

    def __post_init__(self) -> None:
        _set_defaults(self)
        for name in ("address", "gateway", "outer_address"):
            _set(self, name, _tuple(getattr(self, name)))
        _check(self, "LinkTable")


@dataclass(frozen=True)
class Namespace:
    """Describe a network namespace; see ip-netns(8).

    Shape: ``links`` are its veth pairs, one, several or none; an address alone is a link to ``global``. ``routes``
    maps destinations, ``default`` or CIDR, to gateways. ``forwarding`` makes it a router. ``masquerade`` names its
    interfaces that give their own address to what is forwarded out of them, True stands for all. ``publish`` maps
    ports, ``3306`` or ``address:3306``, to ``address:port`` behind it. ``hosts`` are host names of its first
    addresses. ``external`` is a namespace that exists already: a name in /run/netns, a path or a pid.
    """

    links: tuple[Link, ...] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    forwarding: bool = False
    masquerade: Texts | bool = False
    publish: Mapping[str, str] = field(default_factory=dict)
    hosts: Texts = ()
    external: str | int | None = None

    def __post_init__(self) -> None:
        _set_defaults(self)
        given: object = self.links  # a link by itself, or an address, is taken too
        several = given if isinstance(given, list | tuple) else (given,)
        _set(self, "links", tuple(one if isinstance(one, Link) else Link(one) for one in several))
        for name in ("hosts", "masquerade"):
            _set(self, name, _tuple(getattr(self, name)))
        _check(self, "NamespaceTable", links=None)


@dataclass(frozen=True)
class Bridge:
    """Describe a segment that several namespaces are on, such as a Docker network; see bridge(8).

    Shape: it lies in ``namespace``; ``address`` is one or several CIDRs of its own there, the members' gateway.
    ``to`` names other bridges that it is joined to by veth pairs. ``mtu`` is in bytes.
    """

    address: Texts = ()
    namespace: str = GLOBAL
    interface: str | None = None
    mtu: int | None = None
    to: Texts = ()

    def __post_init__(self) -> None:
        _set_defaults(self)
        for name in ("address", "to"):
            _set(self, name, _tuple(getattr(self, name)))
        _check(self, "BridgeTable")


@dataclass(frozen=True)
class Mysqld:
    """Say where the server listens, and its options; None means 127.0.0.1 and each namespace's first address.

    Shape: ``load`` has SQL files, folders of them and functions, by their names; see docs/seeding.md.
    See the manual, bind_address, admin_address, mysqlx_bind_address.
    """

    bind_address: Texts | None = None
    admin_address: str | None = None
    mysqlx_bind_address: Texts | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    load: Texts = ()

    def __post_init__(self) -> None:
        _set_defaults(self)
        _set(self, "load", _tuple(self.load))
        for name in ("bind_address", "mysqlx_bind_address"):
            value = getattr(self, name)  # a comma list stays as it is written, for messages about it
            _set(self, name, value if isinstance(value, str) else _tuple(value))
        given: object = self.options
        known = {name: one for name, one in given.items() if one is not None} if isinstance(given, Mapping) else given
        _check(self, "MysqldTable", options=known)


@dataclass(frozen=True)
class Topology:
    """Describe a network, and where mysqld listens in it.

    Shape: ``forwarding``, ``routes``, ``masquerade`` and ``publish`` are those of ``global``, as in a Namespace.
    ``hosts`` maps host names to one or several addresses. ``source`` names the preset or the file, for messages.
    """

    name: str = "topology"
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    bridges: Mapping[str, Bridge] = field(default_factory=dict)
    forwarding: bool = True
    routes: Mapping[str, str] = field(default_factory=dict)
    masquerade: Texts | bool = False
    publish: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, Texts] = field(default_factory=dict)
    mysqld: Mysqld = field(default_factory=Mysqld)
    description: str = ""
    source: str = field(default="Python", compare=False)

    def __post_init__(self) -> None:
        _set_defaults(self)
        arguments.check("Topology", _KINDS, {name: getattr(self, name) for name in _KINDS})
        _set(self, "namespaces", {name: _namespace(value) for name, value in self.namespaces.items()})
        _set(self, "hosts", {name: _tuple(value) for name, value in self.hosts.items()})
        _set(self, "masquerade", _tuple(self.masquerade))
        _check(self, "TopologyTable", mysqld=None)

    @cached_property
    def plan(self) -> Plan:
        """Return what the topology means, checked; raise TopologyError with every fault, or EndpointError."""
        from pytest_netns_mysql.topology.planning.planner import plan

        return plan(self)

    @property
    def addresses(self) -> Mapping[str, tuple[Interface, ...]]:
        """Return the addresses of every namespace, the loopback's last; ``global`` comes first."""
        return self.plan.addresses

    @property
    def bind_address(self) -> tuple[str, ...]:
        """Return the server's ``addr/ns`` values, the default ones where none are written."""
        return self.plan.bind_address


def _check(instance: object, table: str, **others: object) -> None:
    """Raise TopologyError for a field that is not what the table of a file takes; ``others`` stand for some of them."""
    from pytest_netns_mysql.topology.file import document

    kind = getattr(document, table)
    values = {name: getattr(instance, name) for name in kind.__struct_fields__ if hasattr(instance, name)}
    document.check_fields(kind, type(instance).__name__, {**values, **others})


def _is_named(value: object, kind: type | None = None) -> bool:
    """Return True for a mapping of names, to values of a kind."""
    return arguments.is_mapping(value) and (kind is None or all(isinstance(one, kind) for one in value.values()))  # type: ignore[attr-defined]


def texts(value: Texts | bool | None) -> tuple[str, ...]:
    """Return the texts of a field that takes one, several, or none."""
    found = _tuple(value)
    return found if isinstance(found, tuple) else ()


def _namespace(value: object) -> Namespace:
    """Return a namespace; a link or an address by itself is taken for one."""
    if isinstance(value, Namespace):
        return value
    return Namespace((value if isinstance(value, Link) else Link(value),))  # type: ignore[arg-type]


def _tuple(value: object) -> object:
    """Return one text as a tuple of it, several as a tuple, anything else as it is."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list | tuple) else value


def _set_defaults(instance: Any) -> None:
    """Let None stand for what is left out, as in ``from_mapping``."""
    for one in fields(instance):
        if getattr(instance, one.name) is None and one.default is not None:
            _set(instance, one.name, one.default if one.default_factory is MISSING else one.default_factory())


def _set(instance: object, name: str, value: object) -> None:
    object.__setattr__(instance, name, value)


def _kind(takes: str, example: str, fits: Callable[[Any], bool]) -> arguments.Kind:
    return arguments.Kind(takes, example, fits, TopologyError)


_KINDS = {
    "name": _kind("text", '"shop"', lambda value: isinstance(value, str)),
    "source": _kind("text", '"shop.toml"', lambda value: isinstance(value, str)),
    "namespaces": _kind(
        "a mapping of names to namespaces, links or addresses", '{"red": Link("192.0.2.2/24")}', _is_named
    ),
    "bridges": _kind(
        "a mapping of names to bridges", '{"lan": Bridge("172.18.0.1/16")}', lambda value: _is_named(value, Bridge)
    ),
    "hosts": _kind("a mapping of host names to addresses", '{"red.db.test": "192.0.2.2"}', _is_named),
    "mysqld": _kind("a Mysqld", 'Mysqld(bind_address="127.0.0.1")', lambda value: isinstance(value, Mysqld)),
}
"""What a Topology takes beside what the table of a file says."""
