"""The environment variables that mysqld is started with."""

from __future__ import annotations

import os

# Performance Schema fills 300 MB at every start. With huge pages that takes hundreds of page faults instead of tens of
# thousands, see "Memory Allocation Tunables" in the manual of glibc. Other C libraries ignore the variable. With more
# than one arena, each of thirty threads would take a huge page.
_DEFAULTS = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"}

# With these variables mysqld would look for a supervisor, see the manual, "RESTART Statement", and sd_notify(3).
_WITHHELD = ("MYSQLD_PARENT_PID", "NOTIFY_SOCKET")


def environment() -> dict[str, str]:
    """Return this process's environment as mysqld gets it."""
    return {name: value for name, value in (_DEFAULTS | os.environ).items() if name not in _WITHHELD}
