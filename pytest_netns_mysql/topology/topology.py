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
    """A network, and where mysqld listens in it; the attributes are those of Description."""

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
