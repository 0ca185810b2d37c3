"""Forwarding between interfaces, which also works if /proc/sys is read-only."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.directories import WORK_DIRECTORY
from pytest_netns_mysql.kernel.netlink.rtnetlink import Batch

_IPV4 = "sys/net/ipv4/ip_forward"
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


def forward(version: int, interfaces: Iterable[str]) -> bool:
    """Turn forwarding on in the calling thread's network namespace.

    Files below /proc/sys/net belong to the network namespace of the thread that opens them. In many containers they
    are read-only. Then a procfs of the sandbox's own is tried, which may not be mountable, and for IPv4 a netlink
    message for each interface. See ip-sysctl in the kernel's documentation, and proc(5).

    Args:
        version: 4 or 6, for IPv4 or IPv6.
        interfaces: The interfaces of the namespace.

    Returns:
        True if forwarding is on, False if all ways are read-only.
    """
    name = _IPV4 if version == 4 else "sys/net/ipv6/conf/all/forwarding"
    if _is_on(Path("/proc", name)) or _turn(Path("/proc", name), on=True):
        return True
    with contextlib.suppress(OSError), _own_procfs() as proc:
        if _turn(proc / name, on=True):
            return True
    if version == 6:
        return False
    batch = Batch()
    for interface in interfaces:
        batch.forward_ipv4(interface)
    batch.send()
    return True


def do_not_forward(interfaces: Iterable[str]) -> None:
    """Turn forwarding of IPv4 off in the calling thread's network namespace, in the same ways as ``forward``.

    A new namespace has the setting of the machine's first one, which forwards where Docker runs, for example. IPv6
    begins without forwarding.

    Args:
        interfaces: The interfaces of the namespace.
    """
    if not _is_on(Path("/proc", _IPV4)) or _turn(Path("/proc", _IPV4), on=False):
        return
    batch = Batch()
    for interface in interfaces:
        batch.forward_ipv4(interface, on=False)
    batch.send()


def _is_on(setting: Path) -> bool:
    # A kernel without IPv6 has no such file.
    return setting.exists() and setting.read_text().strip() == "1"


def _turn(setting: Path, *, on: bool) -> bool:
    try:
        setting.write_text(str(int(on)))
    except OSError as error:
        if error.errno in _READ_ONLY:
            return False
        raise
    return True


@contextlib.contextmanager
def _own_procfs() -> Iterator[Path]:
    directory = WORK_DIRECTORY / "proc"
    directory.mkdir(exist_ok=True)
    syscalls.mount("proc", str(directory), "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    try:
        yield directory
    finally:
        syscalls.unmount(str(directory))
