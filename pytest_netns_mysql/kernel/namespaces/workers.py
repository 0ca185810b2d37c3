"""A process that belongs to another one of the same run, as a worker of xdist does."""

from __future__ import annotations

import signal

from pytest_netns_mysql.kernel.namespaces import syscalls


def settle_worker() -> None:
    """Let a worker of xdist end with its controller, and keep back what that handed on to it alone."""
    syscalls.die_with_parent(signal.SIGKILL)
    syscalls.keep_back(syscalls.CAP_SYS_CHROOT)
