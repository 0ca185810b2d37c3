"""Boot mysqld until its greeting, and end it: the second half of the floor.

    python -I -S floor_boot.py FOLDER --copy=TEMPLATE|--shutdown MYSQLD OPTION...

With ``--copy`` the data directory is copied first, and mysqld is killed; with ``--shutdown`` mysqld shuts down cleanly.
The standard library alone, and as little of it as will do: this is what nobody can be faster than.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time

_TIMEOUT = 60.0  # seconds
_POLL = 0.002  # seconds


def main() -> None:
    """Copy, boot, end."""
    folder, how, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    template = how.removeprefix("--copy=")
    if template != how:
        subprocess.run(["cp", "-a", "--reflink=auto", template, f"{folder}/data"], check=True)
    nowhere = subprocess.DEVNULL
    server = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, cwd=folder)
    try:
        _wait(server, f"{folder}/mysql.sock")
        if how == "--shutdown":
            server.terminate()
            server.wait(_TIMEOUT)
    finally:
        server.kill()
        server.wait()


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
