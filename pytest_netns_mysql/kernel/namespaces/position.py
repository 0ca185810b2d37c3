"""The position of a thread: its network namespace, its mount namespace and its root directory."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass
from functools import cached_property

from pytest_netns_mysql.kernel.namespaces import syscalls

_NETWORK = "/proc/thread-self/ns/net"
_MOUNT = "/proc/thread-self/ns/mnt"


def identity(file: str | int) -> tuple[int, int]:
    """Return device and inode of a namespace's file or descriptor, which identify the namespace, see namespaces(7)."""
    status = os.stat(file)  # noqa: PTH116 - a descriptor cannot be a Path
    return status.st_dev, status.st_ino


def open_network() -> int:
    """Return a new descriptor of the calling thread's network namespace, see namespaces(7)."""
    return os.open(_NETWORK, os.O_RDONLY | os.O_CLOEXEC)


def network_identity() -> tuple[int, int]:
    """Return device and inode of the calling thread's network namespace."""
    return identity(_NETWORK)


def mount_identity() -> tuple[int, int]:
    """Return device and inode of the calling thread's mount namespace."""
    return identity(_MOUNT)


class Links:
    """The links to the namespaces of the calling thread, see proc(5).

    All namespaces are inodes of one file system, so that the number in a link identifies a namespace. Reading a link
    takes less time than looking at the file behind it. A thread that looks often keeps the links open, so that no path
    has to be followed.
    """

    __slots__ = ("_kept", "_process")

    def __init__(self) -> None:
        """Keep nothing open yet."""
        self._kept: tuple[int, ...] = ()
        self._process = 0

    def __del__(self) -> None:
        self._close()

    def keep(self) -> None:
        """Keep the links of the calling thread open, which must be the only thread that uses this object."""
        if not self._kept:
            flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
            self._process = os.getpid()
            self._kept = os.open(_NETWORK, flags), os.open(_MOUNT, flags)

    def read(self) -> tuple[str, str]:
        """Return what the links lead to, such as ``net:[4026531840]`` and ``mnt:[4026531841]``."""
        # In a forked child the open links are still those of its parent.
        if self._kept and self._process == os.getpid():
            network, mount = self._kept
            try:
                # An empty path is the open link itself, see readlink(2). A Path would take longer than the kernel.
                return os.readlink("", dir_fd=network), os.readlink("", dir_fd=mount)
            except OSError:  # a test has closed the descriptors, or has other files behind them
                self._kept = ()
        return os.readlink(_NETWORK), os.readlink(_MOUNT)  # noqa: PTH115

    def _close(self) -> None:
        kept, self._kept = self._kept, ()
        for descriptor in kept:
            with contextlib.suppress(OSError):  # what is no link any more belongs to somebody else
                os.readlink("", dir_fd=descriptor)
                os.close(descriptor)


@dataclass(frozen=True)
class Position:
    """The open namespaces of a thread, to which a thread can be moved later.

    Attributes:
        network: A descriptor of the network namespace.
        mount: A descriptor of the mount namespace.
        root: A descriptor of the root directory.
        network_id: Device and inode of the network namespace.
        mount_id: Device and inode of the mount namespace.
    """

    network: int
    mount: int
    root: int
    network_id: tuple[int, int]
    mount_id: tuple[int, int]

    @classmethod
    def current(cls) -> Position:
        """Return the calling thread's position, which holds three descriptors until ``close``."""
        network = open_network()
        mount = os.open(_MOUNT, os.O_RDONLY | os.O_CLOEXEC)
        root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return cls(network, mount, root, identity(network), identity(mount))

    @cached_property
    def network_link(self) -> str:
        """Where the link of a thread leads that is in this network namespace, see ``Links``."""
        return f"net:[{self.network_id[1]}]"

    @cached_property
    def mount_link(self) -> str:
        """Where the link of a thread leads that is in this mount namespace, see ``Links``."""
        return f"mnt:[{self.mount_id[1]}]"

    def is_current_mount(self) -> bool:
        """Return True if the calling thread is in this mount namespace."""
        return os.readlink(_MOUNT) == self.mount_link  # noqa: PTH115 - a Path would take longer than the kernel

    def enter(self, *, is_mount_another: bool = False) -> None:
        """Move the calling thread to this position.

        Args:
            is_mount_another: True if the thread is known to be in another mount namespace.

        Raises:
            OSError: The kernel refuses, see setns(2).
        """
        if is_mount_another or not self.is_current_mount():
            self.enter_mount()
        syscalls.setns(self.network, syscalls.CLONE_NEWNET)

    def enter_mount(self) -> None:
        """Move the calling thread into this mount namespace, and keep its working directory.

        Raises:
            OSError: The kernel refuses, see setns(2).
        """
        try:
            directory = os.getcwd()  # noqa: PTH109 - the directory may have been deleted
        except FileNotFoundError:
            directory = "/"
        try:
            syscalls.setns(self.mount, syscalls.CLONE_NEWNS)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # setns(2) refuses a mount namespace to a thread that shares its root and directory with other threads.
            syscalls.unshare(syscalls.CLONE_FS)
            syscalls.setns(self.mount, syscalls.CLONE_NEWNS)
        # setns(2) leads to the root of the mount namespace. In a chroot this process has another root.
        os.fchdir(self.root)
        try:
            os.chroot(".")
        except PermissionError:
            # The profile of a container without CAP_SYS_CHROOT refuses the call, which only a chroot needs.
            if not os.path.samestat(os.stat("."), os.stat("/")):  # noqa: PTH116
                raise
        try:
            os.chdir(directory)
        except OSError:
            os.chdir("/")

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in (self.network, self.mount, self.root):
            os.close(descriptor)


Target = int | Position
"""Where a thread can be moved: a network namespace of the sandbox, by its descriptor, or any position."""


def close_target(target: Target) -> None:
    """Close the descriptors of a target."""
    if isinstance(target, Position):
        target.close()
    else:
        os.close(target)
