"""Where a thread stands: its network namespace, its mount namespace, its root."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

from pytest_netns_mysql.kernel.namespaces import syscalls

_NET = "/proc/thread-self/ns/net"
_MOUNT = "/proc/thread-self/ns/mnt"


def identity(path: str | int) -> tuple[int, int]:
    """Return device and inode of a namespace's file or descriptor, which tell it from others, see namespaces(7)."""
    status = os.stat(path)  # noqa: PTH116 - a descriptor is no Path
    return status.st_dev, status.st_ino


def open_network() -> int:
    """Return a descriptor of the calling thread's network namespace, see namespaces(7)."""
    return os.open(_NET, os.O_RDONLY | os.O_CLOEXEC)


def network_identity() -> tuple[int, int]:
    """Return device and inode of the calling thread's network namespace."""
    return identity(_NET)


def mount_identity() -> tuple[int, int]:
    """Return device and inode of the calling thread's mount namespace."""
    return identity(_MOUNT)


@dataclass(frozen=True)
class Position:
    """Hold the namespaces of a thread open, so that a thread can be put there again."""

    network: int
    mount: int
    root: int
    network_id: tuple[int, int]
    mount_id: tuple[int, int]

    @classmethod
    def current(cls) -> Position:
        """Return the calling thread's position; it holds three descriptors until it is closed."""
        network = open_network()
        mount = os.open(_MOUNT, os.O_RDONLY | os.O_CLOEXEC)
        root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return cls(network, mount, root, identity(network), identity(mount))

    def has_this_mount(self) -> bool:
        """Tell whether the calling thread stands in this mount namespace."""
        return mount_identity() == self.mount_id

    def is_here(self) -> bool:
        """Tell whether the calling thread stands here, by network and by mount namespace."""
        return network_identity() == self.network_id and self.has_this_mount()

    def take(self) -> None:
        """Put the calling thread here; raise OSError where the kernel forbids it, see setns(2)."""
        if not self.has_this_mount():
            self.take_mount()
        syscalls.setns(self.network, syscalls.CLONE_NEWNET)

    def take_mount(self) -> None:
        """Put the calling thread into this mount namespace, which it is not in, in the same directory."""
        try:
            directory = os.getcwd()  # noqa: PTH109 - a deleted directory is met here, and is no error
        except FileNotFoundError:
            directory = "/"
        try:
            syscalls.setns(self.mount, syscalls.CLONE_NEWNS)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # setns(2) refuses a mount namespace to a thread that shares its root and directory with others.
            syscalls.unshare(syscalls.CLONE_FS)
            syscalls.setns(self.mount, syscalls.CLONE_NEWNS)
        # It sets both to the root of the namespace, which is not ours in a chroot.
        os.fchdir(self.root)
        os.chroot(".")
        try:
            os.chdir(directory)
        except OSError:
            os.chdir("/")

    def close(self) -> None:
        """Let go of the namespaces."""
        for descriptor in (self.network, self.mount, self.root):
            os.close(descriptor)
