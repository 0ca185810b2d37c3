"""The contenders: what each is installed as, what its suite is, and one run of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PYTEST_MYSQL = "pytest-mysql==5.0.1"

_INSTALL_TIMEOUT = 600.0  # seconds, for one virtual environment
_FETCH_TIMEOUT = 900.0  # seconds: the first run may fetch a server
_RUN_TIMEOUT = 120.0  # seconds
_END_TIMEOUT = 30.0  # seconds that an interrupted pytest has for its teardown

_STAMP = "BENCHMARK_STAMP"
# The same in every suite: note when the first test's body begins.
_CONFTEST = f"""\
import os
import time

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    with open(os.environ["{_STAMP}"], "w") as stamp:
        stamp.write(repr(time.monotonic()))
"""
_OURS = """\
import pytest


@pytest.mark.netns("red")
def test_the_server_sees_where_we_come_from(netns_mysql):
    with netns_mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("red_user@192.0.2.2",)
"""
_THEIRS = """\
def test_the_server_sees_where_we_come_from(mysql):
    with mysql.cursor() as cursor:
        cursor.execute("SELECT USER()")
        assert cursor.fetchone() == ("root@localhost",)
"""
_EMPTY = "def test_nothing(): ...\n"
# pytest-mysql always starts a mysqld_safe with --skip-syslog, which mysqld itself does not know.
_MYSQLD_SAFE = """\
#!/bin/sh
for one; do
    shift
    [ "$one" = --skip-syslog ] || set -- "$@" "$one"
done
exec "{mysqld}" "$@"
"""


class UnableError(Exception):
    """Say what this machine lacks for the benchmark, and how to get it."""


@dataclass(frozen=True)
class Sample:
    """Hold one run, in seconds: the whole, until the test's first line, and the wall times of its parts."""

    wall: float
    first: float
    parts: tuple[float, ...] = ()


@dataclass(frozen=True)
class Contender:
    """Name a contender and how one run of it is made."""

    title: str
    run: Callable[[], Sample]


