"""A proxy between clients and a server: any program, run in a namespace."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import string
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint
from pytest_netns_mysql.errors import ProxyError, in_short
from pytest_netns_mysql.kernel.namespaces.sandbox import WORK_DIRECTORY
from pytest_netns_mysql.mysql.mysqld.listeners import is_taken

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.program import Program
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

_POLL = 0.01  # seconds
_GREETING = 1.0  # seconds
_LOG_LINES = 10


class Proxy:
    """Be a proxy in front of a server; the block that it is used in runs it, and it ends with this process too.

    Shape: ``server`` is the server behind it, ``endpoint`` where the proxy listens, ``server_endpoint`` where it
    finds the server, ``folder`` a private folder that exists in the sandbox alone.
    """

    def __init__(
        self,
        name: str,
        argv: Argv,
        server: Instance,
        *,
        namespace: str,
        port: int,
        timeout: float,
    ) -> None:
        """Keep what is to run where; ``timeout`` is in seconds. Raises UnknownNamespaceError, EndpointError."""
        self.name = name
        self.server = server
        self.server_endpoint = server.endpoint_for(namespace)
        self._network = server.network
        self._namespace = server.network[namespace]
        self._home = server.network[GLOBAL]
        self.endpoint = Endpoint(self._namespace.address, namespace, port)
        self._argv = argv
        self._timeout = timeout
        self._process: Program | None = None
        self.command: list[str] = []
        self.folder = WORK_DIRECTORY

    @property
    def pid(self) -> int | None:
        """Return the proxy's pid, or None while it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def log(self) -> str:
        """Return what the proxy printed so far, standard error too."""
        with self._home:
            file = self.folder / "log"
            return file.read_text("utf-8", "replace") if file.exists() else ""

    @property
    def origin(self) -> str:
        """Return the address that the server sees of every client behind the proxy."""
        return self.server.origin(self.endpoint.namespace, self.server_endpoint)

    def __enter__(self) -> Proxy:
        try:
            self._start()
            self._wait()
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
                remedies=[f"give the proxy another one: port={self.endpoint.port + 1}"],
            )
        with self._home:
            self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=WORK_DIRECTORY))
            self.command = self._filled()
            with (self.folder / "log").open("wb") as log:
                # The main thread starts it and the kernel ends it with that: see launch.command.
                self._process = self._namespace.start(self.command, directory=self.folder, env=os.environ, output=log)

    def _filled(self) -> list[str]:
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
            argv = [os.fspath(word).format_map(values) for word in self._argv]
        program = shutil.which(argv[0]) if argv else None
        if program is None:
            raise ProxyError(
                f"there is no program {argv[0]}" if argv else "the command line is empty",
                where=self._where,
                tried=[f"PATH={os.environ.get('PATH', '')}"],
                remedies=["install it, or write its path", "skip the test where it is not there: pytest.mark.skipif"],
            )
        return [str(Path(program).absolute()), *argv[1:]]

    def _wait(self) -> None:
        """Return when a server greets through the proxy; raise ProxyError where the proxy ends, or nobody greets."""
        deadline = time.monotonic() + self._timeout
        while (obstacle := self._obstacle()) is not None:
            if self.pid is None:
                code = self._process.returncode if self._process is not None else None
                raise self._error(
                    f"the proxy did not come up: it ended with exit code {code}",
                    "read what it printed, above",
                    "have it stay in the foreground, if it goes to the background",
                )
            if time.monotonic() > deadline:
                raise self._error(
                    f"no server greeted through the proxy within {self._timeout:g} seconds: {obstacle}",
                    f"have it listen on {self.endpoint.address}, port {self.endpoint.port}: {{address}}, {{port}}",
                    "raise netns_start_timeout (seconds)",
                )
            time.sleep(_POLL)

    def _obstacle(self) -> str | None:
        """Return what is in the way of a client, or None where it is greeted: a MySQL server speaks first."""
        try:
            with self._namespace:
                place = self.endpoint.address, self.endpoint.port
                with socket.create_connection(place, timeout=_GREETING) as sock:
                    # All of the greeting: to close a socket with something left to read resets the connection.
                    return None if sock.recv(4096) else "it closes the connection"
        except TimeoutError:
            return "it says nothing"
        except OSError as error:
            return f"connecting to it gives {error.strerror or error}"

    def _error(self, what: str, *remedies: str) -> ProxyError:
        said = [line for line in self.log.splitlines() if line.strip()][-_LOG_LINES:]
        command = f"command: {shlex.join(self.command)}"
        return ProxyError(what, where=self._where, tried=[command, *said], remedies=remedies)

    @property
    def _where(self) -> str:
        return f"proxy {self.name} at {self.endpoint}, in front of server {self.server.name}"

    def _end(self) -> None:
        """End the proxy at once, and remove its folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self.folder != WORK_DIRECTORY:
            with self._home:
                shutil.rmtree(self.folder, ignore_errors=True)

    def __repr__(self) -> str:
        return f"<Proxy {self.name} at {self.endpoint}, port {self.endpoint.port}, pid {self.pid}>"


Argv = Sequence["str | os.PathLike[str]"] | Callable[[Proxy], Sequence["str | os.PathLike[str]"]]
"""A proxy's command line, with placeholders, or what makes it."""

_PLACEHOLDERS = ("address", "port", "server_address", "server_port", "folder")


def check(argv: object, port: object, where: str) -> None:
    """Raise ProxyError for a command line or a port that no proxy can be started with."""
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise ProxyError(f"port={in_short(port)} is no port", where=where, remedies=["write a number from 1 to 65535"])
    if callable(argv):
        return
    if isinstance(argv, str | bytes) or not isinstance(argv, Sequence) or not argv:
        raise ProxyError(
            f"argv={in_short(argv)} is no command line",
            where=where,
            remedies=['write a list, such as ["haproxy", "-f", ...]', "or a function that is given the Proxy"],
        )
    for word in argv:
        fault = _fault(word)
        if fault is not None:
            known = ", ".join(f"{{{name}}}" for name in _PLACEHOLDERS)
            raise ProxyError(
                f"argv has {in_short(word)}: {fault}",
                where=where,
                remedies=[f"use the placeholders {known}", "write {{ and }} for braces of its own"],
            )


def _fault(word: object) -> str | None:
    if not isinstance(word, str | os.PathLike) or not isinstance(os.fspath(word), str):
        return "it is no text"
    if "\0" in os.fspath(word):
        return "it holds a NUL"
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(os.fspath(word)) if field is not None]
    except ValueError:
        return "a brace stands alone"
    unknown = [field for field in fields if field not in _PLACEHOLDERS]
    return f"there is no placeholder {{{unknown[0]}}}" if unknown else None
