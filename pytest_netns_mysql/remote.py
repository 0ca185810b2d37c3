"""``python -m pytest_netns_mysql.remote``: like ``python``, for workers of pytest-xdist on other machines.

Without root a sandbox begins with a user namespace, which only a process with a single thread can enter: see
unshare(2). A worker has several threads before it knows of any test, and no pytest has entered a user namespace before
it on its machine.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main(mode: str | None = None) -> NoReturn:
    """Become Python, in a user namespace if this user's sandboxes need one. The arguments are those of python.

    Args:
        mode: The value of the setting netns_mode, by default that of the environment.
    """
    _enter(os.environ.get("NETNS_MODE", "auto") if mode is None else mode)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606 - no shell is wanted


def _enter(mode: str) -> None:
    """Enter a user namespace if a sandbox needs one. If the kernel refuses, the first netns test says so."""
    from pytest_netns_mysql.errors import SandboxError
    from pytest_netns_mysql.kernel.namespaces.privileges import needs_user_namespace

    try:
        if not needs_user_namespace(mode):
            return
        from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace

        enter_user_namespace(starts_workers=True)
    except (OSError, SandboxError):  # other systems have no /proc, and no sandboxes
        return


if __name__ == "__main__":
    main()