class Workshop:
    """Make what the contenders need, once, in the folder ``work``; ``memory`` is a folder on a tmpfs."""

    def __init__(self, work: Path, memory: Path, *, progress: Callable[[str], None]) -> None:
        """Make the environments and find the server; raise UnableError."""
        if sys.version_info < (3, 11):
            raise UnableError(f"{PYTEST_MYSQL} needs Python 3.11 or newer: run this with one")
        self._work = work
        self._memory = memory
        self._stamp = memory / "stamp"
        self._environment = _clean_environment()
        work.mkdir(parents=True, exist_ok=True)
        for name, what in (("ours", str(HERE.parent)), ("theirs", PYTEST_MYSQL), ("floor", "pytest")):
            _make_environment(work / name, what, progress)
        progress("a server and its template")
        _ = self.facts

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Return what our own ``find`` found: the server, its options, the template of its data directory."""
        found: dict[str, Any] = json.loads(self.in_ours("phases.py", "--facts", timeout=_FETCH_TIMEOUT))
        return found

    def contenders(self) -> list[Contender]:
        """Write the suites; return the contenders, ours first, the floor last."""
        ours = self._suite("ours", _OURS)
        empty = self._suite("empty", _EMPTY)
        return [
            Contender("pytest-netns-mysql", partial(self._pytest, "ours", ours)),
            Contender(f"{PYTEST_MYSQL}, as it is", self._theirs("as-it-is", self._work / "t", {})),
            Contender(
                f"{PYTEST_MYSQL}, our server options, on a tmpfs",
                self._theirs("tuned", self._memory / "t", self.facts["options"]),
            ),
            Contender("the floor", partial(self._floor, empty)),
        ]

    def ours_empty(self, *, plugin: bool) -> Callable[[], Sample]:
        """Return a run of pytest on an empty test in our environment, with our plugin or without it."""
        extra = () if plugin else ("-p", "no:netns_mysql")
        return partial(self._pytest, "ours", self._suite("empty", _EMPTY), *extra)

    def import_times(self) -> str:
        """Return what ``-X importtime`` says of our run."""
        command = [self._python("ours"), "-X", "importtime", "-m", "pytest", "-q", "-s"]
        return _run(command, self._suite("ours", _OURS), self._variables(), _RUN_TIMEOUT).stderr

    def in_ours(self, script: str, *arguments: str, timeout: float = _RUN_TIMEOUT) -> str:
        """Run a script of this folder in our environment; return what it printed."""
        command = [self._python("ours"), str(HERE / script), *arguments]
        return _run(command, self._work, self._environment, timeout).stdout

    def _theirs(self, name: str, base: Path, options: Mapping[str, str | None]) -> Callable[[], Sample]:
        if self.facts["mysqladmin"] is None:
            raise UnableError("pytest-mysql needs mysqladmin beside mysqld or on PATH: install MySQL's client programs")
        suite = self._suite(name, _THEIRS)
        wrapper = suite / "mysqld_safe"
        wrapper.write_text(_MYSQLD_SAFE.format(mysqld=self.facts["mysqld"]))
        wrapper.chmod(0o755)
        # mysqld reads my.cnf in MYSQL_HOME. Only there can its --initialize be told anything: pytest-mysql has no
        # parameter for that, and root must say so.
        lines = ["[mysqld]", "secure_file_priv="]
        lines += ["user=root"] if os.geteuid() == 0 else []
        lines += [key if value is None else f"{key}={value}" for key, value in options.items()]
        (suite / "my.cnf").write_text("\n".join(lines) + "\n")
        arguments = [
            f"--mysql-mysqld={self.facts['mysqld']}",
            f"--mysql-mysqld-safe={wrapper}",
            f"--mysql-admin={self.facts['mysqladmin']}",
            f"--basetemp={base}",
        ]

        def run() -> Sample:
            sample = self._pytest("theirs", suite, *arguments, MYSQL_HOME=str(suite))
            shutil.rmtree(base, ignore_errors=True)  # else the next run would begin with it
            return sample

        return run

    def _floor(self, suite: Path) -> Sample:
        empty = self._pytest("floor", suite)
        folder = self._memory / "floor"
        folder.mkdir()
        command = [
            *(part.format(folder=folder) for part in self.facts["command"]),
            f"--port={_free_port()}",
            "--bind-address=127.0.0.1",
        ]
        script = [self._python("floor"), "-I", "-S", str(HERE / "floor_boot.py")]
        boot = self._timed([*script, self.facts["template"], str(folder), *command], folder, {})
        shutil.rmtree(folder)
        return Sample(empty.wall + boot.wall, empty.first + boot.first, (empty.wall, boot.wall))

    def _pytest(self, environment: str, suite: Path, *arguments: str, **variables: str) -> Sample:
        return self._timed([self._python(environment), "-m", "pytest", "-q", *arguments], suite, variables)

    def _timed(self, command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> Sample:
        self._stamp.unlink(missing_ok=True)
        begin = time.monotonic()
        _run(command, cwd, {**self._variables(), **variables}, _RUN_TIMEOUT)
        end = time.monotonic()
        # CLOCK_MONOTONIC is one clock for all processes.
        return Sample(end - begin, float(self._stamp.read_text()) - begin)

    def _variables(self) -> dict[str, str]:
        return self._environment | {_STAMP: str(self._stamp)}

    def _python(self, environment: str) -> str:
        return str(self._work / environment / "bin" / "python")

    def _suite(self, name: str, test: str) -> Path:
        folder = self._work / "suites" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "conftest.py").write_text(_CONFTEST)
        (folder / "test_origin.py").write_text(test)
        return folder


def _make_environment(folder: Path, what: str, progress: Callable[[str], None]) -> None:
    """Make a virtual environment with one thing installed, unless it is there; a checkout is installed anew."""
    done = folder / "done"
    if not done.exists():
        progress(f"a virtual environment for {what}")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            venv.create(folder, symlinks=True, with_pip=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise UnableError(
                f"{sys.executable} -m venv fails; on Debian apt install python3-venv ({error})"
            ) from error
    elif not Path(what).is_dir():
        return
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", what]
    _run(pip, folder, _clean_environment(), _INSTALL_TIMEOUT)
    if done.exists():
        _run([*pip, "--force-reinstall", "--no-deps"], folder, _clean_environment(), _INSTALL_TIMEOUT)
    done.touch()


def _run(
    command: Sequence[str], cwd: Path, variables: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run a program; raise UnableError with the end of what it said where it fails or takes too long."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException as error:
        # An interrupted pytest ends the server that it started; a killed one may leave it.
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_TIMEOUT)
        process.kill()
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise UnableError(f"{' '.join(command)} took longer than {timeout:g} s") from error
        raise
    if process.returncode != 0:
        said = "\n".join((out + err).splitlines()[-25:])
        raise UnableError(f"{' '.join(command)} ended with exit code {process.returncode}:\n{said}")
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _clean_environment() -> dict[str, str]:
    """Return the environment without what would steer Python, pytest, MySQL or this plugin, but for the server."""
    steering = ("PYTEST_", "PYTHON", "MYSQL_", "NETNS_", "VIRTUAL_ENV")
    kept = ("NETNS_MYSQLD", "NETNS_CACHE")
    return {key: value for key, value in os.environ.items() if key in kept or not key.startswith(steering)}


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
