"""A mysqld in a container, with this process's namespaces and a data directory of this machine."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.errors import ContainerError, ServerStartError
from pytest_netns_mysql.kernel.hosts import HOSTS
from pytest_netns_mysql.kernel.namespaces import capabilitynames
from pytest_netns_mysql.kernel.namespaces.sweeper import SPARED
from pytest_netns_mysql.mysql.containers import reaper
from pytest_netns_mysql.mysql.containers.engine import Engine, owner
from pytest_netns_mysql.mysql.containers.image import Image
from pytest_netns_mysql.mysql.dialects.options import OptionValue, is_on
from pytest_netns_mysql.mysql.mysqld.handle import AdoptedProcess
from pytest_netns_mysql.mysql.mysqld.process import Process

if TYPE_CHECKING:
    from docker.models.containers import Container

    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.listeners import Listeners

_NEEDED = "CAP_SYS_ADMIN"
_MEMORY = Path("/dev/shm")  # noqa: S108 - the plugin creates a private folder there
_PREFIX = "pytest-netns-mysql-"
_HOST_CACHE = 279  # the server's default with its default of max_connections
_LONGEST_HOSTNAME = 63  # engines refuse a longer name
_LAST_LINES = 20
_CANNOT_ENTER = "MY-013408"


class ContainerProcess(Process):
    """A mysqld in a container that has this process's namespaces by name and one folder of this machine.

    The container has no network, so mysqld listens in the namespace ``global`` by its name, too. A container does not
    end with this process. Another process ends it, see ``reaper``.
    """

    default_network_namespace = GLOBAL

    def __init__(self, image: Image, name: str, network: Network) -> None:
        """Choose the folder; nothing is started.

        Args:
            image: The image.
            name: The server's name.
            network: The namespaces.
        """
        base = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
        super().__init__("mysqld", base / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(6)}" / name, network[GLOBAL])
        self._image = image
        self._network = network
        self._owner = owner()
        self._reaper: subprocess.Popen[bytes] | None = None
        self._container: Container | None = None

    @property
    def administration(self) -> Mapping[str, Any]:
        """The driver's options for a connection as the administrator."""
        return {**super().administration, "password": self._image.password}

    def make_folder(self) -> None:
        """Create the server's folder outside of the sandbox, whose mount namespace the engine does not share."""
        self._start_reaper()
        self.folder.parent.mkdir(mode=0o700)  # who can reach the socket can be the administrator
        super().make_folder()
        os.chown(self.folder, *self._image.user)

    def prepare(self, listeners: Listeners) -> None:
        """Prepare the files that a start needs."""
        super().prepare(listeners)
        with self.home:
            hosts = self.folder / "hosts"
            hosts.unlink(missing_ok=True)
            with hosts.open("xb") as file:  # the folder is the container's, which may have put a link there
                file.write(HOSTS.read_bytes() if HOSTS.exists() else b"")

    def launch(
        self, options: Mapping[str, OptionValue], listeners: Listeners, *, drop_capabilities: Sequence[str]
    ) -> None:
        """Start a new container with the image's entrypoint, which finds the data directory in place."""
        where = f"server {self.folder.name}"
        dropped = capabilitynames.to_mask(drop_capabilities, where=where)
        has_capability = not dropped & capabilitynames.to_mask(_NEEDED, where=where)
        self._remove_container()
        texts = dict(listeners.texts)
        if listeners.checked:
            texts |= {key: _in_container(ends, self._network) for key, ends in listeners.items()}
        self.command: list[str] = ["mysqld", *self.arguments(options, texts)]
        engine = self._image.engine
        self._container = engine.create(
            self._image.digest,
            self.command,
            program=self._image.mysqld if has_capability else None,
            cap_add=["SYS_ADMIN"] if has_capability else [],
            user=":".join(map(str, self._image.user)),
            # The names of some files contain the host name, and a restart must find them.
            hostname=socket.gethostname()[:_LONGEST_HOSTNAME],
            working_dir="/",
            environment=dict(self._image.environment),
            volumes=[
                *(
                    f"/proc/{os.getpid()}/fd/{each._descriptor}:/run/netns/{name}"
                    for name, each in self._network.items()
                ),
                f"{self.folder}:{self.folder}",
                f"{self.folder / 'hosts'}:{HOSTS}",
                "/dev/null:/etc/resolv.conf",
            ],
        )
        pid = engine.start(self._container)
        try:
            self._process = _ContainedProcess(pid, os.pidfd_open(pid), engine, self._container)
        except (OSError, ValueError):  # it has ended already
            self._process = _EndedProcess(engine.exit_code(self._container))

    def arguments(self, options: Mapping[str, OptionValue], addresses: Mapping[str, str]) -> list[str]:
        """Return the arguments of mysqld, without ``--user``: the container runs as that user."""
        words = [word for word in super().arguments(options, addresses) if not word.startswith("--user=")]
        # The option file of the official image sets host-cache-size and skip-name-resolve, which no option can revert.
        option_files = [] if is_on(options, "skip_name_resolve") else ["--no-defaults"]
        return [*option_files, f"--loose-host-cache-size={_HOST_CACHE}", *words]

    def start_error(self, what: str, *remedies: str) -> ServerStartError:
        """Return the error for a failed start, with the last lines that the entrypoint printed."""
        error = super().start_error(what, *remedies)
        if self._container is not None:
            with contextlib.suppress(ContainerError):
                printed = self._image.engine.printed(self._container, lines=_LAST_LINES).splitlines()
                error.tried = (*error.tried, *(f"container: {line}" for line in printed))
        if _CANNOT_ENTER in error.codes and remedies == ():
            error.remedies = (
                "use an engine that runs as root of this machine: a rootless engine has its own user namespace, and "
                "its containers may not enter these namespaces",
                "do not make no-new-privileges the engine's default",
            )
        return error

    def lend(self, paths: Iterable[Path]) -> None:
        """Change the owner of files to the user that mysqld runs as."""
        for path in paths:
            os.chown(path, *self._image.user, follow_symlinks=False)

    def remove(self) -> None:
        """Remove the container and the folder."""
        self._remove()

    def release(self) -> None:
        """Remove the container and the folder, which would outlive the sandbox, and end the reaper.

        Where either cannot be removed, as in a process that may open no more files, the reaper does so after this
        process.
        """
        if self._remove() and self._reaper is not None:
            self._reaper.kill()
            self._reaper.wait()
            self._reaper = None

    def _remove(self) -> bool:
        """Remove the container and the folder; return True if both are gone."""
        is_gone = self._remove_container()
        shutil.rmtree(self.folder.parent, ignore_errors=True)
        return is_gone and not self.folder.parent.exists()

    def _remove_container(self) -> bool:
        container, self._container = self._container, None
        return container is None or self._image.engine.remove(container)

    def _start_reaper(self) -> None:
        """Start the process that removes container and folder if this process is killed, before either exists."""
        if self._reaper is None:
            # Where this process stands in the sandbox, the reaper must outlive all others there.
            sandbox = Path("/proc/thread-self/ns/mnt").stat().st_ino
            words = [str(os.getpid()), self._owner, str(self.folder.parent), os.pathsep.join(filter(None, sys.path))]
            self._reaper = subprocess.Popen(
                [sys.executable, "-I", "-S", reaper.__file__, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, SPARED: str(sandbox)},
                start_new_session=True,
            )
            with self._reaper.stdout or contextlib.nullcontext() as output:
                if output is None or output.readline() != reaper.WATCHING:
                    raise ContainerError(
                        "the process that removes containers if pytest is killed could not be started",
                        where=f"server {self.folder.name}",
                        tried=[f"exit code {self._reaper.wait()}"],
                        remedies=["allow the system call pidfd_open(2), which a seccomp profile may forbid"],
                    )


