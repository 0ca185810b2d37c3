"""One network namespace of a network: entering it, running programs in it, creating it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from pytest_netns_mysql import arguments
from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.kernel.namespaces import capabilitynames, launcher, syscalls
from pytest_netns_mysql.kernel.namespaces.asyncenterable import AsyncEnterable
from pytest_netns_mysql.kernel.namespaces.directories import NETNS_DIRECTORY
from pytest_netns_mysql.kernel.namespaces.position import identity, open_network
from pytest_netns_mysql.kernel.namespaces.program import Program, start_program
from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox
from pytest_netns_mysql.topology.plan import Interface

if TYPE_CHECKING:
    import socket
    from concurrent.futures import ThreadPoolExecutor

P = ParamSpec("P")
R = TypeVar("R")


class Namespace(AsyncEnterable):
    """A network namespace. A ``with`` block moves the calling thread into it, and no other thread; blocks nest.

    An ``async with`` block moves no thread: sockets that the running task creates in the block, and sockets of tasks
    that it makes there, are created in the namespace, so that tasks in several namespaces run side by side.

    A thread that is started inside a block stays in the namespace. A job of a thread pool runs in the namespace in
    which the job was submitted. See setns(2) and ip-netns(8).

    Attributes:
        name: The name in /run/netns.
        addresses: The addresses with their prefix lengths, the loopback's last.
    """

    # Returns the file to which TLS clients in the namespace write their secrets; None without a capture.
    _key_log: Callable[[], Path] | None = None

    def __init__(self, sandbox: Sandbox, name: str, descriptor: int, addresses: Sequence[Interface]) -> None:
        """Describe an open namespace; only a Network creates these objects."""
        super().__init__(sandbox.blocks, descriptor, name, sandbox.owned_by_test)
        self.addresses: tuple[Interface, ...] = tuple(addresses)
        self._descriptor: int = descriptor  # of the namespace file, see namespaces(7)
        self._identity = identity(descriptor)
        self._sandbox = sandbox

    @property
    def address(self) -> str:
        """The first address: the origin that a server in the same namespace sees."""
        return str(self.addresses[0].ip)

    @property
    def path(self) -> Path | None:
        """The file in /run/netns, which exists while the network is the active one; None for ``global``."""
        return None if self.name == GLOBAL else NETNS_DIRECTORY / self.name

    def _check_descriptor(self) -> None:
        """Raise OSError if the descriptor is of another namespace by now, because a test closed or replaced it.

        What is restored by a wrong descriptor would be restored in the host's network, for example.
        """
        if identity(self._descriptor) != self._identity:
            raise OSError(errno.EBADF, f"the descriptor of namespace {self.name} was replaced by that of another file")

    def run(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        drop_capabilities: str | Iterable[str] = (),
        **options: Any,
    ) -> subprocess.CompletedProcess[Any]:
        """Run a program in this namespace, as ``subprocess.run`` does.

        Args:
            argv: The program and its arguments.
            drop_capabilities: Names of capabilities that the program does not get, such as ``CAP_SYS_ADMIN``, see
                capabilities(7).
            options: Options of ``subprocess.run``.

        Raises:
            SettingError: ``argv`` is not a command line, or a capability is unknown.
            OSError: The program could not be started.
        """
        arguments.check(f"netns[{self.name!r}].run", arguments.OF_A_RUN, {"argv": argv})
        command = self._command("run", argv, drop_capabilities)
        with self:
            return subprocess.run(command, **options)

    def popen(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        drop_capabilities: str | Iterable[str] = (),
        **options: Any,
    ) -> subprocess.Popen[Any]:
        """Start a program in this namespace, as ``subprocess.Popen`` does.

        The program ends when the test ends it, and at the latest when this process ends. With ``drop_capabilities`` it
        also ends when the calling thread ends.

        Args:
            argv: The program and its arguments.
            drop_capabilities: Names of capabilities that the program does not get, as for ``run``.
            options: Options of ``subprocess.Popen``.

        Raises:
            SettingError: ``argv`` is not a command line, or a capability is unknown.
            OSError: The program could not be started.
        """
        command = self._command("popen", argv, drop_capabilities)
        with self:
            return subprocess.Popen(command, **options)

    def _command(
        self, method: str, argv: Sequence[str | os.PathLike[str]], drop_capabilities: str | Iterable[str]
    ) -> Sequence[str | os.PathLike[str]]:
        where = f"netns[{self.name!r}].{method}"
        arguments.check(where, arguments.OF_A_RUN, {"argv": argv})
        if not drop_capabilities:
            return argv
        mask = capabilitynames.to_mask(drop_capabilities, where=where)
        name = os.fspath(argv[0])
        if shutil.which(name) is None:  # the launcher could only report this by its exit code
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return launcher.command([os.fspath(word) for word in argv], dropped_capabilities=mask)

    def create_connection(self, address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
        """Return a socket of this namespace that is connected, as ``socket.create_connection`` does.

        Args:
            address: The host, by its address or its name, and the port.
            args: Further arguments of ``socket.create_connection``: the timeout in seconds, the source address.
            options: The same by name.

        Raises:
            OSError: The connection could not be made.
        """
        import socket

        with self:
            return socket.create_connection(address, *args, **options)

    def executor(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> ThreadPoolExecutor:
        """Return a pool of threads that live in this namespace, whoever submits a job; see concurrent.futures.

        A ``with`` block or ``shutdown()`` ends the pool. Otherwise it ends with the test, and so do jobs that no thread
        has begun. The pool of a fixture of a wider scope lives on.

        Args:
            max_workers: The number of threads at most.
            thread_name_prefix: What the threads' names begin with.
            initializer: Called by each thread at its start.
            initargs: Arguments for ``initializer``.
        """
        from pytest_netns_mysql.kernel.namespaces.executor import NamespaceExecutor

        made = NamespaceExecutor(self._place, max_workers, thread_name_prefix, initializer, initargs)
        self._owned_by_test.add(made)
        return made

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return a function that runs in the namespace, in whichever thread or task it is called.

        A coroutine function runs as if inside of ``async with``. Of another function, an awaitable result is awaited in
        the namespace, too. See ContextDecorator and AsyncContextDecorator of contextlib.

        Args:
            function: A function, a method, a coroutine function or a ``functools.partial``, and no generator function.

        Raises:
            SettingError: ``function`` is something else.
        """
        from pytest_netns_mysql.kernel.namespaces.decorating import decorate

        return decorate(self, function)

    def _close(self) -> None:
        """Note that the network closes the descriptor: nothing enters the namespace any more."""
        self._descriptor = -1
        self._place.close()

    def _start(
        self,
        argv: Sequence[str],
        *,
        directory: Path,
        env: Mapping[str, str],
        listening: Sequence[int] = (),
        output: int | None = None,
        **options: Any,
    ) -> Program:
        """Start a program in this namespace, which the calling thread need not enter.

        The program and all processes that it forks end when the calling thread ends.

        Args:
            argv: The program and its arguments.
            directory: The working directory.
            env: The environment.
            listening: Descriptors of listening sockets, see ``launcher.words``.
            output: A descriptor for the program's output, by default of /dev/null.
            options: Other options of ``launcher.words``.
        """
        inner = self._sandbox.inner
        position = inner.mount, inner.root, self._descriptor, str(directory)
        pipe = os.pipe()
        words = launcher.words(argv, position=position, listening=listening, pid_pipe=pipe[1], **options)
        return start_program(argv, pipe, words, env=env, output=output)

    def __repr__(self) -> str:
        return f"<Namespace {self.name} {', '.join(map(str, self.addresses))}>"


def make_namespace(sandbox: Sandbox, file: Path) -> int:
    """Create a network namespace as ``ip netns add`` does, with ``lo`` up.

    Args:
        sandbox: The sandbox in which the calling thread stands. The thread ends in the sandbox's own network.
        file: The new file that names the namespace.

    Returns:
        A descriptor of the namespace.
    """
    file.touch(mode=0o444, exist_ok=False)
    return _make(sandbox, file)


def make_unnamed_namespace(sandbox: Sandbox) -> int:
    """Create a network namespace with ``lo`` up that has no file, and return a descriptor of it.

    The calling thread must stand in the sandbox, and ends in the sandbox's own network.
    """
    return _make(sandbox, None)


def bind_namespace(file: Path, descriptor: int) -> None:
    """Create a file that names an open namespace; the calling thread must stand in the sandbox."""
    file.touch(mode=0o444, exist_ok=False)
    syscalls.mount(f"/proc/self/fd/{descriptor}", str(file), None, syscalls.MS_BIND)


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
