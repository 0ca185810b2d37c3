"""What the commands share: their options, the folders that they work in, the machine that they name."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.floor import server
from benchmarks.programs import UnableError
from benchmarks.workshop import CHECKOUT, Workshop


def parser_of(description: str, *, runs: int) -> argparse.ArgumentParser:
    """Return a parser of the options that every command has; ``runs`` is the default of one."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument(
        "--runs", type=_positive, default=runs, help=f"measured runs of each contender (default {runs})"
    )
    parser.add_argument(
        "--work", type=Path, help="folder to keep the virtual environments in (default: a temporary one)"
    )
    parser.add_argument(
        "--plugin",
        type=Path,
        default=CHECKOUT,
        metavar="CHECKOUT",
        help="the checkout of the plugin that is measured (default: this one)",
    )
    return parser


def in_a_workshop(options: argparse.Namespace, do: Callable[[Workshop], int]) -> int:
    """Do something in a workshop; return its exit status, or 2 where this machine lacks something."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="nmb-") as temporary,
            tempfile.TemporaryDirectory(prefix="nmb-", dir=_tmpfs()) as memory,
        ):
            folder = Path(temporary) if options.work is None else options.work.absolute()
            return do(Workshop(folder, Path(memory), options.plugin.absolute(), progress=_progress))
    except UnableError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2


def machine(workshop: Workshop) -> dict[str, str]:
    """Return what a table is about: two tables of the same machine may be compared in seconds."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "CPU": f"{cpu[1] if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "MySQL": server(workshop).version,
    }


def user() -> str:
    """Return who runs this, as the tables name it."""
    return "root" if os.geteuid() == 0 else "an ordinary user"


def circumstances(runs: int) -> dict[str, str]:
    """Return what else a table depends on."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "runs": f"{runs} of each, interleaved, after one warm-up each",
        "load at the end": Path("/proc/loadavg").read_text().split()[0],
    }


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it is 1 or more")
    return number


def _tmpfs() -> str:
    """Return a writable folder on a tmpfs; raise UnableError where there is none."""
    for mount in Path("/proc/mounts").read_text().splitlines():
        _, folder, kind = mount.split()[:3]
        if (
            kind == "tmpfs"
            and folder in ("/dev/shm", f"/run/user/{os.geteuid()}", "/tmp")
            and os.access(folder, os.W_OK)
        ):
            return folder
    raise UnableError("a writable tmpfs is needed for the floor: mount one at /dev/shm")


def _progress(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)
