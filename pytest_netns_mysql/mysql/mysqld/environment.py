"""The environment variables that mysqld is started with."""

from __future__ import annotations

import os

# A crashing mysqld shows the statement only if the statement lies in the main heap. See "Memory Allocation Tunables" in
# the manual of glibc. Other C libraries ignore the variable.
_DEFAULTS = {"GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}

# With these variables mysqld would look for a supervisor, see the manual, "RESTART Statement", and sd_notify(3).
_WITHHELD = ("MYSQLD_PARENT_PID", "NOTIFY_SOCKET")


def environment() -> dict[str, str]:
    """Return this process's environment as mysqld gets it."""
    return {name: value for name, value in (_DEFAULTS | os.environ).items() if name not in _WITHHELD}
