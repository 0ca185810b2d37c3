"""Make what the contenders need, and time whole processes: environments, suites, runs of pytest."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHECKOUT = str(HERE.parent)
PYTEST_MYSQL = "pytest-mysql==5.0.1"

_INSTALL_TIMEOUT = 600.0  # seconds, for one virtual environment
_FETCH_TIMEOUT = 900.0  # seconds: the first run may fetch a server
_RUN_TIMEOUT = 300.0  # seconds
_END_TIMEOUT = 30.0  # seconds that an interrupted pytest has for its teardown

# What each virtual environment has.
_ENVIRONMENTS: Mapping[str, Sequence[str]] = {
    "ours": [CHECKOUT],
    "theirs": [PYTEST_MYSQL],
    "floor": ["pytest"],
    "workers": [CHECKOUT, "pytest-xdist"],
    "containers": ["testcontainers[mysql]", "mysql-connector-python", "pytest"],
}
_STAMP = "BENCHMARK_STAMP"
# The same in every suite: note when each test's body begins, and when the last one ends.
_CONFTEST = f"""\
import os
import time

import pytest

_begun = []
_ended = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    _begun.append(time.monotonic())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    _ended[:] = [time.monotonic()]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish():
    if _begun:  # not in the process that hands the tests out to workers
        with open(os.environ["{_STAMP}"], "w") as stamp:
            stamp.write(" ".join(map(repr, _begun + _ended)))
"""


class UnableError(Exception):
    """Say what this machine lacks for the benchmark, and how to get it."""


class MissingError(UnableError):
    """Say what one row lacks that the others do without: it is left out."""


@dataclass(frozen=True)
class Sample:
    """Hold one run, in seconds since its start.

    Shape: ``wall`` is its end; ``marks`` are when each test's body began, then when the last one's ended; ``parts`` are
    the wall times of the processes that it consists of, where these are several.
    """

    wall: float
    marks: tuple[float, ...]
    parts: tuple[float, ...] = ()

    @property
    def first(self) -> float:
        """Return the time until the first test's first line."""
        return self.marks[0]

    @property
    def one_more(self) -> float:
        """Return what one more test costs: from one body to the next, the mean of all after the first."""
        return (self.marks[-2] - self.marks[0]) / (len(self.marks) - 2)

    @property
    def end(self) -> float:
        """Return the time from the end of the last test's body until the process is gone."""
        return self.wall - self.marks[-1]


class Workshop:
    """Keep environments and suites in the folder ``work``, made once; ``memory`` is a folder on a tmpfs."""

    def __init__(self, work: Path, memory: Path, *, progress: Callable[[str], None]) -> None:
        """Keep the folders; ``progress`` takes a line of text. Raises UnableError for an old Python."""
        if sys.version_info < (3, 11):
            raise UnableError(f"{PYTEST_MYSQL} needs Python 3.11 or newer: run this with one")
        self.work = work
        self.memory = memory
        self.progress = progress
        self._stamp = memory / "stamp"
        self._environment = clean_environment()
        self._made: set[str] = set()
        work.mkdir(parents=True, exist_ok=True)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Return what our own ``find`` found: the server, its options, the template of its data directory."""
        self.progress("a server and its template")
        found: dict[str, Any] = json.loads(self.in_ours("phases.py", "--facts", timeout=_FETCH_TIMEOUT))
        return found

    def suite(self, name: str, test: str, conftest: str = "") -> Path:
        """Write a folder with one file of tests; return it. ``conftest`` is added to what all have there."""
        folder = self.work / "suites" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "conftest.py").write_text(_CONFTEST + conftest)
        (folder / "test_it.py").write_text(test)
        return folder

    def pytest(self, environment: str, suite: Path, *arguments: str, **variables: str) -> Sample:
        """Time ``pytest -q`` on a suite; raise UnableError where a test fails."""
        return self.timed([self.python(environment), "-m", "pytest", "-q", *arguments], suite, variables)

    def timed(self, command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> Sample:
        """Time a program that notes moments of its own in the file that an environment variable names."""
        self._stamp.unlink(missing_ok=True)
        variables = {**self._environment, _STAMP: str(self._stamp), **variables}
        begin = time.monotonic()
        run(command, cwd, variables, _RUN_TIMEOUT)
        end = time.monotonic()
        # CLOCK_MONOTONIC is one clock for all processes.
        return Sample(end - begin, tuple(float(text) - begin for text in self._stamp.read_text().split()))

    def import_times(self, suite: Path, *arguments: str) -> str:
        """Return what ``-X importtime`` says of our environment's Python with these arguments."""
        variables = {**self._environment, _STAMP: str(self._stamp)}
        return run([self.python("ours"), "-X", "importtime", *arguments], suite, variables, _RUN_TIMEOUT).stderr

    def in_ours(self, script: str, *arguments: str, timeout: float = _RUN_TIMEOUT) -> str:
        """Run a script of this folder in our environment; return what it printed."""
        return run([self.python("ours"), str(HERE / script), *arguments], self.work, self._environment, timeout).stdout

    def netns_mysql(self, *arguments: str) -> str:
        """Run our command line; return what it printed."""
        command = [self.python("ours"), "-m", "pytest_netns_mysql.cli", *arguments]
        return run(command, self.work, self._environment, _RUN_TIMEOUT).stdout

    def python(self, environment: str) -> str:
        """Return the Python of an environment, which is made now if it is not there."""
        folder = self.work / environment
        if environment not in self._made:
            _make_environment(folder, _ENVIRONMENTS[environment], self.progress)
            self._made.add(environment)
        return str(folder / "bin" / "python")


def _make_environment(folder: Path, wanted: Sequence[str], progress: Callable[[str], None]) -> None:
    """Make a virtual environment, unless it is there; our checkout is installed anew."""
    done = folder / "done"
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if not done.exists():
        progress(f"a virtual environment for {', '.join(wanted)}")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            venv.create(folder, symlinks=True, with_pip=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise UnableError(
                f"{sys.executable} -m venv fails; on Debian apt install python3-venv ({error})"
            ) from error
        run([*pip, *wanted], folder, clean_environment(), _INSTALL_TIMEOUT)
        done.touch()
    elif CHECKOUT in wanted:
        progress(f"{CHECKOUT} into the virtual environment {folder.name}")
        run([*pip, CHECKOUT], folder, clean_environment(), _INSTALL_TIMEOUT)  # what it newly requires
        run([*pip, "--force-reinstall", "--no-deps", CHECKOUT], folder, clean_environment(), _INSTALL_TIMEOUT)


def run(
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


def clean_environment() -> dict[str, str]:
    """Return the environment without what would steer Python, pytest, MySQL or this plugin, but for the server."""
    steering = ("PYTEST_", "PYTHON", "MYSQL_", "NETNS_", "VIRTUAL_ENV")
    kept = ("NETNS_MYSQLD", "NETNS_CACHE")
    return {key: value for key, value in os.environ.items() if key in kept or not key.startswith(steering)}
