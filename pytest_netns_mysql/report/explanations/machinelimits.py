"""A limit of the machine that is reached: open files, processes and threads."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import resource
import traceback
from collections import Counter
from pathlib import Path

from pytest_netns_mysql.report.explanations.drivererror import causes
from pytest_netns_mysql.report.reportdata import Explanation

_OPEN_FILES = re.compile(r"\bToo many open files\b")
_NO_THREAD = re.compile(r"can't start new thread|Can't create a new thread|Resource temporarily unavailable")
_KINDS = {"socket": "sockets", "pipe": "pipes", "net": "network namespaces"}
_NO_LIMIT = "unlimited"


def machine_limit(error: BaseException) -> Explanation | None:
    """Explain an error that comes from a limit of the machine, or return None.

    Args:
        error: The exception. What it wraps or arose from is looked at, too.
    """
    for cause in causes(error):
        number = cause.errno if isinstance(cause, OSError) else None
        text = str(cause)
        if number == errno.EMFILE or (number is None and _OPEN_FILES.search(text)):
            return _open_files()
        is_of_process = number == errno.EAGAIN and _starts_process(cause)
        if is_of_process or (isinstance(cause, RuntimeError) and _NO_THREAD.search(text)):
            return threads("this process could start no further process or thread", "self")
    return None


def _starts_process(error: BaseException) -> bool:
    """Return True if an error arose where a process is started: sockets and locks that would block give EAGAIN, too."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    last = codes[-2:]  # os.fork() itself, or a function of ours around it
    return any("fork" in name or "spawn" in name for code in last for name in code.co_names)


def _open_files() -> Explanation:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    kinds: Counter[str] = Counter()
    for descriptor in os.listdir("/proc/self/fd"):  # noqa: PTH208 - the names are what is wanted
        with contextlib.suppress(OSError):
            kind = os.readlink(f"/proc/self/fd/{descriptor}").partition(":")[0]  # noqa: PTH115
            kinds[_KINDS.get(kind, "other files")] += 1
    counted = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    raised = f"raise the limit: ulimit -n {_more(soft, hard)}"
    return Explanation(
        f"this process has as many open files as it may have: ulimit -n is {_shown(soft)}",
        (f"open are {counted}",),
        (
            "close what is no longer needed; connections of netns_connect stay open until the test ends",
            f"or {raised}" if hard in (resource.RLIM_INFINITY,) or soft < hard else f"or, as root, {raised}",
        ),
    )


def threads(what: str, process: str) -> Explanation:
    """Explain that a process could start no thread.

    Args:
        what: What could not be done.
        process: The pid of the process, or ``self``.
    """
    limits = [f"ulimit -u is {_process_limit(process)}"]
    with contextlib.suppress(OSError, IndexError):
        group = Path(f"/proc/{process}/cgroup").read_text().splitlines()[-1].split(":", 2)[2]
        limits.append(f"pids.max of its cgroup is {Path(f'/sys/fs/cgroup{group}/pids.max').read_text().strip()}")
    return Explanation(
        f"{what}: {', '.join(limits)}",
        ("each connection takes a thread of mysqld; the limit counts all processes and threads of the user",),
        (
            "close connections and end threads that are no longer needed",
            "or raise the limit: ulimit -u, pids.max of the cgroup, or --pids-limit of Docker",
        ),
    )


def _process_limit(process: str) -> str:
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/limits").read_text().splitlines()
        return next(line for line in lines if line.startswith("Max processes")).split()[2]
    return "not known"


def _more(soft: int, hard: int) -> int:
    wanted = max(2 * soft, 4096)
    return wanted if hard == resource.RLIM_INFINITY or soft >= hard else min(wanted, hard)


def _shown(limit: int) -> str:
    return _NO_LIMIT if limit == resource.RLIM_INFINITY else str(limit)
