"""Creation of the namespaces of a sandbox: a mount namespace and a network namespace with a private /run/netns."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from pytest_netns_mysql.kernel.namespaces import refusal, syscalls
from pytest_netns_mysql.kernel.namespaces.directories import (
    NETNS_DIRECTORY,
    NETWORKS_DIRECTORY,
    OWN_NETWORK,
    WORK_DIRECTORY,
)


def create_namespaces() -> None:
    """Create a mount and a network namespace for the calling thread, with a /run/netns of their own and ``lo`` up.

    See unshare(2) and ip-netns(8).

    Raises:
        StepError: The kernel refuses a step. The thread may have entered the first namespace by then.
    """
    # One by one: the kernel does not say which of two it refused.
    with refusal.step(refusal.MOUNT_NAMESPACE):
        syscalls.unshare(syscalls.CLONE_NEWNS)
    with refusal.step(refusal.NETWORK_NAMESPACE):
        syscalls.unshare(syscalls.CLONE_NEWNET)
    with refusal.step(refusal.MOUNT):
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_SLAVE)
        # A server with a mount namespace of its own must see later mounts, such as the name of a new namespace.
        syscalls.mount("none", "/", None, syscalls.MS_REC | syscalls.MS_SHARED)
        _make_run_private()
        _bind_own_network()
    with refusal.step(refusal.LOOPBACK):
        syscalls.bring_loopback_up()


def _make_run_private() -> None:
    """Cover /run with a tmpfs that shows the same entries, except for a netns directory of this sandbox's own.

    An ordinary user cannot create /run/netns where it is missing. Hiding the rest of /run would hide sockets and
    resolv.conf. An entry that cannot be bound is left out.
    """
    old = os.open("/run", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os.scandir("/run") as scan:
            entries = [(entry.name, entry.is_symlink(), entry.is_dir()) for entry in scan]
        syscalls.mount("tmpfs", "/run", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "mode=755")
        for name, is_link, is_directory in entries:
            if name in (NETNS_DIRECTORY.name, WORK_DIRECTORY.name):
                continue
            original, copy = Path(f"/proc/self/fd/{old}/{name}"), Path("/run", name)
            with contextlib.suppress(OSError):
                if is_link:
                    copy.symlink_to(original.readlink())
                    continue
                if is_directory:
                    copy.mkdir()
                else:
                    copy.touch()
                syscalls.mount(str(original), str(copy), None, syscalls.MS_BIND | syscalls.MS_REC)
    finally:
        os.close(old)
    # A link, so that another network of the sandbox can take the place of the first one.
    NETNS_DIRECTORY.symlink_to(NETWORKS_DIRECTORY / "none")
    (NETWORKS_DIRECTORY / "none").mkdir(parents=True)


def _bind_own_network() -> None:
    """Keep ``global`` alive by a file, which outlives descriptors: `netns-mysql run` becomes a program in red."""
    OWN_NETWORK.touch(mode=0o444)
    syscalls.mount("/proc/thread-self/ns/net", str(OWN_NETWORK), None, syscalls.MS_BIND)
