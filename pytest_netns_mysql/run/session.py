"""What one pytest process has: its settings, and, once a netns test needs them, topology, sandbox, server."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import NetnsError, SandboxError, ThreadsError
from pytest_netns_mysql.run.choices import Kinds

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.spec import ServerPlan
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.reuse.protocol import Taken
    from pytest_netns_mysql.settings import Settings
    from pytest_netns_mysql.topology.topology import Topology


# Of several topologies' servers, each of which takes some 400 MB of memory.
_KEPT_SERVERS = 4
NOTHING_SAID = "nothing said that this run has netns tests"
_FIRST_ID = 2  # 1 is the default of a server that nobody gave a server_id


class NetnsSession:
    """Keep what the hooks and fixtures of one pytest process share; nothing is made before it is asked for."""

    def __init__(
        self, settings: Settings, base: Path, *, progress: Callable[[str], None], watch: Callable[[], None]
    ) -> None:
        """Keep the settings; ``base`` is the folder that a topology's file is sought from.

        ``progress`` shows a line to the user; ``watch`` is called before this process is first moved.
        """
        self.settings = settings
        self.progress = progress
        self.kinds = Kinds(settings, progress)
        self._watch = watch
        self.network: Network | None = None
        self.sandbox: Sandbox | None = None
        self.networks: dict[Network, str] = {}  # each with what names the server in it
        self.servers: list[MySQLServer] = []
        self.early: MySQLServer | None = None  # started before anybody asked for it, and not known to be up
        self.taken: Taken | None = None  # a server that stays up after this process
        self.has_looked_ahead = False  # what the tests need is here, or it is known why not
        self.collected: list[pytest.Item] = []  # in the order of collection, before anybody else reordered them
        self.breaks_order = False  # whether netns tests come last, though another order was asked for
        self.mysqlx_over: list[Topology | None] = []
        self.no_reexecution: str | None = None  # why threads did not have pytest started again, where it was not
        self.overridden: dict[tuple[str, object], bool] = {}  # by fixture and by the class or module of the test
        self._ids = itertools.count(_FIRST_ID)
        self._base = base
        self._named: dict[tuple[str, Path], tuple[Topology, ...]] = {}
        self._kept: list[MySQLServer] = []

    @cached_property
    def topologies(self) -> tuple[Topology, ...]:
        """Return the topologies that the settings name; raise TopologyError or EndpointError."""
        from pytest_netns_mysql.topology.file.load import load_all

        try:
            return load_all(self.settings.topology, base=self._base)
        except NetnsError as error:
            if error.where is None:
                error.where = self.settings.given.get("topology")
            raise

    def named(self, choice: str, base: Path) -> tuple[Topology, ...]:
        """Return the topologies that a marker names, read once; a file is sought from ``base``."""
        from pytest_netns_mysql.topology.file.load import load_all

        if (choice, base) not in self._named:
            self._named[choice, base] = load_all(choice, base=base)
        return self._named[choice, base]

    def will_return(self) -> bool:
        """Tell whether this process comes home after a netns test; asked before the sandbox is made too."""
        from pytest_netns_mysql.kernel.namespaces.sandbox import can_return
        from pytest_netns_mysql.kernel.namespaces.usernamespace import needs_user_namespace

        if self.sandbox is not None:
            return self.sandbox.returns
        try:
            return can_return() and not needs_user_namespace(self.settings.mode)
        except SandboxError:
            if self.settings.unavailable == "skip":
                return True  # the first netns test meets it again, and is skipped
            raise

    @property
    def has_left_for_good(self) -> bool:
        """Tell whether this process is behind the one-way door: it has no host network any more."""
        return self.sandbox is not None and self.sandbox.has_moved_in

    def make_sandbox(self, *, worker: bool) -> Sandbox:
        """Return the sandbox, made now if it is not there; where nobody comes home, this process lives in it then.

        Raises SandboxError. A ``worker`` of xdist also arranges to end with its controller, which SIGKILL would not
        let it know of. Nothing can be fetched from inside: see ``lookahead``.
        """
        self._watch()
        if self.sandbox is None:
            from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
            from pytest_netns_mysql.kernel.namespaces.workers import settle_worker

            try:
                self.sandbox = Sandbox.make(self.settings.mode)
            except ThreadsError as error:
                if self.no_reexecution is None:
                    raise
                raise _without_reexecution(error, self.no_reexecution) from error
            if worker:
                settle_worker()
        self.sandbox.move_in()
        return self.sandbox

    def network_of(self, topology: Topology, choice: str, *, worker: bool) -> Network:
        """Return the network of a topology for one of the run's servers, kept once it is built; it is active now.

        Two servers cannot share an address: each has a network of its own. Raises SandboxError, NetworkError.
        """
        from pytest_netns_mysql.kernel.network import Network

        sandbox = self.make_sandbox(worker=worker)
        known = self.networks.items()
        network = next((one for one, its in known if one.topology == topology and its == choice), None)
        if self.early is not None and self.early.network is not network:
            self._await_early()
        self.network = None
        if network is None:
            network = Network(sandbox, topology)
            self.networks[network] = choice
        else:
            network.activate()
        self.network = network
        return network

    def server_of(self, network: Network) -> MySQLServer:
        """Return the server on the endpoints of the network's topology, started when it is first asked for and kept."""
        server = next((one for one in self._kept if one.network is network), None)
        if server is None:
            while len(self._kept) >= _KEPT_SERVERS:
                self._end(self._kept.pop(0))
            server = self._started(network)
        else:
            self._kept.remove(server)
        self._kept.append(server)  # the last used is the last
        return server

    def _started(self, network: Network) -> MySQLServer:
        from pytest_netns_mysql.mysql.server import MySQLServer

        server = self.early
        if server is not None and server.network is network:
            self.early = None
            come_up = server.wait_until_up
        else:
            topology = network.topology
            server = MySQLServer(
                self.default_plan(topology, self.networks[network], mysqlx=self.wants_mysqlx(topology)), network
            )
            self.servers.append(server)
            come_up = server.start
        try:
            come_up()
        except BaseException:
            self._end(server)
            raise
        return server

    def _await_early(self) -> None:
        """Have the early server find its namespaces, before /run/netns shows another network's of the same names."""
        server, self.early = self.early, None
        if server is not None:
            try:
                server.wait_until_up()
                self._kept.append(server)
            except NetnsError:
                self._end(server)  # who asks for it meets this again, and is told

    def wants_mysqlx(self, topology: Topology) -> bool:
        """Tell whether tests over a topology ask for X DevAPI sessions."""
        return None in self.mysqlx_over or topology in self.mysqlx_over

    def default_plan(self, topology: Topology, choice: str, *, mysqlx: bool) -> ServerPlan:
        """Return the plan of a server on a topology's endpoints."""
        from pytest_netns_mysql.mysql.load.load import of_topology

        written = {**vars(topology.mysqld), "load": of_topology(topology)}
        if mysqlx and written["mysqlx_bind_address"] is None and self.kinds.find(choice).dialect.speaks_x:
            written = {**written, "mysqlx_bind_address": topology.bind_address}
        return self.plan(choice, **written)

    def plan(self, choice: str, *, name: str = "mysqld", load: Sequence[Any] = (), **plan: Any) -> ServerPlan:
        """Return the plan of a server with what the settings say.

        ``choice`` names the server; ``plan`` is the rest of what a ServerPlan takes.
        """
        from pytest_netns_mysql.mysql.load.load import resolve
        from pytest_netns_mysql.mysql.mysqld.spec import ServerPlan

        return ServerPlan(
            kind=self.kinds.find(choice),
            cache=self.settings.cache,
            progress=self.progress,
            start_timeout=self.settings.start_timeout,
            name=self._unused(name),
            load=resolve(load, where=f"server {name}"),
            **plan,
        )

    @contextlib.contextmanager
    def hosting(self, *servers: MySQLServer) -> Iterator[None]:
        """Let servers run while the block does: reports show them, and they are ended with it."""
        self.servers += servers
        try:
            yield
        finally:
            for server in reversed(servers):
                self._end(server)

    def server_id(self) -> int:
        """Return a server_id that no other server of this process was given: replication wants them different."""
        return next(self._ids)

    def _unused(self, name: str) -> str:
        """Return a name that no other server has: each has a folder of its name, and a fixture may make several."""
        names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
        return next(one for one in names if one not in {server.name for server in self.servers})

    def _end(self, server: MySQLServer) -> None:
        with contextlib.suppress(ValueError):
            self.servers.remove(server)
        server.discard()

    def forget(self, server: MySQLServer) -> None:
        """End a server that is kept: the next test that needs one gets a fresh one."""
        if server in self._kept:
            self._kept.remove(server)
            self._end(server)

    def forget_network(self, network: Network) -> None:
        """End the servers in a network and let go of it: the next test that needs one gets a new one."""
        for server in [one for one in self.servers if one.network is network]:
            self._kept = [one for one in self._kept if one is not server]
            self.early = None if self.early is server else self.early
            self._end(server)
        self.network = None
        self.networks.pop(network)
        network.close()

    def end_servers(self) -> None:
        """Have the servers that run end, without waiting for them; what they leave behind goes with the sandbox."""
        for server in self._own_servers():
            server.end(wait=False)

    def _own_servers(self) -> list[MySQLServer]:
        return [one for one in self.servers if self.taken is None or one.pid != self.taken.offer.mysqld]

    def close(self) -> None:
        """End the servers that run, let go of the networks and of the sandbox."""
        self.end_servers()
        for server in self._own_servers():
            server.end(wait=True)
        self.servers.clear()
        self._kept.clear()
        self.early = None
        for network in self.networks:
            network.close()
        self.networks.clear()
        if self.sandbox is not None:
            self.sandbox.close()
            self.sandbox = None
        if self.taken is not None:
            self.taken.close()
            self.taken = None


def _without_reexecution(error: ThreadsError, reason: str) -> ThreadsError:
    """Return the error that also says why pytest was not started again, in the user namespace."""
    cures = error.remedies
    if reason != NOTHING_SAID:
        cures = "run pytest as a program of its own, `pytest` or `python -m pytest`: it can start again", *cures[1:]
    tried = f"to start pytest again, in the user namespace: {reason}"
    return ThreadsError(error.what, tried=[*error.tried, tried], remedies=cures)


SESSION = pytest.StashKey[NetnsSession]()
NAMESPACE = pytest.StashKey[str]()
MISTAKE = pytest.StashKey[str]()
TOPOLOGY_IN_FORCE = pytest.StashKey["Topology"]()
CHOICE_IN_FORCE = pytest.StashKey[str]()