class _ContainedProcess(AdoptedProcess):
    """The first process of a container."""

    def __init__(self, pid: int, descriptor: int, engine: Engine, container: Container) -> None:
        super().__init__(pid, descriptor)
        self._engine = engine
        self._container = container

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process, and return the exit code that the engine reports."""
        if self.returncode is None:
            super().wait(timeout)
            with contextlib.suppress(ContainerError):
                self.returncode = self._engine.exit_code(self._container)
        return self.returncode if self.returncode is not None else -1


class _EndedProcess:
    """A process that ended before this process could open it."""

    pid = 0

    def __init__(self, code: int) -> None:
        self.returncode: int | None = code

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:  # noqa: ARG002
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        """Do nothing: the process has ended."""

    def kill(self) -> None:
        """Do nothing: the process has ended."""


def _in_container(endpoints: Sequence[Endpoint], network: Network) -> str:
    """Return endpoints as mysqld takes them in a container, where the sandbox's own namespace needs its name.

    A wildcard cannot have a namespace, so it stands for the addresses of ``global``.
    """
    places = []
    for endpoint in endpoints:
        if endpoint.is_wildcard:
            addresses = (each for each in network[GLOBAL].addresses if each.version in endpoint.families)
            places += [f"{address.ip}/{GLOBAL}" for address in addresses]
        else:
            places.append(f"{endpoint.address}/{endpoint.namespace}")
    return ",".join(dict.fromkeys(places))
