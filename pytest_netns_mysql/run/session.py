"""What the hooks and fixtures of one pytest process share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.run.networks import Networks
from pytest_netns_mysql.run.pool import ServerPool
from pytest_netns_mysql.run.serverkinds import ServerKinds, server_for
from pytest_netns_mysql.run.sessionboard import SessionBoard
from pytest_netns_mysql.run.topologies import Topologies

if TYPE_CHECKING:
    import pytest

    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.dialects.options import OptionValue
    from pytest_netns_mysql.mysql.mysqld.resolved import ResolvedSpec
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.run.early import EarlyStart
    from pytest_netns_mysql.run.fromcontroller import FromController
    from pytest_netns_mysql.run.projecthooks import ProjectHooks
    from pytest_netns_mysql.settings import Settings
    from pytest_netns_mysql.topology.topology import Topology

_GENERAL_LOG: Mapping[str, OptionValue] = {
    "general_log": True,
    "log_output": "FILE",
    "general_log_file": "../general.log",
}
"""The options for the setting general_log. The file lies beside the data directory, where a test may look for files."""
OWN_SERVER = "netns_mysqld"
"""The fixture of the run's own server."""


class NetnsSession:
    """Settings, topologies, networks and servers of one pytest process; nothing is made before it is asked for.

    Attributes:
        settings: The settings of the run.
        hooks: The hooks that the project implements.
        progress: Shows a line of text to the user.
        kinds: The kinds of server that the settings name.
        topologies: The topologies that settings and markers name.
        networks: The sandbox and its networks.
        board: What this process shows to `netns-mysql ps`.
        servers: The running servers.
        mysqlx_over: The topologies over which tests ask for X DevAPI sessions; None for one that is not known yet.
        has_looked_ahead: Whether everything that tests may ask for was looked for while the host's network was there.
        collected: The tests in the order of their collection.
        breaks_order: Whether netns tests come last although another order was asked for.
        received: What the controller of xdist has sent, in a worker on another machine.
        overridden: Whether a fixture of ours is overridden, by fixture and by the class or module of the test.
    """

    def __init__(
        self,
        settings: Settings,
        base: Path,
        hooks: ProjectHooks,
        *,
        worker: str,
        received: FromController | None = None,
        progress: Callable[[str], None],
        watch: Callable[[], None],
    ) -> None:
        """Make nothing yet.

        Args:
            settings: The settings of the run.
            base: The folder that the path of a topology's file starts from.
            hooks: The hooks that the project implements.
            worker: The name of this worker of xdist, or ''.
            received: What the controller of xdist has sent, in a worker on another machine.
            progress: Shows a line of text to the user.
            watch: Called before this process is first moved into a namespace.
        """
        self.settings = settings
        self.hooks = hooks
        self.progress = progress
        self.topologies: Topologies = Topologies(settings, base, hooks.topology)
        self.kinds: ServerKinds = ServerKinds(settings, progress)
        self.networks: Networks = Networks(settings, watch=watch)
        self.board: SessionBoard = SessionBoard(self.networks, worker)
        self.servers: ServerPool = ServerPool(self._update_board)
        self.mysqlx_over: list[Topology | None] = []
        self.received = received
        self.networks.is_remote = received is not None
        self.has_looked_ahead = False
        self.collected: list[pytest.Item] = []
        self.breaks_order = False
        self.overridden: dict[tuple[str, object], bool] = {}

    @property
    def machine(self) -> str | None:
        """The machine of this worker of xdist and its name, or None on the machine of the controller."""
        return None if self.received is None else self.received.title or None

    def network_of(self, topology: Topology, mysqld: str, *, worker: bool) -> Network:
        """Return the network for a topology and a server of the run, built if need be, as the current one.

        Args:
            topology: The topology.
            mysqld: The server, as the setting netns_mysqld names it.
            worker: Whether this process is a worker of xdist.

        Raises:
            SandboxError: The kernel refuses a sandbox.
            NetworkError: The kernel refuses the network.
        """
        self.networks.make_sandbox(worker=worker)
        network = self.networks.known(topology, mysqld)
        self.servers.await_early_outside(network)
        shown = self.networks.show(network, topology, mysqld)
        self._update_board()
        return shown

    def _update_board(self) -> None:
        self.board.update(self.servers.running)

    def server_of(self, network: Network) -> MySQLServer:
        """Return the server on the endpoints of the network's topology, started when it is first asked for."""

        def make() -> MySQLServer:
            from pytest_netns_mysql.mysql.server import MySQLServer

            return MySQLServer(self.spec_of(network.topology, self.networks.server_named(network)), network)

        return self.servers.of(network, make)

    def wants_mysqlx(self, topology: Topology) -> bool:
        """Return True if tests over a topology ask for X DevAPI sessions."""
        return None in self.mysqlx_over or topology in self.mysqlx_over

    def spec_of(self, topology: Topology, mysqld: str, *, mysqlx: bool | None = None) -> ResolvedSpec:
        """Return the configuration of the server on a topology's endpoints.

        Args:
            topology: The topology.
            mysqld: The server, as the setting netns_mysqld names it.
            mysqlx: Whether X Plugin is to listen; None for what the collected tests ask for.
        """
        from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec

        wanted = self.wants_mysqlx(topology) if mysqlx is None else mysqlx
        can = wanted and self.kinds.find(self.server_over(topology, mysqld)).dialect.speaks_x
        wanted_server = server_for(topology, mysqld)
        return self.resolved(ServerSpec._of_topology(topology, mysqlx=can), wanted_server, topology, OWN_SERVER)

    def server_over(self, topology: Topology, mysqld: str) -> str:
        """Return the server that netns_mysqld is: a topology or a hook may name another than the settings.

        Args:
            topology: The topology.
            mysqld: The server, as the setting netns_mysqld names it.
        """
        mysqld = server_for(topology, mysqld)
        if not self.hooks.changes_servers:
            return mysqld
        from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec

        spec = self.hooks.server_spec(OWN_SERVER, ServerSpec._of_topology(topology), topology)
        return mysqld if spec.mysqld is None else spec.mysqld

    def resolved(self, spec: ServerSpec, mysqld: str, topology: Topology, fixture: str) -> ResolvedSpec:
        """Return a configuration for a kind of server, with the settings of the run and a name of its own.

        Args:
            spec: The configuration.
            mysqld: The server, as the setting netns_mysqld names it, if the configuration names none.
            topology: The topology that the server listens in.
            fixture: The fixture that makes the server.
        """
        from pytest_netns_mysql.mysql.mysqld.resolved import resolve

        spec = self.hooks.server_spec(fixture, spec, topology)
        kind = self.kinds.find(mysqld if spec.mysqld is None else spec.mysqld)
        if self.settings.general_log == "on" and kind.listens is None:
            spec = spec._with_options(_GENERAL_LOG)
        return resolve(
            replace(spec, name=self.servers.unused_name(spec.name)),
            kind,
            cache=self.settings.cache,
            progress=self.progress,
            start_timeout=self.settings.start_timeout,
        )

    def adopt(self, early: EarlyStart) -> None:
        """Take over a sandbox, a network and a server that were started before anybody asked for them."""
        self.networks.adopt(early.sandbox, early.network, early.mysqld)
        self.servers.adopt(early.server, early.taken)

    def forget_network(self, network: Network) -> None:
        """End the servers in a network and close it; the next test that needs one gets a new network."""
        self.servers.forget_all_in(network)
        self.networks.forget(network)

    def close(self) -> None:
        """End all servers, close the networks and the sandbox, and give back a standing server."""
        self.board.close()
        self.servers.close()
        self.networks.close()
        self.servers.release()
        self.kinds.close()
