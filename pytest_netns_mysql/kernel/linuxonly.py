"""The platforms that have no network namespaces, and the error that says so.

This module imports nothing that only Linux has.
"""

from __future__ import annotations

import sys

from pytest_netns_mysql.errors import SandboxError

_NAMES = {"darwin": "macOS", "win32": "Windows", "cygwin": "Cygwin", "freebsd": "FreeBSD"}
_CONTAINER = "a container: docker run --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt apparmor=unconfined ..."
_REMEDIES = {
    "darwin": f"run pytest in a Linux virtual machine, such as Lima's or Colima's, or in {_CONTAINER}",
    "win32": f"run pytest in WSL 2, whose kernel is Linux, or in {_CONTAINER}",
}
_SKIP = "netns_unavailable = skip skips netns tests here, and runs all others"


def platform_error() -> SandboxError | None:
    """Return the error of this platform, or None on Linux."""
    platform = sys.platform
    if platform.startswith("linux"):
        return None
    name = next((name for prefix, name in _NAMES.items() if platform.startswith(prefix)), platform)
    return SandboxError(
        f"netns tests need Linux's network namespaces, and this is {name}",
        remedies=[_REMEDIES.get(platform, f"run pytest in a Linux virtual machine, or in {_CONTAINER}"), _SKIP],
    )


def require_linux() -> None:
    """Raise the SandboxError of a platform without network namespaces."""
    error = platform_error()
    if error is not None:
        raise error
