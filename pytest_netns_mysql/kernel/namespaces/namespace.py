"""One network namespace: stand in it, run programs in it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from pytest_netns_mysql import arguments
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.kernel.namespaces import capabilities, launch, program, syscalls
from pytest_netns_mysql.kernel.namespaces.place import Place
from pytest_netns_mysql.kernel.namespaces.position import open_network
from pytest_netns_mysql.kernel.namespaces.sandbox import NETNS_DIRECTORY, Sandbox
from pytest_netns_mysql.topology.plan import Interface


class Namespace(Place):
    """A network namespace. ``with`` has the calling thread stand in it, and no other; blocks nest.

    A thread that is started inside a block stays in the namespace; jobs given to a pool of threads run where they were
    given. See setns(2), ip-netns(8).

    Attributes:
        name: Its name in /run/netns.
        addresses: Its addresses as CIDR, the loopback's last.
        descriptor: Its open file, see namespaces(7).
    """

    def __init__(self, sandbox: Sandbox, name: str, descriptor: int, addresses: Sequence[Interface]) -> None:
        """Keep the open namespace; the network makes these."""
        super().__init__(sandbox.blocks, descriptor, name)
        self.addresses = tuple(addresses)
        self.descriptor = descriptor
        self._sandbox = sandbox

    @property
    def address(self) -> str:
        """Return its first address: the origin that a server in the same namespace sees."""
        return str(self.addresses[0].ip)

    @property
    def path(self) -> Path | None:
        """Return its file in /run/netns while its network is the active one; None for ``global``, which has none."""
        return None if self.name == GLOBAL else NETNS_DIRECTORY / self.name

    def run(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        drop_capabilities: str | Iterable[str] = (),
        **options: Any,
    ) -> subprocess.CompletedProcess[Any]:
        """Run a program in this namespace: ``subprocess.run`` with its options and its errors.

        It lacks ``drop_capabilities``, such as ``CAP_SYS_ADMIN``, see capabilities(7). Raises SettingError for an
        unknown capability, and for an ``argv`` that is not a command line.
        """
        arguments.check(f"netns[{self.name!r}].run", arguments.OF_A_RUN, {"argv": argv})
        if not drop_capabilities:
            with self:
                return subprocess.run(argv, **options)
        without = capabilities.mask(drop_capabilities, where=f"netns[{self.name!r}].run")
        name = os.fspath(argv[0])
        if shutil.which(name) is None:  # which the launcher could tell by its exit code alone
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        with self:
            return subprocess.run(launch.command([os.fspath(word) for word in argv], without=without), **options)

    def start(
        self,
        argv: Sequence[str],
        *,
        directory: Path,
        env: Mapping[str, str],
        listening: Sequence[int] = (),
        output: IO[bytes] | None = None,
        **options: Any,
    ) -> program.Program:
        """Start a program in this namespace that ends with the calling thread, which need not enter for it.

        Whatever the program forks ends with it, too.

        ``env`` is its environment; ``output`` takes what it prints, which is lost otherwise; ``listening`` and
        ``options`` are those of ``launch.command``.
        """
        inner = self._sandbox.inner
        descriptors = inner.mount, inner.root, self.descriptor
        pipe = os.pipe()
        told = pipe[1]
        with self._sandbox.handing_on():
            return program.start(
                launch.command(argv, place=(*descriptors, str(directory)), listening=listening, told=told, **options),
                pipe,
                pass_fds=(*descriptors, *listening, told),
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if output is None else output,
                stderr=subprocess.STDOUT,
            )

    def __repr__(self) -> str:
        return f"<Namespace {self.name} {', '.join(map(str, self.addresses))}>"


def make_namespace(sandbox: Sandbox, file: Path) -> int:
    """Make what ``ip netns add`` makes, with ``lo`` up, named by a new ``file``; return a descriptor of it.

    The calling thread must stand in the sandbox, and stands in its own network afterwards.
    """
    file.touch(mode=0o444, exist_ok=False)
    return _make(sandbox, file)


def make_unnamed_namespace(sandbox: Sandbox) -> int:
    """Make a network namespace with ``lo`` up that no file names; return a descriptor of it."""
    return _make(sandbox, None)


def _make(sandbox: Sandbox, file: Path | None) -> int:
    syscalls.unshare(syscalls.CLONE_NEWNET)
    try:
        descriptor = open_network()
        if file is not None:
            syscalls.mount("/proc/thread-self/ns/net", str(file), None, syscalls.MS_BIND)
        syscalls.bring_loopback_up()
    finally:
        syscalls.setns(sandbox.inner.network, syscalls.CLONE_NEWNET)
    return descriptor
