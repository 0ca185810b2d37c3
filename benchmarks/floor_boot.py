"""Copy a data directory, boot mysqld on it until its greeting, kill it: the second half of the floor.

    python -I -S floor_boot.py TEMPLATE FOLDER MYSQLD OPTION...

The standard library alone, and as little of it as will do: this is what nobody can be faster than.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

_TIMEOUT = 60.0  # seconds
_POLL = 0.002  # seconds


def main() -> None:
    """Boot, note the moment of the first byte, kill."""
    template, folder, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    subprocess.run(["cp", "-a", "--reflink=auto", template, f"{folder}/data"], check=True)
    nowhere = subprocess.DEVNULL
    server = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, cwd=folder)
    try:
        _wait(server, f"{folder}/mysql.sock")
        answered = time.monotonic()
    finally:
        server.kill()
        server.wait()
    with open(os.environ["BENCHMARK_STAMP"], "w") as stamp:  # noqa: PTH123 - pathlib is 5 ms of imports
        stamp.write(repr(answered))


def _wait(server: subprocess.Popen[bytes], path: str) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(_TIMEOUT)
            try:
                sock.connect(path)
            except OSError:
                pass
            else:
                if sock.recv(1):
                    return
        if server.poll() is not None:
            sys.exit(f"mysqld ended with exit code {server.returncode}")
        time.sleep(_POLL)
    sys.exit(f"mysqld did not answer within {_TIMEOUT:g} seconds")


if __name__ == "__main__":
    main()
