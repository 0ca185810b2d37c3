"""A topology with its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pytest_netns_mysql.topology.model import Description
from pytest_netns_mysql.topology.plan import Interface, Plan
from pytest_netns_mysql.topology.planning import planner


@dataclass(frozen=True)
class Topology(Description):
    """A network, and where mysqld listens in it.

    Attributes:
        name: The topology's name.
        namespaces: The namespaces by name. A link or an address stands for a namespace with that link.
        bridges: The bridges by name.
        forwarding: Whether ``global`` forwards packets.
        routes: Gateways of ``global`` by destination, which is ``default`` or a CIDR.
        masquerade: The interfaces of ``global`` that give their own address to what is forwarded out of them; True for
            all.
        publish: ``address:port`` behind ``global``, by the port of ``global`` that stands for it: ``3306`` or
            ``address:3306``.
        hosts: One or several addresses by host name.
        mysqld: Where mysqld listens.
        description: What the topology is for.
        source: The preset or the file that the topology comes from, for messages.
        notes: What was not used of a compose file, and how parts of it were read; a TOML file has no notes.
    """

    @cached_property
    def plan(self) -> Plan:
        """What the topology means, checked.

        Raises TopologyError with every fault, or EndpointError where an endpoint alone is wrong.
        """
        return planner.plan(self)

    @property
    def addresses(self) -> Mapping[str, tuple[Interface, ...]]:
        """The addresses of every namespace, the loopback's last; ``global`` comes first."""
        return self.plan.addresses

    @property
    def bind_address(self) -> tuple[str, ...]:
        """The server's ``addr/ns`` values: those that are written, else the default ones."""
        return self.plan.bind_address
