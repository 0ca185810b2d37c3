"""Features that not every kind of server has, and what a server's configuration needs of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pytest_netns_mysql.optionnames import normal


class Feature(Enum):
    """A feature of a server. The value completes the sentence "MariaDB 10.11.6 has no ..."."""

    ADMIN_ADDRESS = "administrative address"
    X_PROTOCOL = "X Protocol"
    NETWORK_NAMESPACES = "addr/ns notation of its own"
    CERTIFICATE_AUTHORITY = "certificate authority (CA) of its own"
    GTIDS = "GTIDs as MySQL has them"
    GROUP_REPLICATION = "Group Replication"
    START = "start by this plugin"
    OPTIONS = "options set by this plugin"
    LOAD = "data loaded by this plugin"
    DROPPED_CAPABILITIES = "capabilities dropped by this plugin"


@dataclass(frozen=True)
class Request:
    """A feature that a test asks for.

    Attributes:
        feature: The feature.
        source: What the user wrote to ask for the feature, such as ``admin_address`` or ``the option gtid_mode``.
    """

    feature: Feature
    source: str


_FACTORIES = {
    "mysqld": (Feature.START,),
    "source": (Feature.START, Feature.GTIDS),
    "replica": (Feature.START, Feature.GTIDS),
    "group": (Feature.START, Feature.GROUP_REPLICATION),
}
_OPTIONS = {
    "gtid_mode": Feature.GTIDS,
    "enforce_gtid_consistency": Feature.GTIDS,
    "admin": Feature.ADMIN_ADDRESS,
    "mysqlx": Feature.X_PROTOCOL,
    "group_replication": Feature.GROUP_REPLICATION,
}


def of_factory(factory: str) -> Iterator[Request]:
    """Yield what a factory needs, by its name in ``pytest_netns_mysql.factories``."""
    for feature in _FACTORIES.get(factory, ()):
        yield Request(feature, f"factories.{factory}")


def of_configuration(
    *,
    admin_address: object = None,
    mysqlx_bind_address: object = None,
    options: Mapping[str, Any] | None = None,
    load: object = (),
    drop_capabilities: object = (),
    check_endpoints: bool = True,
) -> Iterator[Request]:
    """Yield what the configuration of a server needs; each argument is that of factories.mysqld."""
    if admin_address is not None:
        yield Request(Feature.ADMIN_ADDRESS, "admin_address")
    if mysqlx_bind_address is not None:
        yield Request(Feature.X_PROTOCOL, "mysqlx_bind_address")
    if options:
        yield Request(Feature.OPTIONS, "options")
        yield from _of_options(options)
    if load:
        yield Request(Feature.LOAD, "load")
    if drop_capabilities:
        yield Request(Feature.DROPPED_CAPABILITIES, "drop_capabilities")
    if not check_endpoints:
        yield Request(Feature.NETWORK_NAMESPACES, "check_endpoints=False")


def _of_options(options: Iterable[str]) -> Iterator[Request]:
    for option in options:
        name = normal(option)
        for prefix, feature in _OPTIONS.items():
            if name == prefix or name.startswith(f"{prefix}_"):
                yield Request(feature, f"the option {option}")
