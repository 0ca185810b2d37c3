"""Running programs and inner suites on a machine that lacks something, see ``machine.py``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MACHINE = Path(__file__).with_name("machine.py")
IN_OWN = ["unshare", "--user", "--map-root-user", "--mount"]
"""Become root of a new user namespace, who may mount and lower limits there."""

ORDINARY = "own-user:1000"
"""The condition by which root of a user namespace becomes an ordinary user."""

DOCTOR = "  do: run `netns-mysql doctor`: it probes each prerequisite and names the remedy"
BY_APPARMOR = [
    "  do: where AppArmor restricts user namespaces, as on Ubuntu 24.04: allow user namespaces, as root: sysctl -w "
    "kernel.apparmor_restrict_unprivileged_userns=0",
    "  do: where AppArmor restricts user namespaces, as on Ubuntu 24.04: or allow them to this interpreter alone, as "
    "root: echo 'abi <abi/4.0>, profile netns-python *python3* flags=(unconfined) { userns, }' > "
    "/etc/apparmor.d/netns-python && apparmor_parser --replace /etc/apparmor.d/netns-python",
]
IN_DOCKER = [
    "  do: in Docker as root: --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt apparmor=unconfined",
    "  do: in Docker as an ordinary user: --security-opt seccomp=unconfined --security-opt apparmor=unconfined",
]

# Writes into the environment what the suite must find.
_NOTE = (
    "import json, os, pathlib, sys\n"
    "places = [os.stat(f'/proc/self/ns/{kind}').st_ino for kind in ('user', 'net', 'mnt')]\n"
    "map = pathlib.Path('/proc/self/uid_map').read_text().split()\n"
    "os.environ['AS_BEFORE'] = json.dumps([map, os.getuid(), places])\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
)
_OPTIONS = ["-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:randomly", "-rs"]


def run(conditions: Sequence[str], *argv: str, in_own: bool = True) -> subprocess.CompletedProcess[str]:
    """Run Python with arguments on a machine that meets conditions.

    Args:
        conditions: The words of ``machine.py``.
        argv: The arguments of Python.
        in_own: Whether the conditions need root of a user namespace.
    """
    command = [*(IN_OWN if in_own else []), sys.executable, str(MACHINE), *conditions, "--", sys.executable, *argv]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=environment, timeout=300
    )


def run_suite(conditions: Sequence[str], *arguments: str, in_own: bool = True) -> subprocess.CompletedProcess[str]:
    """Run pytest in the working directory on such a machine; AS_BEFORE tells the suite how the process began."""
    return run(conditions, "-c", _NOTE, *_OPTIONS, *arguments, in_own=in_own)


def run_command(conditions: Sequence[str], *arguments: str, in_own: bool = True) -> subprocess.CompletedProcess[str]:
    """Run ``netns-mysql`` on such a machine."""
    return run(conditions, "-m", "pytest_netns_mysql.cli", *arguments, in_own=in_own)
