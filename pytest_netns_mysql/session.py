"""What one pytest process has: its settings, and, once a netns test needs them, topology, sandbox, server."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import NetnsError

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.kernel.sandbox import Sandbox
    from pytest_netns_mysql.mysql.distribution import Distribution
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.settings import Settings
    from pytest_netns_mysql.topology.model import Topology


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
        self._watch = watch
        self.network: Network | None = None
        self.sandbox: Sandbox | None = None
        self.servers: list[MySQLServer] = []
        self.needs_server = False
        self._base = base
        self._numbers = itertools.count(1)

    @cached_property
    def topology(self) -> Topology:
        """Return the topology that the settings name; raise TopologyError or EndpointError."""
        from pytest_netns_mysql.topology.load import load

        return load(self.settings.topology, base=self._base)

    @property
    def distribution(self) -> Distribution:
        """Return the server that the settings name, fetched now if need be; raise ServerNotFoundError."""
        found = self._found
        if isinstance(found, NetnsError):
            raise found
        return found

    @cached_property
    def _found(self) -> Distribution | NetnsError:
        from pytest_netns_mysql.mysql.distribution import find

        try:
            return find(self.settings.mysqld, cache=self.settings.cache, progress=self.progress)
        except NetnsError as error:
            return error  # looked for once: a second look, from inside the sandbox, would find no network

    def will_return(self) -> bool:
        """Tell whether this process comes home after a netns test; asked before the sandbox is made too."""
        from pytest_netns_mysql.kernel import sandbox

        if self.sandbox is not None:
            return self.sandbox.returns
        return sandbox.can_return() and not sandbox.needs_user_namespace(self.settings.mode)

    @property
    def has_left_for_good(self) -> bool:
        """Tell whether this process is behind the one-way door: it has no host network any more."""
        return self.sandbox is not None and not self.sandbox.returns

    def make_sandbox(self, *, worker: bool) -> Sandbox:
        """Return the sandbox, made now if it is not there; raise SandboxError.

        If tests need a server it is looked for before: from inside nothing can be fetched. A ``worker`` of xdist
        also arranges to end with its controller, which SIGKILL would not let it know of.
        """
        if self.sandbox is None:
            import signal

            from pytest_netns_mysql.kernel import sandbox, syscalls

            if self.needs_server:
                _ = self._found
            self._watch()
            self.sandbox = sandbox.Sandbox.create(self.settings.mode)
            if worker:
                syscalls.die_with_parent(signal.SIGKILL)
        return self.sandbox

    @contextlib.contextmanager
    def running(self, network: Network, *, name: str | None = None, **plan: Any) -> Iterator[MySQLServer]:
        """Have a server run in the network until the block ends; ``plan`` is what a ServerPlan takes."""
        from pytest_netns_mysql.mysql.server import MySQLServer, ServerPlan

        server = MySQLServer(
            ServerPlan(
                distribution=self.distribution,
                cache=self.settings.cache,
                progress=self.progress,
                start_timeout=self.settings.start_timeout,
                name=name if name is not None else f"mysqld-{next(self._numbers)}",
                **plan,
            ),
            network,
        )
        try:
            server.start()
            self.servers.append(server)
            yield server
        finally:
            server.kill()
            with contextlib.suppress(ValueError):
                self.servers.remove(server)

    def close(self) -> None:
        """Let go of the sandbox."""
        if self.sandbox is not None:
            self.sandbox.close()
            self.sandbox = None


SESSION = pytest.StashKey[NetnsSession]()
NAMESPACE = pytest.StashKey[str]()
