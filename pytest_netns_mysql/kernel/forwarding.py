"""Turn forwarding between interfaces on, also where /proc/sys is read-only."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.sandbox import WORK_DIRECTORY
from pytest_netns_mysql.kernel.netlink.rtnetlink import Batch

_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


def forward(version: int, interfaces: Iterable[str]) -> bool:
    """Forward IPv4 or IPv6 in the calling thread's network namespace; tell whether that could be had.

    Files below /proc/sys/net are those of the namespace that their reader stands in. In many containers they are
    read-only: then a procfs of our own has them, for who may mount one, and IPv4 can be had for each of the
    ``interfaces``. See ip-sysctl in the kernel's documentation, and proc(5).
    """
    name = "sys/net/ipv4/ip_forward" if version == 4 else "sys/net/ipv6/conf/all/forwarding"
    if _is_on(Path("/proc", name)) or _turn_on(Path("/proc", name)):
        return True
    with contextlib.suppress(OSError), _own_procfs() as proc:
        if _turn_on(proc / name):
            return True
    if version == 6:
        return False
    batch = Batch()
    for interface in interfaces:
        batch.forward_ipv4(interface)
    batch.send()
    return True


def _is_on(setting: Path) -> bool:
    # A kernel without IPv6 has no such file.
    return setting.exists() and setting.read_text().strip() == "1"


def _turn_on(setting: Path) -> bool:
    try:
        setting.write_text("1")
    except OSError as error:
        if error.errno in _READ_ONLY:
            return False
        raise
    return True


@contextlib.contextmanager
def _own_procfs() -> Iterator[Path]:
    place = WORK_DIRECTORY / "proc"
    place.mkdir(exist_ok=True)
    syscalls.mount("proc", str(place), "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    try:
        yield place
    finally:
        syscalls.unmount(str(place))
