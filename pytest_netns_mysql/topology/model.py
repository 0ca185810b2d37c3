"""A topology as plain data: namespaces and their links, bridges, host names, and where mysqld listens.

Values are kept as they are written. ``Topology.plan`` is what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from pytest_netns_mysql import arguments
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology import keys

Texts = str | Sequence[str]
OptionValue = str | int | float | bool | None


@dataclass(frozen=True)
class Link:
    """A veth pair that joins a namespace to ``global``, to another namespace, or to a bridge; see veth(4).

    Attributes:
        address: One or several CIDRs of the end in the namespace.
        to: The name of the other side.
        gateway: Where the default route leads, one address for each family; False for no default route. By default
            the other side, if that is ``global``, a bridge with an address, or a namespace that forwards. True
            means the other side in any case.
        interface: The name of the end in the namespace.
        mac: The MAC address of that end.
        mtu: In bytes, for both ends.
        rate: The bandwidth of what leaves the namespace, as tc(8) has it: ``10mbit``.
        delay: The delay of what leaves the namespace: ``20ms``.
        loss: The part of what leaves the namespace that is lost, in per cent: ``1%``.
        outer_address: One or several CIDRs of the other end; False for none. By default the gateway, or the first
            other host address of the subnet. A port of a bridge has no address.
        outer_interface: The name of the other end.
        outer_mac: The MAC address of the other end.
    """

    address: Texts = field(default=(), metadata=keys.ADDRESS)
    to: str = field(default=GLOBAL, metadata=keys.OTHER_SIDE)
    gateway: Texts | bool | None = field(default=None, metadata=keys.GATEWAY)
    interface: str | None = field(default=None, metadata=keys.NAME)
    mac: str | None = field(default=None, metadata=keys.MAC)
    mtu: int | None = field(default=None, metadata=keys.MTU)
    rate: str | None = field(default=None, metadata=keys.RATE)
    delay: str | None = field(default=None, metadata=keys.DELAY)
    loss: str | None = field(default=None, metadata=keys.LOSS)
    outer_address: Texts | bool | None = field(default=None, metadata=keys.OUTER_ADDRESS)
    outer_interface: str | None = field(default=None, metadata=keys.NAME)
    outer_mac: str | None = field(default=None, metadata=keys.MAC)

    def __post_init__(self) -> None:
        _set_defaults(self)
        for name in ("address", "gateway", "outer_address"):
            _set(self, name, _tuple(getattr(self, name)))
        keys.check_fields(self)


@dataclass(frozen=True)
class Namespace:
    """A network namespace; see ip-netns(8).

    Attributes:
        links: The namespace's veth pairs. An address alone stands for a link to ``global``.
        routes: Gateways by destination, which is ``default`` or a CIDR.
        forwarding: True for a router.
        masquerade: The interfaces that give their own address to what is forwarded out of them; True for all.
        publish: ``address:port`` behind the namespace, by the port that stands for it: ``3306`` or ``address:3306``.
        hosts: Host names of the namespace's first addresses.
        external: A namespace that exists already: a name in /run/netns, a path or a pid.
    """

    links: tuple[Link, ...] = field(default=(), metadata=keys.LINKS)
    routes: Mapping[str, str] = field(default_factory=dict, metadata=keys.ROUTES)
    forwarding: bool = field(default=False, metadata=keys.SWITCH)
    masquerade: Texts | bool = field(default=False, metadata=keys.MASQUERADE)
    publish: Mapping[str, str] = field(default_factory=dict, metadata=keys.PUBLISH)
    hosts: Texts = field(default=(), metadata=keys.HOST_NAMES)
    external: str | int | None = field(default=None, metadata=keys.EXTERNAL)

    def __post_init__(self) -> None:
        _set_defaults(self)
        links: object = self.links  # a single link, or an address, is taken too
        several = links if isinstance(links, list | tuple) else (links,)
        _set(self, "links", tuple(link if isinstance(link, Link) else Link(link) for link in several))
        for name in ("hosts", "masquerade"):
            _set(self, name, _tuple(getattr(self, name)))
        keys.check_fields(self, links=None)


@dataclass(frozen=True)
class Bridge:
    """A segment that several namespaces are on, such as a Docker network; see bridge(8).

    Attributes:
        address: One or several CIDRs that the bridge has in its namespace: the gateway of its members.
        namespace: Where the bridge lies.
        interface: The name of the bridge in its namespace.
        mtu: In bytes.
        to: The names of other bridges that this one is joined to by veth pairs.
    """

    address: Texts = field(default=(), metadata=keys.ADDRESS)
    namespace: str = field(default=GLOBAL, metadata=keys.NAME)
    interface: str | None = field(default=None, metadata=keys.NAME)
    mtu: int | None = field(default=None, metadata=keys.MTU)
    to: Texts = field(default=(), metadata=keys.OTHER_BRIDGES)

    def __post_init__(self) -> None:
        _set_defaults(self)
        for name in ("address", "to"):
            _set(self, name, _tuple(getattr(self, name)))
        keys.check_fields(self)


@dataclass(frozen=True)
class Mysqld:
    """Where the server listens, its options and its initial data; see the manual, "Server System Variables".

    Attributes:
        bind_address: ``addr/ns`` values; None for 127.0.0.1 and the first address of each namespace.
        admin_address: The ``addr/ns`` for administrators; None for none.
        mysqlx_bind_address: The ``addr/ns`` values of X Plugin; None for none.
        options: mysqld's options by name.
        load: SQL files, folders of SQL files, and functions by their names; see docs/howto/seeding.md.
        image: The container image that the server stands for, such as ``mysql:8.4``; None for any MySQL.
        environment: Variables of the official image's entrypoint, which makes a schema and accounts of them. The
            paths in ``MYSQL_PASSWORD_FILE`` and its like start from the folder of the topology's file.
    """

    bind_address: Texts | None = field(default=None, metadata=keys.BIND_ADDRESS)
    admin_address: str | None = field(default=None, metadata=keys.ADMIN_ADDRESS)
    mysqlx_bind_address: Texts | None = field(default=None, metadata=keys.MYSQLX_BIND_ADDRESS)
    options: Mapping[str, OptionValue] = field(default_factory=dict, metadata=keys.OPTIONS)
    load: Texts = field(default=(), metadata=keys.LOAD)
    image: str | None = field(default=None, metadata=keys.IMAGE)
    environment: Mapping[str, str] = field(default_factory=dict, metadata=keys.ENVIRONMENT)

    def __post_init__(self) -> None:
        _set_defaults(self)
        _set(self, "load", _tuple(self.load))
        for name in ("bind_address", "mysqlx_bind_address"):
            value = getattr(self, name)  # a comma list stays as it is written, for messages about it
            _set(self, name, value if isinstance(value, str) else _tuple(value))
        options: object = self.options
        if isinstance(options, Mapping):  # None is an option without a value, which no file can hold
            options = {name: value for name, value in options.items() if value is not None}
        keys.check_fields(self, options=options)


@dataclass(frozen=True)
class Description:
    """A network, and where mysqld listens in it, as it is written; Topology describes the attributes."""

    name: str = "topology"
    namespaces: Mapping[str, Namespace] = field(default_factory=dict, metadata=keys.NAMESPACES)
    bridges: Mapping[str, Bridge] = field(default_factory=dict, metadata=keys.BRIDGES)
    forwarding: bool = field(default=True, metadata=keys.SWITCH)
    routes: Mapping[str, str] = field(default_factory=dict, metadata=keys.ROUTES)
    masquerade: Texts | bool = field(default=False, metadata=keys.MASQUERADE)
    publish: Mapping[str, str] = field(default_factory=dict, metadata=keys.PUBLISH)
    hosts: Mapping[str, Texts] = field(default_factory=dict, metadata=keys.HOSTS)
    mysqld: Mysqld = field(default_factory=Mysqld, metadata=keys.MYSQLD)
    description: str = field(default="", metadata=keys.DESCRIPTION)
    source: str = field(default="Python", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        _set_defaults(self)
        arguments.check(type(self).__name__, _KINDS, {name: getattr(self, name) for name in _KINDS})
        _set(self, "namespaces", {name: _namespace(value) for name, value in self.namespaces.items()})
        _set(self, "hosts", {name: _tuple(value) for name, value in self.hosts.items()})
        _set(self, "masquerade", _tuple(self.masquerade))
        _set(self, "notes", tuple(self.notes))
        keys.check_fields(self, mysqld=None)


def texts(value: Texts | bool | None) -> tuple[str, ...]:
    """Return the texts of a field that takes one, several, or none."""
    several = _tuple(value)
    return several if isinstance(several, tuple) else ()


def _namespace(value: object) -> Namespace:
    if isinstance(value, Namespace):
        return value
    return Namespace((value if isinstance(value, Link) else Link(value),))  # type: ignore[arg-type]


def _tuple(value: object) -> object:
    """Return one text as a tuple of it, several as a tuple, anything else as it is."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list | tuple) else value


def _set_defaults(instance: Any) -> None:
    """Replace None by the default of its field, as ``from_mapping`` does."""
    for known in fields(instance):
        if getattr(instance, known.name) is None and known.default is not None:
            _set(instance, known.name, known.default if known.default_factory is MISSING else known.default_factory())


def _set(instance: object, name: str, value: object) -> None:
    object.__setattr__(instance, name, value)


def _is_named(value: object, kind: type = object) -> bool:
    """Return True for a mapping of names to values of a kind."""
    return (
        isinstance(value, Mapping)
        and arguments.is_mapping(value)
        and all(isinstance(entry, kind) for entry in value.values())
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(text, str) for text in value)


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
    "notes": _kind("a tuple of texts", '("of the author",)', _are_texts),
    "mysqld": _kind("a Mysqld", 'Mysqld(bind_address="127.0.0.1")', lambda value: isinstance(value, Mysqld)),
}
"""What a constructor takes in Python where a file has tables."""
