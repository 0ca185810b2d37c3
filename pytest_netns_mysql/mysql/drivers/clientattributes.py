"""What connections of mysql.connector tell the server about their client, see the manual, "Connection Attributes"."""

from __future__ import annotations

import os
import platform
import socket
from functools import cache

from mysql.connector import version


def client_attributes() -> dict[str, str]:
    """Return the attributes that the driver sends.

    The driver runs lsb_release for the name of the system, which takes 20 to 90 ms on the way to the first test.
    """
    return {
        "_pid": str(os.getpid()),
        "_platform": platform.machine(),
        "_source_host": socket.gethostname(),
        "_client_name": "mysql-connector-python",
        "_client_license": "GPL-2.0" if version.LICENSE.startswith("GPLv2") else "Commercial",
        "_client_version": ".".join(map(str, version.VERSION[:3])),
        "_os": _operating_system(),
    }


@cache
def _operating_system() -> str:
    """Return the name and the version of the operating system, such as Debian GNU/Linux-12, see os-release(5)."""
    try:
        about = platform.freedesktop_os_release()
    except OSError:
        return ""
    return f"{about.get('NAME', '')}-{about.get('VERSION_ID', '')}"
