"""What the contenders need: virtual environments, suites, and runs of whole processes with their times."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.programs import UnableError, clean_environment, run

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
PYTEST_MYSQL = "pytest-mysql==5.0.1"
STAMP = "BENCHMARK_STAMP"  # the environment variable with the path of the file that marks.py writes

_PLUGIN = "the plugin"  # in _ENVIRONMENTS: the checkout that is measured
_INSTALL_TIMEOUT = 600.0  # seconds, for one virtual environment
_RUN_TIMEOUT = 300.0  # seconds

# What each virtual environment has.
_ENVIRONMENTS: Mapping[str, Sequence[str]] = {
    "ours": [_PLUGIN],
    "theirs": [PYTEST_MYSQL],
    "floor": ["pytest"],
    "captures": [_PLUGIN, "python-pcapng"],
    "workers": [_PLUGIN, "pytest-xdist"],
    "containers": ["testcontainers[mysql]", "mysql-connector-python", "pytest"],
}


@dataclass(frozen=True)
class Sample:
    """One run of a whole process; all times are in seconds.

    Attributes:
        wall: From the start until the process is gone.
        cpu: User and system time of the process and of all its descendants.
        gone: From the start until all descendants are gone, too.
        begun: When each test's body began, since the start.
        ended: When the last body ended, since the start.
        cpu_marks: CPU seconds used when the first body began, when the last began, and when the last ended.
    """

    wall: float
    cpu: float
    gone: float
    begun: tuple[float, ...] = ()
    ended: float = 0.0
    cpu_marks: tuple[float, ...] = ()

    @property
    def one_more(self) -> float:
        """What one more test takes: from one body to the next, the mean of all after the first."""
        return (self.begun[-1] - self.begun[0]) / (len(self.begun) - 1)

    @property
    def one_more_cpu(self) -> float:
        """The CPU seconds of one more test."""
        return (self.cpu_marks[1] - self.cpu_marks[0]) / (len(self.begun) - 1)

    @property
    def end(self) -> float:
        """The time from the end of the last test's body until the process is gone."""
        return self.wall - self.ended

    @property
    def end_cpu(self) -> float:
        """The CPU seconds from the end of the last test's body on."""
        return self.cpu - self.cpu_marks[2]

    def __add__(self, other: Sample) -> Sample:
        """Return two runs, one after the other, as one."""
        return Sample(self.wall + other.wall, self.cpu + other.cpu, self.gone + other.gone)


class Workshop:
    """Environments and suites in one folder, made once, and the runs of them.

    Attributes:
        work: The folder.
        memory: A folder on a tmpfs.
        plugin: The checkout of the plugin that is measured.
        progress: Takes a line of text.
    """

    def __init__(self, work: Path, memory: Path, plugin: Path, *, progress: Callable[[str], None]) -> None:
        """Keep the folders. Raises UnableError for an old Python."""
        if sys.version_info < (3, 11):
            raise UnableError(f"{PYTEST_MYSQL} needs Python 3.11 or newer: run this with one")
        self.work = work
        self.memory = memory
        self.plugin = plugin
        self.progress = progress
        self.environment = clean_environment()
        self._made: set[str] = set()
        work.mkdir(parents=True, exist_ok=True)

    def suite(self, name: str, test: str, conftest: str = "", topology: str = "") -> Path:
        """Write a folder with one file of tests, and return it.

        Args:
            name: The name of the folder.
            test: The text of the file of tests.
            conftest: What is added to the conftest.py that all suites have.
            topology: The text of a topology; without one it is the default of the plugin.
        """
        folder = self.work / "suites" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "conftest.py").write_text((HERE / "marks.py").read_text() + "\n\n" + conftest)
        (folder / "test_it.py").write_text(test)
        if topology:
            (folder / "netns-topology.toml").write_text(topology)
        return folder

    def pytest(self, environment: str, suite: Path, *arguments: str, **variables: str) -> Sample:
        """Return the times of ``python -m pytest -q`` on a suite; raise UnableError if a test fails."""
        return self.timed([self.python(environment), "-m", "pytest", "-q", *arguments], suite, variables)

    def timed(self, command: Sequence[str], cwd: Path, variables: Mapping[str, str] | None = None) -> Sample:
        """Return the times of a program; one that notes moments of its own does so as ``marks.py``."""
        stamp, result = self.memory / "stamp", self.memory / "result"
        for file in (stamp, result):
            file.unlink(missing_ok=True)
        reaper = [sys.executable, "-I", "-S", str(HERE / "reaper.py"), str(result)]
        run([*reaper, *command], cwd, {**self.environment, STAMP: str(stamp), **(variables or {})}, _RUN_TIMEOUT)
        times = json.loads(result.read_text())
        begin = times["begin"]
        sample = Sample(times["end"] - begin, times["cpu"], times["gone"] - begin)
        if not stamp.exists():
            return sample
        begun, ended, cpu = ([float(text) for text in line.split()] for line in stamp.read_text().split("\n"))
        return Sample(
            sample.wall, sample.cpu, sample.gone, tuple(at - begin for at in begun), ended[0] - begin, tuple(cpu)
        )

    def import_times(self, suite: Path, *arguments: str) -> str:
        """Return what ``-X importtime`` prints of our environment's Python with these arguments."""
        variables = {**self.environment, STAMP: str(self.memory / "stamp")}
        return run([self.python("ours"), "-X", "importtime", *arguments], suite, variables, _RUN_TIMEOUT).stderr

    def netns_mysql(self, *arguments: str) -> str:
        """Run our command line, and return what it printed."""
        return run([self.program("netns-mysql"), *arguments], self.work, self.environment, _RUN_TIMEOUT).stdout

    def program(self, name: str) -> str:
        """Return the path of a program of our environment."""
        return str(Path(self.python("ours")).with_name(name))

    def python(self, environment: str) -> str:
        """Return the Python of an environment, which is made now if it is not there."""
        folder = self.work / environment
        if environment not in self._made:
            self._make_environment(folder, _ENVIRONMENTS[environment])
            self._made.add(environment)
        return str(folder / "bin" / "python")

    def _make_environment(self, folder: Path, wanted: Sequence[str]) -> None:
        """Make a virtual environment unless it is there; the plugin is installed anew."""
        done = folder / "done"
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]

        def install(*what: str) -> None:
            run([*pip, *what], folder, self.environment, _INSTALL_TIMEOUT)

        plugin = str(self.plugin)
        if not done.exists():
            self.progress(f"a virtual environment for {', '.join(wanted)}")
            shutil.rmtree(folder, ignore_errors=True)
            try:
                venv.create(folder, symlinks=True, with_pip=True)
            except (OSError, subprocess.CalledProcessError) as error:
                raise UnableError(
                    f"{sys.executable} -m venv fails; on Debian apt install python3-venv ({error})"
                ) from error
            install(*(plugin if each == _PLUGIN else each for each in wanted))
            done.touch()
        elif _PLUGIN in wanted:
            self.progress(f"{plugin} into the virtual environment {folder.name}")
            install(plugin)  # what it newly requires
            install("--force-reinstall", "--no-deps", plugin)


def tree_cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a running process and its descendants have used, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    seconds = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread or a child that has just ended
            seconds += sum(tree_cpu_seconds(int(child)) for child in (task / "children").read_text().split())
    return seconds
