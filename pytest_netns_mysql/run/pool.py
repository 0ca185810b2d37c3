"""The running servers of a run: those that are kept for later tests, and those that end with their fixture."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsError

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.reuse.protocol import Taken

_MOST_KEPT = 4  # servers of several topologies, each of which takes some 400 MB of memory
_FIRST_ID = 2  # 1 is the default of a server without a server_id


class ServerPool:
    """The running servers of this process.

    Attributes:
        running: All of them, in the order of their starts.
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        """Begin without a server.

        Args:
            changed: Called when a server has started or ended.
        """
        self._changed = changed
        self.running: list[MySQLServer] = []
        self._kept: list[MySQLServer] = []  # netns_mysqld of each network, the last used at the end
        self._early: MySQLServer | None = None  # started before anybody asked, and not known to be up
        self._taken: Taken | None = None  # a standing server
        self._ids = itertools.count(_FIRST_ID)

    def of(self, network: Network, make: Callable[[], MySQLServer]) -> MySQLServer:
        """Return the server that is kept for a network, started now if there is none.

        Args:
            network: The network.
            make: Returns the server, not yet started.
        """
        server = next((one for one in self._kept if one.network is network), None)
        if server is None:
            while len(self._kept) >= _MOST_KEPT:
                self._end(self._kept.pop(0))
            server = self._started(network, make)
        else:
            self._kept.remove(server)
        self._kept.append(server)
        return server

    def _started(self, network: Network, make: Callable[[], MySQLServer]) -> MySQLServer:
        early = self._early
        is_early = early is not None and early.network is network
        if early is not None and is_early:
            server, self._early = early, None
        else:
            server = make()
            self.running.append(server)
        try:
            if is_early:
                server._wait_until_up()
            else:
                server._start()
        except BaseException:
            self._end(server)
            raise
        self._changed()
        return server

    def adopt(self, server: MySQLServer, taken: Taken | None) -> None:
        """Take over a server that was started before anybody asked.

        Args:
            server: The server, which need not answer yet.
            taken: The server's supervisor, for a standing server.
        """
        self._early = server
        self._taken = taken
        self.running.append(server)

    def await_early_outside(self, network: Network | None) -> None:
        """Wait for the early server unless it listens in ``network``.

        The server must find its namespaces before /run/netns shows another network's of the same names.
        """
        if self._early is None or self._early.network is network:
            return
        server, self._early = self._early, None
        try:
            server._wait_until_up()
            self._kept.append(server)
        except NetnsError:
            self._end(server)  # the test that asks for the server meets the error again

    @contextlib.contextmanager
    def hosting(self, *servers: MySQLServer) -> Iterator[None]:
        """Show servers in reports while the block runs, and end them with the block.

        Raises:
            EndpointError: Another running server has an endpoint of one of the servers.
        """
        from pytest_netns_mysql.mysql.mysqld.occupied import check_unoccupied

        for server in servers:
            check_unoccupied(server, self.running)
        self.running += servers
        try:
            self._changed()
            yield
        finally:
            for server in reversed(servers):
                self._end(server)

    def new_server_id(self) -> int:
        """Return a server_id that no other server of this process has, as replication needs."""
        return next(self._ids)

    def unused_name(self, name: str) -> str:
        """Return a name that no other server has, since each has a folder of its name."""
        names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
        taken = {server.name for server in self.running}
        return next(one for one in names if one not in taken)

    def forget(self, server: Instance) -> None:
        """End a server that is kept; the next test that needs it gets a fresh one."""
        if server in self._kept:
            self._kept = [kept for kept in self._kept if kept is not server]
            self._end(server)

    def forget_all_in(self, network: Network) -> None:
        """End all servers that listen in a network."""
        for server in [one for one in self.running if one.network is network]:
            self._kept = [one for one in self._kept if one is not server]
            self._early = None if self._early is server else self._early
            self._end(server)

    def _end(self, server: Instance) -> None:
        self.running = [running for running in self.running if running is not server]
        server._discard()
        self._changed()

    def end(self) -> None:
        """Kill all servers without waiting for their ends; the sandbox takes their files with it."""
        for server in self._own:
            server._end(wait=False)

    @property
    def _own(self) -> list[MySQLServer]:
        taken = None if self._taken is None else self._taken.offer.mysqld
        return [server for server in self.running if taken is None or server.pid != taken]

    def close(self) -> None:
        """End all servers, and wait for their ends."""
        self.end()
        for server in self._own:
            server._end(wait=True)
        self.running.clear()
        self._kept.clear()
        self._early = None

    def release(self) -> None:
        """Give a standing server back to its supervisor, once the sandbox is left."""
        if self._taken is not None:
            self._taken.close()
            self._taken = None
