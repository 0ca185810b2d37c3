"""The floor that nobody can be faster than: an empty pytest run, and a bare boot of the same mysqld.

What is known of the server is what a running one shows: `netns_mysqld.pid` leads to its command line and its
environment. The data directory is made here, in the way that docs/explanation/speed.md describes: initialized, booted
and shut down once.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.programs import run
from benchmarks.suites import EMPTY, FACTS
from benchmarks.workshop import HERE, Sample, Workshop

_FETCH_TIMEOUT = 900.0  # seconds: the first run may fetch a server
_MAKING_TIMEOUT = 120.0  # seconds
# Options that say where a server has its files and who reaches it. Each contender has its own.
_OF_ONE_SERVER = (
    "datadir",
    "socket",
    "pid-file",
    "tmpdir",
    "log-error",
    "user",
    "port",
    "bind-address",
    "admin-address",
    "loose-mysqlx-socket",
    "loose-mysqlx-bind-address",
)


@dataclass(frozen=True)
class Server:
    """The mysqld that the plugin runs.

    Attributes:
        mysqld: The path of the program.
        mysqladmin: The path of mysqladmin, or None.
        version: Such as 9.7.4.
        options: The options that the plugin gives to each server; None for one without a value.
        environment: What the plugin adds to the environment of a server.
    """

    mysqld: str
    mysqladmin: str | None
    version: str
    options: Mapping[str, str | None]
    environment: Mapping[str, str]

    @property
    def arguments(self) -> Sequence[str]:
        """The options as arguments, with the user that root must name."""
        user = ["--user=root"] if os.geteuid() == 0 else []
        return [*user, *(f"--{key}" + ("" if value is None else f"={value}") for key, value in self.options.items())]

    def command(self, folder: Path) -> Sequence[str]:
        """Return the command line of a server on the data directory ``folder/data``."""
        own = {"datadir": "data", "socket": "mysql.sock", "pid-file": "mysqld.pid", "log-error": "error.err"}
        files = [f"--{key}={folder / name}" for key, name in own.items()]
        return [self.mysqld, "--no-defaults", *files, f"--tmpdir={folder}", *self.arguments]


@cache
def server(workshop: Workshop) -> Server:
    """Return the mysqld that the plugin runs, as a running one shows it."""
    workshop.progress("a server, which may have to be fetched")
    suite = workshop.suite("facts", FACTS)
    file = workshop.memory / "facts"
    variables = {**workshop.environment, "BENCHMARK_FACTS": str(file), "BENCHMARK_STAMP": os.devnull}
    run([workshop.python("ours"), "-m", "pytest", "-q"], suite, variables, _FETCH_TIMEOUT)
    facts = json.loads(file.read_text())
    mysqld, *arguments = facts["command"]
    options = {}
    for argument in arguments:
        key, equals, value = argument.removeprefix("--").partition("=")
        if key not in _OF_ONE_SERVER and key != "no-defaults":
            options[key] = value if equals else None
    beside = (folder / "mysqladmin" for folder in (Path(mysqld).parent, Path(mysqld).parent.parent / "bin"))
    mysqladmin = next((str(path) for path in beside if path.exists()), None) or shutil.which("mysqladmin")
    return Server(mysqld, mysqladmin, facts["version"], options, facts["environment"])


@cache
def template(workshop: Workshop) -> Path:
    """Return a data directory to copy: initialized, booted and shut down once, with holes where there are zeros."""
    ours = server(workshop)
    workshop.progress("a data directory for the floor")
    target, making = workshop.work / "template", workshop.work / "making"
    for folder in (target, making):
        shutil.rmtree(folder, ignore_errors=True)
    making.mkdir()
    environment = workshop.environment
    command = [ours.mysqld, "--no-defaults", f"--datadir={making / 'data'}", f"--log-error={making / 'initialize.err'}"]
    run([*command, *ours.arguments, "--initialize-insecure"], making, environment, _MAKING_TIMEOUT)
    _boot(workshop, making, ours, "--shutdown")
    (making / "data" / "auto.cnf").unlink()  # with it all copies would have one server_uuid
    run(["cp", "-a", "--sparse=always", str(making / "data"), str(target)], making, environment, _MAKING_TIMEOUT)
    shutil.rmtree(making)
    return target


def boot(workshop: Workshop) -> Sample:
    """Return the times of a boot from a copy of the template to the first byte of the greeting, and of a kill."""
    source, ours = template(workshop), server(workshop)
    folder = workshop.memory / "floor"
    folder.mkdir()
    try:
        return _boot(workshop, folder, ours, f"--copy={source}", environment=ours.environment)
    finally:
        shutil.rmtree(folder)


def empty_suite(workshop: Workshop) -> Path:
    """Return a suite of one empty test."""
    return workshop.suite("empty", EMPTY)


def empty_run_and_boot(workshop: Workshop) -> Sample:
    """Return the times of an empty pytest run and of a bare boot, added."""
    empty = workshop.pytest("floor", empty_suite(workshop))
    return empty + boot(workshop)


def _boot(
    workshop: Workshop, folder: Path, ours: Server, how: str, environment: Mapping[str, str] | None = None
) -> Sample:
    script = [workshop.python("floor"), "-I", "-S", str(HERE / "floor_boot.py"), str(folder), how]
    listening = [f"--port={_free_port()}", "--bind-address=127.0.0.1"]
    return workshop.timed([*script, *ours.command(folder), *listening], folder, environment)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
