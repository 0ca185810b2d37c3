"""The namespaces of a sandbox: a mount and a network namespace in which /run/netns is private."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from pytest_netns_mysql.kernel.namespaces import refusal, syscalls

NETNS_DIRECTORY = Path("/run/netns")
WORK_DIRECTORY = Path("/run/pytest-netns-mysql")
NETWORKS_DIRECTORY = WORK_DIRECTORY / "networks"


def make_namespaces() -> None:
    """Make a mount and a network namespace for the calling thread, with a /run/netns of their own and ``lo`` up.

    Raises StepError; the thread stands in half of it then. See unshare(2), ip-netns(8).
    """
    # One by one: the kernel does not say which of two it refused.
    with refusal.step(refusal.MOUNT_NAMESPACE):
        syscalls.unshare(syscalls.CLONE_NEWNS)
    with refusal.step(refusal.NETWORK_NAMESPACE):
        syscalls.unshare(syscalls.CLONE_NEWNET)
    with refusal.step(refusal.MOUNT):
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_SLAVE)
        # A server with a mount namespace of its own is to see what is mounted here later, a namespace's name say.
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_SHARED)
        _make_run_private()
        _name_own_network()
    with refusal.step(refusal.LOOPBACK):
        syscalls.bring_loopback_up()


def _make_run_private() -> None:
    """Cover /run with a tmpfs that shows what was there, but a netns directory of this sandbox's own.

    An ordinary user cannot create /run/netns where it is missing, and hiding the rest of /run would hide
    sockets and resolv.conf. What cannot be bound is left out.
    """
    old = os.open("/run", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir("/run") as scan:
            entries = [(entry.name, entry.is_symlink(), entry.is_dir()) for entry in scan]
        syscalls.mount("tmpfs", "/run", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "mode=755")
        for name, is_link, is_directory in entries:
            if name in (NETNS_DIRECTORY.name, WORK_DIRECTORY.name):
                continue
            below, shown = Path(f"/proc/self/fd/{old}/{name}"), Path("/run", name)
            with contextlib.suppress(OSError):
                if is_link:
                    shown.symlink_to(below.readlink())
                    continue
                if is_directory:
                    shown.mkdir()
                else:
                    shown.touch()
                syscalls.mount(str(below), str(shown), None, syscalls.MS_BIND | syscalls.MS_REC)
    finally:
        os.close(old)
    # A link, so that one of several networks can be shown there, and another in its place.
    NETNS_DIRECTORY.symlink_to(NETWORKS_DIRECTORY / "none")
    (NETWORKS_DIRECTORY / "none").mkdir(parents=True)


def _name_own_network() -> None:
    """Keep ``global`` alive by a file: it outlives descriptors, as where `netns-mysql run` becomes a program in red."""
    own = WORK_DIRECTORY / "global"
    own.touch(mode=0o444)
    syscalls.mount("/proc/thread-self/ns/net", str(own), None, syscalls.MS_BIND)
