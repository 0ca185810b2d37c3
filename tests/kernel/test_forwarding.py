"""Forwarding where the kernel's settings cannot be written, as in many containers."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import socket, subprocess, threading
from pytest_netns_mysql import load
from pytest_netns_mysql.kernel import syscalls
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.sandbox import Sandbox

sandbox = Sandbox.create("auto")
with sandbox.entered():
    if READ_ONLY:
        syscalls.mount("/proc/sys", "/proc/sys", None, syscalls.MS_BIND | syscalls.MS_REC)
        subprocess.run(["mount", "-o", "remount,bind,ro", "/proc/sys"], check=True)
    network = Network(sandbox, load("red-blue"))
    with open("/proc/sys/net/ipv4/ip_forward") as setting:
        print("ip_forward", setting.read().strip())
    with network["blue"]:
        server = socket.create_server(("198.51.100.2", 3306))
    with network["red"]:
        client = socket.create_connection(("198.51.100.2", 3306), timeout=5)
    print("origin", server.accept()[1][0])
"""


def run(read_only: bool) -> str:
    script = SCRIPT.replace("READ_ONLY", str(read_only))
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_red_reaches_blue() -> None:
    assert run(read_only=False) == "ip_forward 1\norigin 192.0.2.2\n"


def test_red_reaches_blue_where_proc_sys_is_read_only() -> None:
    assert run(read_only=True) == "ip_forward 0\norigin 192.0.2.2\n"
