"""The servers of a run beside netns_mysqld: those of factories and of netns_start_mysqld, each ended with its block."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
from pytest_netns_mysql.optionnames import normal

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
    from pytest_netns_mysql.mysql.replication.group import Group
    from pytest_netns_mysql.mysql.replication.replica import Replica
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.run.session import NetnsSession


class Servers:
    """Starts servers in one network; each server runs until its block ends."""

    def __init__(self, session: NetnsSession, network: Network) -> None:
        """Start nothing.

        Args:
            session: The session that the servers belong to.
            network: The network that the servers listen in.
        """
        self._session = session
        self._network = network
        self._mysqld = session.networks.server_named(network)

    @contextlib.contextmanager
    def running(self, spec: ServerSpec) -> Iterator[MySQLServer]:
        """Run a server."""
        from pytest_netns_mysql.mysql.server import MySQLServer

        server = MySQLServer(self._resolved(spec), self._network)
        with self._session.servers.hosting(server):
            server._start()
            yield server

    def running_source(self, spec: ServerSpec) -> contextlib.AbstractContextManager[MySQLServer]:
        """Run a server that others can replicate from."""
        from pytest_netns_mysql.mysql.replication.replica import SOURCE

        return self.running(self._replicating(spec, SOURCE))

    @contextlib.contextmanager
    def running_replica(
        self, spec: ServerSpec, source: MySQLServer, replicate: Callable[[Replica, MySQLServer], None]
    ) -> Iterator[Replica]:
        """Run a replica.

        Args:
            spec: The configuration of the replica.
            source: The server that the replica copies.
            replicate: Starts the replication of the running replica from the source.
        """
        from pytest_netns_mysql.mysql.replication.replica import REPLICA, Replica

        # The binary log does not have what the source was loaded with.
        complete = replace(self._replicating(spec, REPLICA), load=source._spec.load)
        replica = Replica(self._resolved(complete), self._network)
        with self._session.servers.hosting(replica):
            try:
                replica._start()
                replicate(replica, source)
                yield replica
            finally:
                replica._leave()

    @contextlib.contextmanager
    def running_group(self, spec: ServerSpec, namespaces: Sequence[str], *, single_primary: bool) -> Iterator[Group]:
        """Run a replication group.

        Args:
            spec: What the members have in common; ``name`` is the group's.
            namespaces: The namespaces of the members, one each.
            single_primary: Whether one member takes all writes.
        """
        from pytest_netns_mysql.mysql.replication.group import Group, Member

        specs = self._members(spec, namespaces, single_primary=single_primary)
        members = {namespace: Member(member, self._network) for namespace, member in specs.items()}
        group = Group(spec.name, members)
        with self._session.servers.hosting(*group.members):
            group._start()
            yield group

    def _members(self, spec: ServerSpec, namespaces: Sequence[str], *, single_primary: bool) -> dict[str, ResolvedSpec]:
        from pytest_netns_mysql.endpointkinds import MYSQL_ENDPOINT
        from pytest_netns_mysql.mysql.mysqld.listeners import read_port
        from pytest_netns_mysql.mysql.replication import groupoptions

        where = f"group {spec.name}"
        groupoptions.check(namespaces, spec.options, where)
        option, default = MYSQL_ENDPOINT.port_option, MYSQL_ENDPOINT.default_port
        own = {normal(name): value for name, value in spec.options.items()}
        port = read_port(option, own.get(option, default), where)
        places = [(self._network[namespace].address, port) for namespace in namespaces]
        group_name = groupoptions.new_name()
        specs = {}
        for number, namespace in enumerate(namespaces):
            options = groupoptions.options_of(places, number, group_name, single_primary=single_primary)
            member = replace(spec, name=f"{spec.name}-{namespace}", bind_address=f"{places[number][0]}/{namespace}")
            specs[namespace] = self._resolved(self._replicating(member, options), spec.name)
            groupoptions.check_version(specs[namespace].kind.version, where)
        return specs

    def _resolved(self, spec: ServerSpec, fixture: str | None = None) -> ResolvedSpec:
        """Return the configuration for the kind of server that it names, by default the run's.

        Args:
            spec: The configuration.
            fixture: The fixture that makes the server, by default the one of the server's name.
        """
        made_by = spec.name if fixture is None else fixture
        return self._session.resolved(spec, self._mysqld, self._network.topology, made_by)

    def _replicating(self, spec: ServerSpec, options: Mapping[str, OptionValue]) -> ServerSpec:
        """Return the configuration with a server_id that no other server has, and with the options of its role."""
        return spec._with_options({"server_id": self._session.servers.new_server_id(), **options})
