"""The error for a process with several threads, which cannot enter a user namespace: who started the threads."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import Counter
from pathlib import Path
from types import ModuleType

from pytest_netns_mysql.errors import ThreadsError

# Packages that start threads when they are imported or configured, and how to prevent the threads.
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
    """Return the error for a refused user namespace, which lists the threads, the packages behind them and remedies."""
    return ThreadsError(
        "the user namespace of a rootless sandbox cannot be entered: this process has threads already",
        tried=[f"unshare(CLONE_NEWUSER): {error}", *describe_threads()],
        remedies=[
            'set netns_mode = "auto" in the ini file (or NETNS_MODE=auto, or --netns-mode=auto): with any netns '
            "setting, pytest enters the user namespace before plugins and conftests start threads",
            "or run `netns-mysql run -- pytest ...`, which enters before pytest starts",
            "or run as root, or with CAP_SYS_ADMIN and CAP_NET_ADMIN: then no user namespace is needed",
        ],
    )


def describe_threads() -> list[str]:
    """Return lines about the threads that the kernel sees, those that Python sees, and packages that start threads."""
    names = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # the thread may have ended by now
            names.append((task / "comm").read_text().strip())
    counted = ", ".join(name if count == 1 else f"{count} x {name}" for name, count in sorted(Counter(names).items()))
    python = [_name_and_module(thread) for thread in threading.enumerate() if thread is not threading.main_thread()]
    lines = [f"the kernel counts {len(names)} threads: {counted}"]
    lines.append(f"of Python, beside the main one: {', '.join(python) or 'none, so C libraries started them'}")
    for name, advice in _STARTERS.items():
        if name in sys.modules:
            importers = _importers(name)
            by = f", by {', '.join(importers)}" if importers else ""
            lines.append(f"{name} is imported{by}: {advice}")
    return lines


def _name_and_module(thread: threading.Thread) -> str:
    """Return a thread's name and the module whose function the thread runs."""
    target = getattr(thread, "_target", None)
    module = type(thread).__module__ if target is None else getattr(target, "__module__", None)
    return thread.name if module in (None, "threading") else f"{thread.name} of {module}"


def _importers(package: str) -> list[str]:
    """Return the first modules outside of a package that have imported the package or one of its modules."""
    found = []
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == package or not isinstance(module, ModuleType):
            continue
        for value in list(vars(module).values()):
            if isinstance(value, ModuleType) and value.__name__.partition(".")[0] == package:
                found.append(name)
                break
    return found[:3]
