"""A proxy between clients and a server: any program, which runs in a namespace."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ProxyError
from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY
from pytest_netns_mysql.mysql.mysqld.listeners import is_taken
from pytest_netns_mysql.mysql.proxies.commandline import filled
from pytest_netns_mysql.mysql.waiting import wait_until

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.program import Program
    from pytest_netns_mysql.mysql.server import MySQLServer

_GREETING_TIMEOUT = 1.0  # seconds
_LOG_LINES = 10


class Proxy:
    """A proxy in front of a server. It runs in a ``with`` block, and ends with the block or with this process.

    Attributes:
        name: The name of the proxy's fixture.
        server: The server behind the proxy.
        endpoint: The endpoint that the proxy listens on.
        server_endpoint: The endpoint of the server, for clients in the proxy's namespace.
        folder: A private folder for the proxy's files, which exists in the sandbox only.
        command: The command line, once the proxy is started.
    """

    def __init__(
        self,
        name: str,
        argv: Argv,
        server: MySQLServer,
        *,
        namespace: str,
        port: int,
        timeout: float,
    ) -> None:
        """Describe a proxy, which the ``with`` block starts.

        Args:
            name: The name of the proxy's fixture.
            argv: The command line with placeholders, or a function that returns the command line.
            server: The server behind the proxy.
            namespace: The namespace that the proxy runs in.
            port: The port that the proxy is to listen on.
            timeout: How long to wait until the server greets through the proxy, in seconds.

        Raises:
            UnknownNamespaceError: There is no such namespace.
            EndpointError: The server cannot be reached from the namespace.
        """
        self.name = name
        self.server = server
        self.server_endpoint: Endpoint = server.endpoint_for(namespace)
        self._network = server.network
        self._namespace = server.network[namespace]
        self._home = server.network[GLOBAL]
        self.endpoint: Endpoint = Endpoint(self._namespace.address, namespace, port)
        self._argv = argv
        self._timeout = timeout
        self._process: Program | None = None
        self.command: list[str] = []
        self.folder: Path = WORK_DIRECTORY

    @property
    def pid(self) -> int | None:
        """The proxy's pid, or None while the proxy is not running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def log(self) -> str:
        """What the proxy has printed so far, to standard output and standard error."""
        with self._home:
            file = self.folder / "log"
            return file.read_text("utf-8", "replace") if file.exists() else ""

    @property
    def origin(self) -> str:
        """The address that the server sees for each client of the proxy."""
        return self.server.origin(self.endpoint.namespace, self.server_endpoint)

    def __enter__(self) -> Proxy:
        try:
            self._start()
            self._wait_for_greeting()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _start(self) -> None:
        if is_taken(self._network, self.endpoint):
            raise ProxyError(
                f"the port {self.endpoint.port} is taken at {self.endpoint}",
                where=self._where,
                remedies=[f"give the proxy another port: port={self.endpoint.port + 1}"],
            )
        with self._home:
            self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=WORK_DIRECTORY))
            self.command = self._complete_command()
            with (self.folder / "log").open("wb") as log:
                # The kernel ends the proxy with the thread that starts it, the main thread: see launcher.words.
                self._process = self._namespace._start(
                    self.command, directory=self.folder, env=os.environ, output=log.fileno()
                )

    def _complete_command(self) -> list[str]:
        """Return the command line, with the program's absolute path."""
        if callable(self._argv):
            with self._namespace:
                argv = [os.fspath(word) for word in self._argv(self)]
        else:
            values = {
                "address": self.endpoint.address,
                "port": str(self.endpoint.port),
                "server_address": self.server_endpoint.address,
                "server_port": str(self.server_endpoint.port),
                "folder": str(self.folder),
            }
            argv = filled(self._argv, values)
        program = shutil.which(argv[0]) if argv else None
        if program is None:
            raise ProxyError(
                f"there is no program {argv[0]}" if argv else "the command line is empty",
                where=self._where,
                tried=[f"PATH={os.environ.get('PATH', '')}"],
                remedies=["install the program, or write its path", "or skip the test without it: pytest.mark.skipif"],
            )
        return [str(Path(program).absolute()), *argv[1:]]

    def _wait_for_greeting(self) -> None:
        """Wait until the server greets a client of the proxy; raise ProxyError if the proxy ends before."""
        obstacle: str | None = None

        def is_greeted() -> bool:
            nonlocal obstacle
            obstacle = self._obstacle()
            if obstacle is not None and self.pid is None:
                code = self._process.returncode if self._process is not None else None
                raise self._error(
                    f"the proxy did not start: it ended with exit code {code}",
                    "read what the proxy printed, above",
                    "make the proxy stay in the foreground, if it goes to the background",
                )
            return obstacle is None

        wait_until(
            is_greeted,
            timeout=self._timeout,
            error=lambda: self._error(
                f"no server greeted through the proxy within {self._timeout:g} seconds: {obstacle}",
                f"make the proxy listen on {self.endpoint.address}, port {self.endpoint.port}: {{address}}, {{port}}",
                "raise netns_start_timeout (seconds)",
            ),
        )

    def _obstacle(self) -> str | None:
        """Return why a client cannot use the proxy, or None if the client is greeted: a MySQL server speaks first."""
        try:
            with self._namespace:
                place = self.endpoint.address, self.endpoint.port
                with socket.create_connection(place, timeout=_GREETING_TIMEOUT) as sock:
                    # Read the whole greeting: closing a socket with unread data resets the connection.
                    return None if sock.recv(4096) else "the proxy closes the connection"
        except TimeoutError:
            return "the proxy sends nothing"
        except OSError as error:
            return f"connecting to the proxy fails with {error.strerror or error}"

    def _error(self, what: str, *remedies: str) -> ProxyError:
        printed = [line for line in self.log.splitlines() if line.strip()][-_LOG_LINES:]
        command = f"command: {shlex.join(self.command)}"
        return ProxyError(what, where=self._where, tried=[command, *printed], remedies=remedies)

    @property
    def _where(self) -> str:
        return f"proxy {self.name} at {self.endpoint}, in front of server {self.server.name}"

    def _end(self) -> None:
        """Kill the proxy and remove its folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self.folder != WORK_DIRECTORY:
            with self._home:
                shutil.rmtree(self.folder, ignore_errors=True)

    def __repr__(self) -> str:
        return f"<Proxy {self.name} at {self.endpoint}, port {self.endpoint.port}, pid {self.pid}>"


Argv = Sequence["str | os.PathLike[str]"] | Callable[[Proxy], Sequence["str | os.PathLike[str]"]]
"""A proxy's command line with placeholders, or a function that takes the Proxy and returns the command line."""
