"""A mariadbd with inherited listening sockets, which this plugin opens in the namespaces where mariadbd listens."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import EndpointError
from pytest_netns_mysql.mysql.dialects.options import OptionValue
from pytest_netns_mysql.mysql.mysqld.process import Process

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.listeners import Listeners

_BACKLOG = 128  # connections; mariadbd's own back_log is for sockets that it makes


class ActivatedProcess(Process):
    """A mariadbd of this machine. MariaDB cannot listen in other namespaces by itself, so it inherits its sockets.

    See MariaDB's manual, "systemd", on socket activation, and sd_listen_fds(3).
    """

    def __init__(self, program: Path, name: str, folder: Path, network: Network) -> None:
        """Take program, name, folder and network; nothing is started."""
        super().__init__(str(program), folder / name, network[GLOBAL])
        self._basedir = program.parent.parent
        self._network = network
        self._sockets: list[socket.socket] = []

    def prepare(self, listeners: Listeners) -> None:
        """Prepare a start and open the sockets; raise EndpointError for a socket that cannot be bound."""
        super().prepare(listeners)
        self._close()
        with self.home:
            self._keep(socket.AF_UNIX, lambda sock: sock.bind(str(self.socket)))
            self.socket.chmod(0o777)  # as mysqld does: the server itself checks who connects
        for endpoint in listeners.get("bind_address", ()):
            try:
                with self._network[endpoint.namespace]:
                    self._listen(endpoint)
            except OSError as error:
                raise EndpointError(
                    f"bind_address = {str(endpoint)!r}: cannot listen on port {endpoint.port} there: {error.strerror}",
                    where=f"server {self.folder.name}",
                    remedies=["write an address that the namespace has", "end whatever else listens there"],
                ) from error

    def launch(
        self, options: Mapping[str, OptionValue], listeners: Listeners, *, drop_capabilities: Sequence[str]
    ) -> None:
        """Start mariadbd, which inherits the sockets; return while it boots."""
        try:
            super().launch(options, listeners, drop_capabilities=drop_capabilities)
        finally:
            self._close()

    @property
    def listening(self) -> Sequence[int]:
        """The listening sockets for the next start."""
        return [sock.fileno() for sock in self._sockets]

    def arguments(self, options: Mapping[str, OptionValue], addresses: Mapping[str, str]) -> list[str]:  # noqa: ARG002
        """Return mariadbd's options, without addresses: mariadbd would listen on them beside the inherited sockets."""
        without_mysqlx = [
            word for word in super().arguments(options, {}) if not word.startswith("--loose-mysqlx-socket")
        ]
        return [f"--basedir={self._basedir}", *without_mysqlx]

    def release(self) -> None:
        """Close the sockets that no start has used."""
        self._close()

    def _listen(self, endpoint: Endpoint) -> None:
        """Open a socket for an endpoint in the thread's namespace; an IPv6 wildcard listens for both families."""
        if endpoint.is_wildcard:
            self._listen_everywhere(endpoint)
            return
        # An IPv4 socket takes what comes to ::ffff:192.0.2.2, too.
        found = socket.getaddrinfo(str(endpoint.ip or endpoint.address), endpoint.port, type=socket.SOCK_STREAM)
        family, *_, place = min(found, key=lambda info: info[0] != socket.AF_INET)
        self._keep(family, lambda sock: sock.bind(place))

    def _listen_everywhere(self, endpoint: Endpoint) -> None:
        if endpoint.families == {4} or not socket.has_dualstack_ipv6():
            self._keep(socket.AF_INET, lambda sock: sock.bind(("", endpoint.port)))
        else:
            self._keep(socket.AF_INET6, lambda sock: sock.bind(("::", endpoint.port)), both=True)

    def _keep(self, family: int, bind: Callable[[socket.socket], None], *, both: bool = False) -> None:
        sock = socket.socket(family, socket.SOCK_STREAM)
        self._sockets.append(sock)
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both))
        bind(sock)
        sock.listen(_BACKLOG)

    def _close(self) -> None:
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()
