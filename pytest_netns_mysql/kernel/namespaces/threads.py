"""The threads that keep this process out of a user namespace: how many there are, and who started them."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import Counter
from pathlib import Path
from types import ModuleType

from pytest_netns_mysql.errors import ThreadsError

# Packages that start threads when they are imported or set up, and what stops them from it.
_STARTERS = {
    "numpy": "its OpenBLAS starts threads; OPENBLAS_NUM_THREADS=1 stops it",
    "scipy": "its OpenBLAS starts threads; OPENBLAS_NUM_THREADS=1 stops it",
    "torch": "it starts threads; OMP_NUM_THREADS=1 stops most of them",
    "tensorflow": "it starts threads",
    "grpc": "it starts threads",
    "pydevd": "the debugger starts threads",
    "gevent": "it may start threads",
    "sentry_sdk": "it starts threads",
    "ddtrace": "it starts threads",
    "newrelic": "it starts threads",
}


def threads_error(error: OSError) -> ThreadsError:
    """Return the error that says who started the threads that are in the way, and what helps."""
    return ThreadsError(
        "the user namespace of a rootless sandbox cannot be entered: this process has threads already",
        tried=[f"unshare(CLONE_NEWUSER): {error}", *describe()],
        remedies=[
            'set netns_mode = "auto" in the ini file (or NETNS_MODE=auto, or --netns-mode=auto): with any netns '
            "setting, pytest enters the user namespace before plugins and conftests start threads",
            "or run `netns-mysql run -- pytest ...`, which enters before pytest starts",
            "or run as root, or with CAP_SYS_ADMIN and CAP_NET_ADMIN: then no user namespace is needed",
        ],
    )


def describe() -> list[str]:
    """Return lines about the threads: those of the kernel, those of Python, and the packages known to start some."""
    names = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # it may have ended by now
            names.append((task / "comm").read_text().strip())
    counted = ", ".join(name if count == 1 else f"{count} x {name}" for name, count in sorted(Counter(names).items()))
    python = [_named(thread) for thread in threading.enumerate() if thread is not threading.main_thread()]
    lines = [f"the kernel counts {len(names)} threads: {counted}"]
    lines.append(f"of Python, beside the main one: {', '.join(python) or 'none, so C libraries started them'}")
    for name, what in _STARTERS.items():
        if name in sys.modules:
            users = _users(name)
            by = f", by {', '.join(users)}" if users else ""
            lines.append(f"{name} is imported{by}: {what}")
    return lines


def _named(thread: threading.Thread) -> str:
    """Return a thread's name and the module of what it runs."""
    target = getattr(thread, "_target", None)
    module = type(thread).__module__ if target is None else getattr(target, "__module__", None)
    return thread.name if module in (None, "threading") else f"{thread.name} of {module}"


def _users(package: str) -> list[str]:
    """Return the first modules outside of a package that refer to it or to a module of it."""
    found = []
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == package or not isinstance(module, ModuleType):
            continue
        for value in list(vars(module).values()):
            if isinstance(value, ModuleType) and value.__name__.partition(".")[0] == package:
                found.append(name)
                break
    return found[:3]
