"""The networks of a run: the sandbox, and in it a network for each topology and server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import SandboxError, ThreadsError

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.settings import Settings
    from pytest_netns_mysql.topology.topology import Topology

NOTHING_SAID = "nothing said that this run has netns tests"


class Networks:
    """The sandbox of this process and its networks; nothing is made before it is asked for.

    Attributes:
        current: The network that /run/netns shows now, or None.
        sandbox: The sandbox, or None before the first netns test.
        is_in_user_namespace: Whether this process has entered a user namespace for a sandbox. The kernel then refuses
            it every other one.
        is_remote: Whether this process is a worker of xdist on another machine, or in another folder.
        no_reexecution: Why pytest was not started again in a user namespace, where threads asked for that.
    """

    def __init__(self, settings: Settings, *, watch: Callable[[], None]) -> None:
        """Make nothing yet.

        Args:
            settings: The settings of the run.
            watch: Called before this process is first moved.
        """
        self._settings = settings
        self._watch = watch
        self._servers: dict[Network, str] = {}  # each with what names the server in it
        self.current: Network | None = None
        self.sandbox: Sandbox | None = None
        self.is_in_user_namespace = False
        self.is_remote = False
        self.no_reexecution: str | None = None
        self._will_return: bool | None = None

    def will_return(self) -> bool:
        """Return True if this process comes home after a netns test; it can be asked before the sandbox is made."""
        from pytest_netns_mysql.kernel.linuxonly import platform_error

        if platform_error() is not None:
            return True  # there is nowhere to go
        from pytest_netns_mysql.kernel.namespaces.privileges import needs_user_namespace
        from pytest_netns_mysql.kernel.namespaces.sandbox import can_return

        if self.sandbox is not None:
            return self.sandbox.can_return
        if self._will_return is None:
            try:
                self._will_return = can_return() and not needs_user_namespace(self._settings.mode)
            except SandboxError:
                if self._settings.unavailable == "skip":
                    return True  # the first netns test meets the error again, and is skipped
                raise
        return self._will_return

    @property
    def has_left_for_good(self) -> bool:
        """True once this process has lost the host's network: without root, nothing leads back."""
        return self.sandbox is not None and self.sandbox.has_moved_in

    def make_sandbox(self, *, worker: bool) -> Sandbox:
        """Return the sandbox, made now if need be.

        Where this process cannot return, it stands in the sandbox from then on: nothing can be fetched any more.

        Args:
            worker: Whether this process is a worker of xdist, which must end with its controller.

        Raises:
            SandboxError: The kernel refuses a sandbox.
        """
        if self.sandbox is None:
            from pytest_netns_mysql.kernel.linuxonly import require_linux

            require_linux()
        self._watch()
        if self.sandbox is None:
            from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
            from pytest_netns_mysql.kernel.namespaces.usernamespace import prepare_worker

            try:
                self.sandbox = Sandbox.create_in_thread(self._settings.mode)
            except ThreadsError as error:
                if self.is_remote:
                    raise _of_remote_worker(error) from error
                if self.no_reexecution is None:
                    raise
                raise _without_reexecution(error, self.no_reexecution) from error
            if worker:
                prepare_worker()
        self.sandbox.move_in()
        return self.sandbox

    def known(self, topology: Topology, mysqld: str) -> Network | None:
        """Return the network that was built for a topology and a server, or None.

        Two servers cannot share an address: each server of the settings has a network of its own.
        """
        servers = self._servers.items()
        return next((one for one, server in servers if one.topology == topology and server == mysqld), None)

    def show(self, network: Network | None, topology: Topology, mysqld: str) -> Network:
        """Make a network the current one; build it if it is None.

        Raises:
            NetworkError: The kernel refuses the network.
        """
        from pytest_netns_mysql.kernel.network import Network

        self.current = None
        if network is None:
            if self.sandbox is None:
                raise RuntimeError("the sandbox is made before its networks")
            network = Network(self.sandbox, topology)
            self._servers[network] = mysqld
        else:
            network._activate()
        self.current = network
        return network

    def adopt(self, sandbox: Sandbox, network: Network, mysqld: str) -> None:
        """Take over a sandbox with a network in it, which were made before anybody asked."""
        self.sandbox = sandbox
        self._servers[network] = mysqld

    def server_named(self, network: Network) -> str:
        """Return what names the server in a network, as the setting netns_mysqld names it."""
        return self._servers[network]

    def forget(self, network: Network) -> None:
        """Close a network; the next test that needs one gets a new network."""
        self.current = None
        self._servers.pop(network)
        network._close()

    def close(self) -> None:
        """Close all networks and the sandbox."""
        for network in self._servers:
            network._close()
        self._servers.clear()
        if self.sandbox is not None:
            self.sandbox.close()
            self.sandbox = None


def _of_remote_worker(error: ThreadsError) -> ThreadsError:
    """Return the error for a worker of xdist whose Python was not started in a user namespace."""
    python = "python -m pytest_netns_mysql.remote"
    remedies = [
        f"start a socket server with `{python} -m execnet.script.socketserver HOST:PORT`",
        f'start a proxy with --px "id=...//ssh=...//python={python}"',
        "or start the worker as root: then no user namespace is needed",
    ]
    return ThreadsError(error.what, tried=error.tried, remedies=remedies)


def _without_reexecution(error: ThreadsError, reason: str) -> ThreadsError:
    """Return the error that also says why pytest was not started again, in the user namespace."""
    remedies = error.remedies
    if reason != NOTHING_SAID:
        start_as_program = "run pytest as a program, `pytest` or `python -m pytest`: pytest can then start again"
        remedies = start_as_program, *remedies[1:]
    tried = f"to start pytest again in the user namespace: {reason}"
    return ThreadsError(error.what, tried=[*error.tried, tried], remedies=remedies)
