"""A dockerd of an ordinary user, as Docker's manual, "Rootless mode", describes it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
_PROGRAMS = ("docker", "dockerd", "rootlesskit", "newuidmap")
_FLAGS = ("--rootless", "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false")
_PATIENCE = 30.0  # seconds
_PAUSE = 0.2  # seconds


def missing() -> str:
    """Return the name of a program that is missing, or ''."""
    return next((name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None), "")


@contextmanager
def running() -> Iterator[str]:
    """Run dockerd in a user namespace of its own, and yield the address of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="netns-docker-", dir="/tmp"))  # not in $TMPDIR: the path of a socket is short
    log = folder / "log"
    address = f"unix://{folder}/docker.sock"
    # No image has several layers, and each file system can copy files.
    data = ("--storage-driver=vfs", f"--data-root={folder}/data", f"--exec-root={folder}/exec")
    dockerd = shlex.join(["dockerd", *_FLAGS, *data, f"--pidfile={folder}/pid", f"--host={address}"])
    # rootlesskit shows /run as it is: what a rootful dockerd has there is in the way.
    script = f"rm -f /run/docker /run/containerd /run/xtables.lock; exec {dockerd}"
    kit = ["rootlesskit", f"--state-dir={folder}/state", "--net=host", "--copy-up=/etc", "--copy-up=/run"]
    environment = {**os.environ, "PATH": _PATH, "XDG_RUNTIME_DIR": str(folder)}
    with log.open("w") as output:
        process = subprocess.Popen(
            [*kit, "sh", "-c", script], env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        _wait(process, address, log)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE)
        # Some folders of its layers are open to the root of its user namespace alone.
        removed = subprocess.run(["rootlesskit", "rm", "-rf", str(folder)], env=environment, check=False)
    assert removed.returncode == 0


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while subprocess.run(["docker", "--host", address, "version"], capture_output=True, check=False).returncode:
        assert process.poll() is None, f"dockerd ended:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"dockerd did not answer:\n{log.read_text()}"
        time.sleep(_PAUSE)
