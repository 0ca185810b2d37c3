"""Descriptors of processes, see pidfd_open(2): each stays the one of its process, and reports the process's end."""

from __future__ import annotations

import os

from pytest_netns_mysql.errors import SandboxError


def open_process(pid: int) -> int:
    """Return a new descriptor of a process.

    Raises:
        ProcessLookupError: There is no such process.
        SandboxError: The kernel, or a seccomp profile, refuses the system call.
    """
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError as error:
        raise SandboxError(
            "the kernel refuses to watch another process, by pidfd_open(2)",
            tried=[str(error)],
            remedies=[
                "use Linux 5.3 or newer, and a container engine whose seccomp profile allows the system call, or "
                "--security-opt seccomp=unconfined"
            ],
        ) from error
