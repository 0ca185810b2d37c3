"""Containers of Docker and Podman that see the programs of this machine: no image is pulled."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_netns_mysql import settings
from tests.support.processes import wait_for_end

IMAGE = "netns-stress-machine"
_REPOSITORY = Path(__file__).parents[3]
_LINKS = {name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")}
_FOLDERS = ("usr", "etc", "tmp", "proc", "sys", "dev", "run", "root", "home", "var/tmp", "suite")
_LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"]  # Podman would raise them


def engines() -> list[str]:
    """Return the engines that this user can start containers with: docker, podman."""
    found = [] if shutil.which("docker") is None or _output("docker", "version").returncode else ["docker"]
    return found if shutil.which("podman") is None else [*found, "podman"]


def _output(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=300)


@contextmanager
def without_pause_process() -> Iterator[None]:
    """End the process that rootless Podman leaves behind for its next call, if it was not there before."""
    before = _pause_processes()
    try:
        yield
    finally:
        left = _pause_processes() - before
        for pid in left:
            os.kill(pid, signal.SIGTERM)
        wait_for_end(*left)


def _pause_processes() -> set[int]:
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.geteuid() and (folder / "comm").read_text().strip() == "podman pause":
                found.add(int(folder.name))
    return found


def make_image(engine: str, folder: Path) -> None:
    """Import an image of empty folders, to which those of this machine are bound."""
    archive = folder / "machine.tar"
    with tarfile.open(archive, "w") as tar:
        for name in _FOLDERS:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name.endswith("tmp") else 0o755
            tar.addfile(entry)
        for name, target in _LINKS.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
        text = b"root:x:0:0:root:/root:/bin/sh\n"
        entry = tarfile.TarInfo("etc/passwd")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    subprocess.run([engine, "import", str(archive), IMAGE], check=True, capture_output=True)


def copy_cache(folder: Path, uid: int) -> Path:
    """Copy the fetched MySQL for another user, whose group the container need not know."""
    cache = settings.resolve().cache
    (folder / "servers").mkdir(parents=True)
    for server in cache.glob("servers/mysql-*"):
        subprocess.run(["cp", "-a", "--reflink=auto", str(server), str(folder / "servers")], check=True)
    subprocess.run(["chown", "-R", f"{uid}:{uid}", str(folder)], check=True)
    folder.chmod(0o700)
    return folder


def run(
    engine: str, flags: Sequence[str], suite: Path, *argv: str, copy: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python with arguments in a new container, in a folder with a suite.

    Args:
        engine: docker or podman.
        flags: The flags of the container.
        suite: The folder, which is bound read-only.
        argv: The arguments of Python.
        copy: A cache of its user, where the cache of this user would be.
    """
    cache = settings.resolve().cache
    seen = {"/usr", sys.prefix, sys.base_prefix, str(_REPOSITORY)}
    seen = {path for path in seen if not path.startswith("/usr/")}
    volumes = [word for path in sorted(seen) for word in ("-v", f"{path}:{path}:ro")]
    volumes += ["-v", f"{suite}:/suite:ro", "-v", f"{copy or cache}:{cache}"]
    variables = {
        "NETNS_CACHE": str(cache),
        "PYTHONPATH": str(_REPOSITORY),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/usr/sbin",
        "PYTHONDONTWRITEBYTECODE": "1",
        **{name: value for name, value in os.environ.items() if name == "AS_BEFORE"},
    }
    words = [word for name, value in variables.items() for word in ("-e", f"{name}={value}")]
    runtime = ["--runtime", _runc(), *(_LIMITS if os.geteuid() == 0 else [])] if engine == "podman" else []
    command = [engine, "run", "--rm", "--network", "none", *runtime, *volumes, *words, "-w", "/suite", *flags]
    return _output(*command, IMAGE, sys.executable, *argv)


def _runc() -> str:
    # crun refuses the two kinds of cgroups side by side that some machines have.
    return shutil.which("runc", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin") or "crun"
