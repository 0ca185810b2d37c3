"""A session that is started, observed at a stage, and ended in one way; and what is left of it."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.stress.census import Census
from tests.support.processes import is_alive
from tests.support.suites import source

_PATIENCE = 120.0  # seconds, for a session on a machine that does much else


@dataclass(frozen=True)
class Ending:
    """A way in which a session ends.

    Attributes:
        name: The name of the way.
        stage: The stage at which the session ends.
        act: What the session itself does at the stage; ``wait`` and ``go`` leave the end to signals.
        signals: The processes to send signals to, each with the signal and the seconds to wait before: ``main``,
            ``worker``, ``mysqld``, ``group``, ``parent`` or ``terminal``.
        where: The process that acts: ``main``, or ``gw0``.
    """

    name: str
    stage: str
    act: str
    signals: tuple[tuple[str, int, float], ...] = ()
    where: str = "main"


@dataclass
class Session:
    """A pytest run below a folder of its own.

    Attributes:
        folder: The folder.
        cache: The cache folder.
        ending: How the session ends.
        suite: The name of the inner suite in ``tests/suites/endings``.
        arguments: Further arguments of pytest.
        environment: Further variables.
        command: A command in place of pytest, which makes the file that CENSUS_MARK names.
        within: A command before the command, which becomes the command.
    """

    folder: Path
    cache: Path
    ending: Ending
    suite: str = "small"
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    within: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Write the suite."""
        self.census = Census(self.folder, self.cache, with_engine=any("docker" in word for word in self.arguments))
        self.project = self.folder / "project"
        self.project.mkdir()
        (self.project / "test_inner.py").write_text(source(f"endings/{self.suite}"))
        (self.project / "ending.py").write_text(source("endings/ending"))
        self.mark = self.folder / "mark"
        self.output = self.folder / "output"
        self.took = 0.0

    def run(self) -> list[str]:
        """Start the session, end it, and return what is left of it."""
        try:
            fault = self.end()
            if fault:
                return [fault]
            left, self.took = self.census.left_in_the_end()
            return left
        finally:  # nothing may stay for the sessions behind this one
            self.census.kill()

    def end(self) -> str:
        """Start the session and end it; return what went wrong, or ''."""
        process, terminal = self._start()
        try:
            self._wait_for_mark(process)
            if not self.mark.exists():
                return f"the session did not come to its stage: {self.census.left()[:3]}"
            self.census.observe(process.pid)
            for target, number, pause in self.ending.signals:
                self._pause(process, pause)
                if target == "terminal":
                    os.close(terminal)
                    terminal = -1
                else:
                    self.send(target, number, process.pid)
            return "" if self._await_end(process) else f"the session had not ended: {self.census.left()[:3]}"
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            if terminal >= 0:
                os.close(terminal)

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        pytest = [sys.executable, "-m", "pytest", "-p", "ending", "-p", "no:cacheprovider", *self.arguments]
        command = [*self.within, *(self.command or pytest)]
        # A session looks for the process that is to end by xdist's variables: those of the outer run would mislead it.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST_")}
        environment = {
            **inherited,
            **self.census.environment,
            **self.environment,
            "PYTHONPATH": os.pathsep.join([str(self.project), os.environ.get("PYTHONPATH", "")]),
            "CENSUS_STAGE": self.ending.stage,
            "CENSUS_ACT": self.ending.act,
            "CENSUS_MARK": str(self.mark),
            "CENSUS_WHERE": self.ending.where,
        }
        targets = {target for target, _, _ in self.ending.signals}
        if "parent" in targets:  # a shell that does not replace itself
            command = ["sh", "-c", '"$@"; exit $?', "sh", *command]
        terminal, output = pty.openpty() if "terminal" in targets else (-1, -1)
        with self.output.open("wb") as file:
            process = subprocess.Popen(
                command,
                cwd=self.project,
                env=environment,
                stdin=output if terminal >= 0 else subprocess.DEVNULL,
                stdout=output if terminal >= 0 else file,
                stderr=output if terminal >= 0 else file,
                start_new_session=True,
                preexec_fn=_take_terminal if terminal >= 0 else None,
            )
        if terminal >= 0:
            os.close(output)
        return process, terminal

    def _wait_for_mark(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self.mark.exists() and process.poll() is None and time.monotonic() < deadline:
            self.census.observe(process.pid)
            time.sleep(0.02)

    def _pause(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            self.census.observe(process.pid)
            if time.monotonic() >= deadline or process.poll() is not None:
                return
            time.sleep(0.01)

    def send(self, target: str, number: int, pid: int) -> None:
        """Send a signal to one of the session's processes, by its name."""
        with contextlib.suppress(ProcessLookupError):
            if target == "group":
                os.killpg(pid, number)
            elif target in ("main", "parent"):
                os.kill(pid, number)
            else:
                for found in self._found(target)[:1]:
                    os.kill(found, number)

    def _found(self, target: str) -> list[int]:
        if target == "worker":
            return [int(self.mark.read_text())]
        names = {pid: Path(f"/proc/{pid}/comm") for pid in self.census.pids if is_alive(pid)}
        return [pid for pid, path in names.items() if path.exists() and path.read_text().strip() == target]

    def _await_end(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + _PATIENCE
        while process.poll() is None:
            if time.monotonic() > deadline:
                return False
            self.census.observe(process.pid)
            time.sleep(0.02)
        return True


def _take_terminal() -> None:
    """Make the standard input the terminal of this process's new session."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
