"""A mysqld in a container: it listens in this process's namespaces, on a data directory of this machine."""

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
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_PREFIX = "pytest-netns-mysql-"
_HOST_CACHE = 279  # the default, for max_connections as by default
_LONGEST_HOSTNAME = 63  # an engine refuses longer ones
_LAST_LINES = 20
_DENIED = "MY-013408"


class ContainerProcess(Process):
    """Run mysqld in a container that has this process's namespaces by name, a folder of this machine, and nothing else.

    It has no network: it listens in ``global``, too, by that name. A container does not end with this process, so
    another sees to it that it does, see ``reaper``.
    """

    default_network_namespace = GLOBAL

    def __init__(self, image: Image, name: str, network: Network) -> None:
        """Keep which image; nothing is started."""
        base = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
        super().__init__("mysqld", base / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(6)}" / name, network[GLOBAL])
        self._image = image
        self._network = network
        self._owner = owner()
        self._reaper: subprocess.Popen[bytes] | None = None
        self._container: Container | None = None

    @property
    def administration(self) -> Mapping[str, Any]:
        """Return what the driver needs to connect as the administrator."""
        return {**super().administration, "password": self._image.password}

    def make_folder(self) -> None:
        """Make the server's folder outside of the sandbox, whose mount namespace the engine is not in."""
        self._watch()
        self.folder.parent.mkdir(mode=0o700)  # whoever gets at the socket is the administrator
        super().make_folder()
        os.chown(self.folder, *self._image.user)

    def prepare(self, listeners: Listeners) -> None:
        """Make way for a start."""
        super().prepare(listeners)
        with self.home:
            (self.folder / "hosts").write_bytes(HOSTS.read_bytes() if HOSTS.exists() else b"")

    def launch(
        self, options: Mapping[str, OptionValue], listeners: Listeners, *, drop_capabilities: Sequence[str]
    ) -> None:
        """Start a container of its own for each start, by the image's entrypoint, which finds the data there."""
        where = f"server {self.folder.name}"
        dropped = capabilitynames.to_mask(drop_capabilities, where=where)
        is_able = not dropped & capabilitynames.to_mask(_NEEDED, where=where)
        self._remove_container()
        texts = dict(listeners.texts)
        if listeners.checked:
            texts |= {key: _in_container(ends, self._network) for key, ends in listeners.items()}
        self.command = ["mysqld", *self.arguments(options, texts)]
        engine = self._image.engine
        self._container = engine.create(
            self._image.digest,
            self.command,
            program=self._image.mysqld if is_able else None,
            cap_add=["SYS_ADMIN"] if is_able else [],
            user=":".join(map(str, self._image.user)),
            # Names of files have it in them, and a restart goes on with these.
            hostname=socket.gethostname()[:_LONGEST_HOSTNAME],
            working_dir="/",
            environment=dict(self._image.environment),
            volumes=[
                *(f"/proc/{os.getpid()}/fd/{one.descriptor}:/run/netns/{name}" for name, one in self._network.items()),
                f"{self.folder}:{self.folder}",
                f"{self.folder / 'hosts'}:{HOSTS}",
                "/dev/null:/etc/resolv.conf",
            ],
        )
        pid = engine.start(self._container)
        try:
            self._process = _Contained(pid, os.pidfd_open(pid), engine, self._container)
        except (OSError, ValueError):  # it has ended already
            self._process = _Ended(engine.exit_code(self._container))

    def arguments(self, options: Mapping[str, OptionValue], addresses: Mapping[str, str]) -> list[str]:
        """Return what mysqld is started with: no ``--user``, it is started as the one that it is to be."""
        words = [one for one in super().arguments(options, addresses) if not one.startswith("--user=")]
        # The official image's option file has skip-name-resolve, which no later option takes back, and no host cache.
        alone = [] if is_on(options, "skip_name_resolve") else ["--no-defaults"]
        return [*alone, f"--loose-host-cache-size={_HOST_CACHE}", *words]

    def start_error(self, what: str, *remedies: str) -> ServerStartError:
        """Return the error that tells why a start failed, with what the entrypoint printed, too."""
        error = super().start_error(what, *remedies)
        if self._container is not None:
            with contextlib.suppress(ContainerError):
                printed = self._image.engine.printed(self._container, lines=_LAST_LINES).splitlines()
                error.tried = (*error.tried, *(f"container: {line}" for line in printed))
        if _DENIED in error.codes and remedies == ():
            error.remedies = (
                "the engine must run as root of this machine: one without root is in a user namespace of its own, and "
                "may not enter these namespaces",
                "no-new-privileges must not be the engine's default",
            )
        return error

    def lend(self, paths: Iterable[Path]) -> None:
        """Give files to the user that mysqld runs as."""
        for path in paths:
            os.chown(path, *self._image.user)

    def remove(self) -> None:
        """Remove the container and the folder."""
        self._remove_container()
        shutil.rmtree(self.folder.parent, ignore_errors=True)

    def release(self) -> None:
        """Remove what would outlive the sandbox."""
        self.remove()
        if self._reaper is not None:
            self._reaper.kill()
            self._reaper.wait()
            self._reaper = None

    def _remove_container(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            self._image.engine.remove(container)

    def _watch(self) -> None:
        """Start what removes container and folder should this process be killed; it is there before they are."""
        if self._reaper is None:
            words = [str(os.getpid()), self._owner, str(self.folder.parent), os.pathsep.join(filter(None, sys.path))]
            self._reaper = subprocess.Popen(
                [sys.executable, "-I", "-S", reaper.__file__, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            with self._reaper.stdout or contextlib.nullcontext() as said:
                if said is None or said.readline() != reaper.WATCHING:
                    raise ContainerError(
                        "the process that removes containers should this one be killed does not run",
                        where=f"server {self.folder.name}",
                        tried=[f"exit code {self._reaper.wait()}"],
                        remedies=["pidfd_open(2) must be allowed"],
                    )


class _Contained(AdoptedProcess):
    """Watch the first process of a container."""

    def __init__(self, pid: int, descriptor: int, engine: Engine, container: Container) -> None:
        super().__init__(pid, descriptor)
        self._engine = engine
        self._container = container

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code, which the engine knows."""
        if self.returncode is None:
            super().wait(timeout)
            with contextlib.suppress(ContainerError):
                self.returncode = self._engine.exit_code(self._container)
        return self.returncode if self.returncode is not None else -1


class _Ended:
    """Be a process that had ended before it could be watched."""

    pid = 0

    def __init__(self, code: int) -> None:
        self.returncode: int | None = code

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:  # noqa: ARG002
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        """Send nothing: there is nobody."""

    def kill(self) -> None:
        """Send nothing: there is nobody."""


def _in_container(endpoints: Sequence[Endpoint], network: Network) -> str:
    """Return endpoints as mysqld takes them where ``global`` is not its own namespace, and a wildcard has none."""
    found = []
    for one in endpoints:
        if one.is_wildcard:
            there = (address for address in network[GLOBAL].addresses if address.version in one.families)
            found += [f"{address.ip}/{GLOBAL}" for address in there]
        else:
            found.append(f"{one.address}/{one.namespace}")
    return ",".join(dict.fromkeys(found))
